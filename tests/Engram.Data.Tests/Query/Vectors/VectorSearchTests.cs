using System.Runtime.Intrinsics.X86;
using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query.Vectors;

public sealed class VectorSearchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_search_is_that_of_a_scalar_loop(int part)
    {
        const int Trials = 18;
        const int Queries = 32;
        for (var trial = 0; trial < Trials; trial++)
        {
            Assert.Equal(Queries, VectorTrial.Run((part * 1000) + trial, Queries));
        }
    }

    /// <summary>A short one of what <c>simulation -- vector-chaos</c> does for long: as many commits and searches, however long they take.</summary>
    [Fact]
    public void Searches_beside_writers_and_compactions_find_what_their_snapshot_holds()
    {
        using var directory = new Storage.TemporaryDirectory();
        using var chaos = new VectorChaos(Path.Combine(directory.Path, "chaos.engram"), 1, 5000, 8);
        Assert.Null(chaos.Run(commits => commits < 20, searcherCount: 2, searchesMin: 15));
    }

    [Theory]
    [InlineData("DOTNET_EnableAVXVNNI=0")]
    [InlineData("DOTNET_EnableAVX512=0", "DOTNET_EnableAVXVNNI=0")]
    [InlineData("DOTNET_EnableAVX2=0")]
    [InlineData("DOTNET_EnableHWIntrinsic=0")]
    public void Every_instruction_set_finds_the_same_rows_at_the_same_distances(params string[] switches)
    {
        var expected = Nearest();
        var found = Nearest(switches);
        Assert.Equal(2 + (6 * 4 * 20), expected.Count);
        // The kernels against their oracles, at every length and address.
        Assert.Equal($"{130 * 16} pairs of vectors", found[1]);
        Assert.True(expected[0] != found[0] || !AvxVnni.IsSupported, $"the switches changed nothing: {found[0]}");
        Assert.Equal(expected[1..], found[1..]);
    }

    private static List<string> Nearest(params string[] switches)
    {
        using var process = new OtherProcess("nearest", "Data Source=nearest;Mode=Memory", switches);
        var lines = new List<string>();
        while (process.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }
}
