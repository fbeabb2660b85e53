using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Migrations;

/// <summary>The model that the newest migration leads to; <c>Migrate</c> refuses to run when the classes have gone on without a migration.</summary>
[DbContext(typeof(Notebook))]
public sealed class NotebookSnapshot : ModelSnapshot
{
    protected override void BuildModel(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity("Migrations.Topic", b =>
        {
            b.Property<int>("Id").ValueGeneratedOnAdd().HasColumnType("integer");
            b.Property<string>("Name").IsRequired().HasColumnType("text");
            b.HasKey("Id");
            b.HasIndex("Name").IsUnique();
            b.ToTable("Topics");
        });
        modelBuilder.Entity("Migrations.Note", b =>
        {
            b.Property<long>("Id").ValueGeneratedOnAdd().HasColumnType("bigint");
            b.Property<float[]>("Embedding").HasColumnType("vector(3)");
            b.Property<string>("State").IsRequired().ValueGeneratedOnAdd().HasColumnType("text").HasDefaultValue("new");
            b.Property<string>("Title").IsRequired().HasColumnType("text");
            b.Property<int?>("TopicId").HasColumnType("integer");
            b.Property<double>("Weight").HasColumnType("double precision");
            b.HasKey("Id");
            b.HasIndex("Title");
            b.HasIndex("TopicId");
            b.HasOne("Migrations.Topic", "Topic").WithMany().HasForeignKey("TopicId");
            b.ToTable("Notes");
        });
    }
}
