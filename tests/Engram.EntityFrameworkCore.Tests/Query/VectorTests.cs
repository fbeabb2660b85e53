using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Query;

/// <summary>Embeddings as arrays and as memory, on either side of a function, present and absent.</summary>
public sealed class VectorTests : IDisposable
{
    private readonly LedgerDatabase database = new();

    public VectorTests()
    {
        using var context = database.CreateContext();
        context.AddRange(
            new Sample { String = "x", Memory = new float[] { 1, 0, 0 }, Vector = [1, 0, 0] },
            new Sample { String = "y", Memory = new float[] { 0, 2, 0 }, Vector = [0, 2, 0] },
            new Sample { String = "zero", Memory = new float[3], Vector = [0, 0, 0] },
            new Sample { String = "none", Memory = new float[] { 0, 0, 5 }, Vector = null });
        context.SaveChanges();
    }

    public void Dispose() => database.Dispose();

    [Fact]
    public void Memory_and_arrays_meet_on_either_side()
    {
        using var context = database.CreateContext();
        ReadOnlyMemory<float> memory = new float[] { 0, 1, 0 };
        float[] array = [0, 1, 0];
        Assert.Equal("y", context.Samples.OrderBy(s => EF.Functions.CosineDistance(s.Memory, memory)).Select(s => s.String).First());
        Assert.Equal("y", context.Samples.OrderBy(s => EF.Functions.CosineDistance(s.Memory, array)).Select(s => s.String).First());
        Assert.Equal("y", context.Samples.Where(s => s.Vector != null).OrderBy(s => EF.Functions.CosineDistance(s.Vector!, memory)).Select(s => s.String).First());
        Assert.Equal("y", context.Samples.Where(s => s.Vector != null).OrderBy(s => EF.Functions.CosineDistance(array, s.Vector!)).Select(s => s.String).First());
        Assert.Equal(3, context.Samples.Count(s => EF.Functions.L2Distance(s.Vector!, s.Memory) == 0));
    }

    [Fact]
    public void A_column_is_never_cast()
    {
        using var context = database.CreateContext();
        ReadOnlyMemory<float> memory = new float[] { 0, 1, 0 };
        Assert.Contains(
            "ORDER BY \"s\".\"Vector\" <=> @memory", context.Samples.OrderBy(s => EF.Functions.CosineDistance(s.Vector!, memory)).ToQueryString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_function_gives_its_score()
    {
        using var context = database.CreateContext();
        float[] question = [0.6f, 0.8f, 0];
        var scores = context.Samples.Where(s => s.Vector != null).OrderBy(s => s.String).Select(s => new
        {
            s.String,
            Distance = EF.Functions.CosineDistance(s.Vector!, question),
            Similarity = EF.Functions.CosineSimilarity(s.Vector!, question),
            L2 = EF.Functions.L2Distance(s.Vector!, question),
            Product = EF.Functions.InnerProduct(s.Vector!, question),
        }).ToList();
        Assert.Equal(["x", "y", "zero"], scores.Select(s => s.String));
        Assert.Equal([0.4, 0.2, 1], scores.Select(s => Math.Round(s.Distance, 6)));
        Assert.Equal([0.6, 0.8, 0], scores.Select(s => Math.Round(s.Similarity, 6)));
        Assert.Equal([0.894427, 1.341641, 1], scores.Select(s => Math.Round(s.L2, 6)));
        Assert.Equal([0.6, 1.6, 0], scores.Select(s => Math.Round(s.Product, 6)));
    }

    [Fact]
    public void An_absent_embedding_comes_last_in_any_order()
    {
        using var context = database.CreateContext();
        float[] question = [1, 1, 0];
        var order = context.Samples.OrderByDescending(s => EF.Functions.CosineSimilarity(s.Vector!, question)).ThenBy(s => s.String).Select(s => s.String).ToList();
        Assert.Equal(["x", "y", "zero", "none"], order);
        order = context.Samples.OrderBy(s => EF.Functions.CosineDistance(s.Vector!, question)).ThenBy(s => s.String).Select(s => s.String).Take(9).ToList();
        Assert.Equal(["x", "y", "zero", "none"], order);
        order = context.Samples.OrderBy(s => EF.Functions.CosineSimilarity(s.Vector!, question)).ThenBy(s => s.String).Select(s => s.String).ToList();
        Assert.Equal(["zero", "x", "y", "none"], order);
        Assert.Null(context.Samples.Where(s => s.String == "none").Select(s => (double?)EF.Functions.CosineDistance(s.Vector!, question)).Single());
    }

    [Fact]
    public void A_question_of_other_dimensions_is_refused()
    {
        using var context = database.CreateContext();
        float[] question = [1, 2];
        var exception = Assert.Throws<Engram.Data.EngramException>(
            () => context.Samples.OrderBy(s => EF.Functions.CosineDistance(s.Memory, question)).Take(1).ToList());
        Assert.Contains("dimensions", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_functions_are_the_databases()
        => Assert.Throws<InvalidOperationException>(() => EF.Functions.CosineDistance(new float[1], new float[1]));
}
