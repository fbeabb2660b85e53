namespace Engram.EntityFrameworkCore.Tests.Model;

/// <summary>Arrays that are no embeddings, and a column with precision and a default.</summary>
public class Note
{
    public int Id { get; set; }

    public float[] Weights { get; set; } = [];

    public List<string> Tags { get; set; } = [];

    public decimal Price { get; set; }
}
