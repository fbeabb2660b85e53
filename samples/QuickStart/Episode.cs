using System.ComponentModel.DataAnnotations.Schema;
using Microsoft.EntityFrameworkCore;

namespace QuickStart;

/// <summary>One thing that happened: who, when, what, how sure we are that it is worth remembering, and where its meaning lies.</summary>
public sealed class Episode
{
    public long Id { get; set; }

    /// <summary>What the source calls it: the hash of a commit, or file and heading of a note.</summary>
    public required string Key { get; set; }

    public required string Author { get; set; }

    /// <summary>Kept with its offset, compared by instant.</summary>
    public DateTimeOffset Time { get; set; }

    public required string Message { get; set; }

    /// <summary>The files it touched, one a line.</summary>
    public required string Files { get; set; }

    /// <summary>0 to 1.</summary>
    public float Confidence { get; set; }

    /// <summary>The type name makes this column a vector; without it a float[] is a list of numbers.</summary>
    [Column(TypeName = "vector(768)")]
    public required float[] Embedding { get; set; }
}

public sealed class Memory(string connectionString) : DbContext
{
    public DbSet<Episode> Episodes => Set<Episode>();

    protected override void OnConfiguring(DbContextOptionsBuilder options) => options.UseEngram(connectionString);

    protected override void OnModelCreating(ModelBuilder model) => model.Entity<Episode>().HasIndex(e => e.Key).IsUnique();
}
