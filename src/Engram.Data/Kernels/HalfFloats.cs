using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engram.Data.Kernels;

/// <summary>float16 to float32, exactly, for finite elements.</summary>
internal static unsafe class HalfFloats
{
    /// <summary>2^112: what an exponent of float16 taken for one of float32 has too little.</summary>
    private const float Rebias = 5.192296858534828e33f;

    /// <remarks>Shifted into the places of a float32, sign apart, an element is right but for its exponent's bias; a multiplication by a power of two mends it, and that of
    /// subnormal elements too.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ushort* source, float* target, int n)
    {
        var i = 0;
        var (magnitude, sign, rebias) = (Vector256.Create(0x7FFFu), Vector256.Create(0x8000u), Vector256.Create(Rebias));
        for (; i <= n - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            var half = Vector128.Load(source + i);
            var wide = Vector256.Create(Vector128.WidenLower(half), Vector128.WidenUpper(half));
            var value = ((wide & magnitude) << 13).AsSingle() * rebias;
            (value.AsUInt32() | ((wide & sign) << 16)).AsSingle().Store(target + i);
        }

        for (; i < n; i++)
        {
            target[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
        }
    }

    /// <summary>Whether no element is NaN or infinite.</summary>
    public static bool AreFinite(ReadOnlySpan<Half> elements)
    {
        foreach (var element in elements)
        {
            if (!Half.IsFinite(element))
            {
                return false;
            }
        }

        return true;
    }
}
