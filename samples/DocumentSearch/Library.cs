using System.ComponentModel.DataAnnotations.Schema;
using Microsoft.EntityFrameworkCore;

namespace DocumentSearch;

/// <summary>A file of the folder, as it was when it was read.</summary>
public sealed class Document
{
    public int Id { get; set; }

    /// <summary>Relative to the folder, with slashes.</summary>
    public required string Path { get; set; }

    public DateTimeOffset Modified { get; set; }

    /// <summary>SHA-256 of the text: tells whether the file must be read again.</summary>
    public required byte[] Hash { get; set; }

    public List<Chunk> Chunks { get; } = [];
}

/// <summary>A piece of a document that is small enough to have one meaning.</summary>
public sealed class Chunk
{
    public long Id { get; set; }

    public int DocumentId { get; set; }

    public Document Document { get; set; } = null!;

    public required string Heading { get; set; }

    public required string Text { get; set; }

    [Column(TypeName = "vector(768)")]
    public required float[] Embedding { get; set; }
}

public sealed class Library(string path) : DbContext
{
    public DbSet<Document> Documents => Set<Document>();

    public DbSet<Chunk> Chunks => Set<Chunk>();

    protected override void OnConfiguring(DbContextOptionsBuilder options) => options.UseEngram($"Data Source={path}");

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<Document>().HasIndex(d => d.Path).IsUnique();
        // Changes no answer of a query that does not ask for it by WithApproximate.
        model.Entity<Chunk>().HasVectorIndex(c => c.Embedding, VectorMetric.Cosine);
    }
}
