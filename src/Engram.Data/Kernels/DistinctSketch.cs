using System.Numerics;

namespace Engram.Data.Kernels;

/// <summary>How many different values there are, roughly, from their hashes: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier: HyperLogLog, 2007).</summary>
/// <remarks>
/// A hash picks one of <see cref="RegisterCount"/> registers by its upper bits and leaves there the longest run of zeros that the others began with, plus one. Few different
/// values leave registers empty, and their number tells more than the runs. Two sketches are joined by the greater of each register. The standard error is about
/// three percent; the hashes must be those of <see cref="Hashing"/>, which spread over all 64 bits.
/// </remarks>
internal static class DistinctSketch
{
    public const int RegisterCount = 1024;
    private const int IndexBits = 10;

    /// <summary>Counts one value.</summary>
    public static void Add(Span<byte> registers, ulong hash)
    {
        var index = (int)(hash >> (64 - IndexBits));
        // A bit at the end stops the run where the hash ends.
        var run = (byte)(BitOperations.LeadingZeroCount((hash << IndexBits) | (1UL << (IndexBits - 1))) + 1);
        if (run > registers[index])
        {
            registers[index] = run;
        }
    }

    /// <summary>Makes a sketch one of the values of both.</summary>
    public static void Merge(Span<byte> registers, ReadOnlySpan<byte> other)
    {
        for (var i = 0; i < RegisterCount; i++)
        {
            registers[i] = Math.Max(registers[i], other[i]);
        }
    }

    /// <summary>About how many different values were counted.</summary>
    public static double Estimate(ReadOnlySpan<byte> registers)
    {
        const double Bias = 0.7213 / (1 + (1.079 / RegisterCount));
        var (sum, empty) = (0.0, 0);
        foreach (var register in registers[..RegisterCount])
        {
            sum += 1.0 / (1UL << register);
            empty += register == 0 ? 1 : 0;
        }

        var estimate = Bias * RegisterCount * RegisterCount / sum;
        return estimate <= 2.5 * RegisterCount && empty > 0 ? RegisterCount * Math.Log((double)RegisterCount / empty) : estimate;
    }
}
