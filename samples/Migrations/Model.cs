using System.ComponentModel.DataAnnotations.Schema;
using Microsoft.EntityFrameworkCore;

namespace Migrations;

/// <summary>The model as it is today, in version 3 of the schema. What it was before lives on in the migrations only.</summary>
public sealed class Note
{
    public long Id { get; set; }

    public required string Title { get; set; }

    public double Weight { get; set; }

    public required string State { get; set; }

    [Column(TypeName = "vector(3)")]
    public float[]? Embedding { get; set; }

    public int? TopicId { get; set; }

    public Topic? Topic { get; set; }
}

public sealed class Topic
{
    public int Id { get; set; }

    public required string Name { get; set; }
}

public sealed class Notebook(string path) : DbContext
{
    public DbSet<Note> Notes => Set<Note>();

    public DbSet<Topic> Topics => Set<Topic>();

    protected override void OnConfiguring(DbContextOptionsBuilder options) => options.UseEngram($"Data Source={path}");

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<Note>().Property(n => n.State).HasDefaultValue("new");
        model.Entity<Note>().HasIndex(n => n.Title);
        model.Entity<Topic>().HasIndex(t => t.Name).IsUnique();
    }
}
