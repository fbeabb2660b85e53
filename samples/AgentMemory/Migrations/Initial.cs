using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace AgentMemory.Migrations;

[DbContext(typeof(MemoryContext))]
[Migration("20260101000000_Initial")]
public sealed class Initial : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
        => migrationBuilder.CreateTable(
            "Episodes",
            t => new
            {
                Id = t.Column<long>().Annotation("Engram:Identity", true),
                Text = t.Column<string>(),
                Time = t.Column<DateTimeOffset>(),
                Confidence = t.Column<float>(),
                Embedding = t.Column<float[]>("vector(768)"),
            },
            constraints: t => t.PrimaryKey("PK_Episodes", x => x.Id));

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable("Episodes");
}

/// <summary>The model that the newest migration leads to.</summary>
[DbContext(typeof(MemoryContext))]
public sealed class MemorySnapshot : ModelSnapshot
{
    protected override void BuildModel(ModelBuilder modelBuilder)
        => modelBuilder.Entity("AgentMemory.Episode", b =>
        {
            b.Property<long>("Id").ValueGeneratedOnAdd().HasColumnType("bigint");
            b.Property<float>("Confidence").HasColumnType("real");
            b.Property<float[]>("Embedding").IsRequired().HasColumnType("vector(768)");
            b.Property<string>("Text").IsRequired().HasColumnType("text");
            b.Property<DateTimeOffset>("Time").HasColumnType("timestamptz");
            b.HasKey("Id");
            b.ToTable("Episodes");
        });
}
