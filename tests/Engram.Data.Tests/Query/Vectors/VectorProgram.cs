using System.Diagnostics;
using System.Globalization;

namespace Engram.Data.Tests.Query.Vectors;

/// <summary>Long runs: searches compared with a scalar loop, until there were enough or one is wrong.</summary>
public static class VectorProgram
{
    private const int QueriesPerTrial = 48;

    /// <summary>Compares at least so many searches, and writes a tally, or what is wrong with the seed that shows it.</summary>
    /// <param name="seed">Of the first database; each next one has the next.</param>
    /// <returns>0 when nothing is wrong.</returns>
    public static int Run(int queryCount, int seed, TextWriter output)
    {
        var clock = Stopwatch.StartNew();
        var (compared, databases) = (0, 0);
        for (; compared < queryCount; databases++, seed++)
        {
            try
            {
                compared += VectorTrial.Run(seed, QueriesPerTrial);
            }
            catch (InvalidOperationException e)
            {
                output.WriteLine(e.Message);
                return 1;
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{compared} searches of {databases} databases in {clock.Elapsed.TotalSeconds:0} s: ids, order and distances, to the last bit, were those of a scalar loop."));
        return 0;
    }
}
