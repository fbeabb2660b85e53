using System.ComponentModel.DataAnnotations.Schema;
using Microsoft.EntityFrameworkCore;

namespace AgentMemory;

/// <summary>Something that an agent was told, did or concluded.</summary>
public sealed class Episode
{
    public long Id { get; set; }

    public required string Text { get; set; }

    public DateTimeOffset Time { get; set; }

    /// <summary>0 to 1.</summary>
    public float Confidence { get; set; }

    [Column(TypeName = "vector(768)")]
    public required float[] Embedding { get; set; }
}

/// <summary>Made by a pool (see Program.cs), so it has no state of its own.</summary>
public sealed class MemoryContext(DbContextOptions<MemoryContext> options) : DbContext(options)
{
    public DbSet<Episode> Episodes => Set<Episode>();
}
