using System.ComponentModel.DataAnnotations;
using System.ComponentModel.DataAnnotations.Schema;

namespace Engram.EntityFrameworkCore.Tests.Model;

public enum Mood
{
    Calm,
    Curious,
    Worried,
}

/// <summary>The entity that most tests use: one property of each kind that matters to an agent's memory.</summary>
public class Episode
{
    public int Id { get; set; }

    public required string Text { get; set; }

    [MaxLength(40)]
    public string? Author { get; set; }

    public DateTimeOffset HappenedAt { get; set; }

    public DateTime? SeenAt { get; set; }

    public float Confidence { get; set; }

    public decimal Cost { get; set; }

    public int Importance { get; set; }

    public long? Tokens { get; set; }

    public bool IsPinned { get; set; }

    public Mood Mood { get; set; }

    public Guid Key { get; set; }

    public TimeSpan? Duration { get; set; }

    public DateOnly Day { get; set; }

    [Column(TypeName = "vector(8)")]
    public required float[] Embedding { get; set; }

    public List<TouchedFile> Files { get; } = [];
}

public class TouchedFile
{
    public int Id { get; set; }

    public int EpisodeId { get; set; }

    public required string Path { get; set; }

    public int LineCount { get; set; }
}
