using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engram.Data.Kernels;

/// <summary>Whether all numbers of a vector are finite.</summary>
internal static class Finite
{
    /// <summary>All ones in the exponent: infinite or NaN.</summary>
    private const uint Exponent = 0x7F80_0000;

    public static bool All(ReadOnlySpan<float> values)
    {
        var bits = MemoryMarshal.Cast<float, uint>(values);
        var i = 0;
        if (bits.Length >= Vector<uint>.Count)
        {
            var found = Vector<uint>.Zero;
            var exponent = new Vector<uint>(Exponent);
            ref var first = ref MemoryMarshal.GetReference(bits);
            for (; i <= bits.Length - Vector<uint>.Count; i += Vector<uint>.Count)
            {
                found |= Vector.Equals(Vector.LoadUnsafe(ref Unsafe.Add(ref first, i)) & exponent, exponent);
            }

            if (found != Vector<uint>.Zero)
            {
                return false;
            }
        }

        for (; i < bits.Length; i++)
        {
            if ((bits[i] & Exponent) == Exponent)
            {
                return false;
            }
        }

        return true;
    }
}
