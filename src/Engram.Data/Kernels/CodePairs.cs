using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.Kernels;

/// <summary>Products of two rows of stored codes: integers, the same on every instruction set.</summary>
/// <remarks>Rows are padded to whole pieces of 32 codes with <see cref="CodeBlock.Zero"/>, so that no loop has a tail. At most 16,000 dimensions fit 32 bits.</remarks>
internal static unsafe class CodePairs
{
    /// <summary>Σ (a − 128) · (b − 128).</summary>
    /// <param name="sumOfB">Σ (b − 128), as <see cref="Sum"/> gives it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* a, byte* b, int stride, int sumOfB)
        => AvxVnni.IsSupported ? DotVnni(a, b, stride) - (CodeBlock.Zero * sumOfB) : Avx2.IsSupported ? Dot256(a, b, stride) : Scalar(a, b, stride);

    /// <summary>Asks for a row ahead of its use, from memory that is read here and there; a hint that changes nothing else.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address, int length)
    {
        if (Sse.IsSupported)
        {
            for (var i = 0; i < length; i += 64)
            {
                Sse.Prefetch0((byte*)address + i);
            }
        }
    }

    /// <summary>Turns codes with sign into codes as they are stored.</summary>
    /// <param name="length">A multiple of 32.</param>
    public static void Store(sbyte* codes, byte* target, int length)
    {
        var flip = Vector256.Create(CodeBlock.Zero);
        for (var i = 0; i < length; i += Int8Dot.PieceLength)
        {
            (Vector256.Load((byte*)codes + i) ^ flip).Store(target + i);
        }
    }

    /// <summary>Σ (code − 128) of a row.</summary>
    public static int Sum(byte* codes, int stride)
    {
        var sum = 0;
        for (var i = 0; i < stride; i++)
        {
            sum += codes[i];
        }

        return sum - (CodeBlock.Zero * stride);
    }

    /// <summary>The oracle, and what runs without AVX2.</summary>
    public static int Scalar(byte* a, byte* b, int stride)
    {
        var sum = 0;
        for (var i = 0; i < stride; i++)
        {
            sum += (a[i] - CodeBlock.Zero) * (b[i] - CodeBlock.Zero);
        }

        return sum;
    }

    /// <summary>Σ a · (b − 128): the instruction wants one side without a sign and the other with one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int DotVnni(byte* a, byte* b, int stride)
    {
        var flip = Vector256.Create(CodeBlock.Zero);
        var (first, second) = (Vector256<int>.Zero, Vector256<int>.Zero);
        var (third, fourth) = (Vector256<int>.Zero, Vector256<int>.Zero);
        var i = 0;
        for (; i + 128 <= stride; i += 128)
        {
            first = AvxVnni.MultiplyWideningAndAdd(first, Vector256.Load(a + i), (Vector256.Load(b + i) ^ flip).AsSByte());
            second = AvxVnni.MultiplyWideningAndAdd(second, Vector256.Load(a + i + 32), (Vector256.Load(b + i + 32) ^ flip).AsSByte());
            third = AvxVnni.MultiplyWideningAndAdd(third, Vector256.Load(a + i + 64), (Vector256.Load(b + i + 64) ^ flip).AsSByte());
            fourth = AvxVnni.MultiplyWideningAndAdd(fourth, Vector256.Load(a + i + 96), (Vector256.Load(b + i + 96) ^ flip).AsSByte());
        }

        for (; i < stride; i += 32)
        {
            first = AvxVnni.MultiplyWideningAndAdd(first, Vector256.Load(a + i), (Vector256.Load(b + i) ^ flip).AsSByte());
        }

        return Vector256.Sum(first + second + (third + fourth));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Dot256(byte* a, byte* b, int stride)
    {
        var zero = Vector256.Create((short)CodeBlock.Zero);
        var sum = Vector256<int>.Zero;
        for (var i = 0; i < stride; i += 16)
        {
            var left = Avx2.ConvertToVector256Int16(Vector128.Load(a + i)) - zero;
            var right = Avx2.ConvertToVector256Int16(Vector128.Load(b + i)) - zero;
            sum += Avx2.MultiplyAddAdjacent(left, right);
        }

        return Vector256.Sum(sum);
    }
}
