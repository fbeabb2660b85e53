using System.Runtime.InteropServices;

namespace Engram.Data.Kernels;

/// <summary>A query vector as int8 codes, with what bounds need to know of it. Owns its memory.</summary>
/// <remarks>Once for each query, not for each row: plain loops in float64, where nothing of a finite query overflows or vanishes.</remarks>
internal sealed unsafe class Int8Query : IDisposable
{
    private readonly bool hasElements;
    private byte* memory;

    /// <param name="hasElements">Whether its elements are wanted beside its codes.</param>
    /// <param name="hasRest">Whether codes of what its codes leave are wanted.</param>
    public Int8Query(ReadOnlySpan<float> query, bool hasElements = false, bool hasRest = false)
    {
        Dimensions = query.Length;
        this.hasElements = hasElements;
        // As long as a row of coarse codes says, which is no less than a row of codes.
        var stride = 2 * CodeBlock.CoarseStrideOf(query.Length);
        var size = ((hasElements ? 7 : 3) + (hasRest ? 1 : 0)) * stride;
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(size, 64), 64);
        NativeMemory.Clear(memory, (nuint)size);
        for (var i = 0; hasElements && i < query.Length; i++)
        {
            NegatedElements[i] = -query[i];
        }

        var greatest = 0.0;
        foreach (var element in query)
        {
            greatest = Math.Max(greatest, Math.Abs((double)element));
        }

        Scale = greatest / CodeBlock.Max;
        double residual = 0;
        double norm = 0;
        var bias = 0;
        long squares = 0;
        for (var i = 0; i < query.Length; i++)
        {
            var code = greatest == 0 ? 0 : Math.Clamp((int)Math.Round(query[i] / Scale), -CodeBlock.Max, CodeBlock.Max);
            Codes[i] = (sbyte)code;
            WideCodes[i] = (short)code;
            bias += code;
            squares += code * code;
            var difference = query[i] - (code * Scale);
            residual += difference * difference;
            norm += (double)query[i] * query[i];
        }

        Sum = bias;
        Bias = CodeBlock.Zero * bias;
        SquaredCodeNorm = Scale * Scale * squares;
        Norm = Math.Sqrt(norm);
        // Upwards, for the rounding of the sums and of a scale times a code.
        Residual = (Math.Sqrt(residual) * (1 + 1e-9)) + (1e-12 * Norm);
        if (hasRest)
        {
            EncodeRest(query);
        }
    }

    ~Int8Query() => Free();

    public int Dimensions { get; }

    /// <summary>Zeros from the last dimension to the stride, and to twice that of coarse codes.</summary>
    public sbyte* Codes => (sbyte*)memory;

    /// <summary>The same, of 16 bits.</summary>
    public short* WideCodes => (short*)(memory + (2 * CodeBlock.CoarseStrideOf(Dimensions)));

    /// <summary>Its elements times −1, then zeros as behind its codes; only where they were asked for.</summary>
    public float* NegatedElements => (float*)(memory + (6 * CodeBlock.CoarseStrideOf(Dimensions)));

    /// <summary>Codes of q − q̂, in multiples of <see cref="RestScale"/>; only where they were asked for.</summary>
    public sbyte* RestCodes => (sbyte*)memory + ((hasElements ? 7 : 3) * 2 * CodeBlock.CoarseStrideOf(Dimensions));

    public double RestScale { get; private set; }

    /// <summary>Σ of <see cref="RestCodes"/>.</summary>
    public int RestSum { get; private set; }

    /// <summary>The squared norm of what both codes together stand for.</summary>
    public double WholeSquaredCodeNorm { get; private set; }

    /// <summary>At least the distance of the query from that: about a 127th of <see cref="Residual"/>.</summary>
    public double WholeResidual { get; private set; }

    /// <summary>Σ of its codes.</summary>
    public int Sum { get; }

    /// <summary>What a sum of products with stored codes has too much, as these are 128 greater than what they stand for.</summary>
    public int Bias { get; }

    public double Scale { get; }

    /// <summary>‖q̂‖².</summary>
    public double SquaredCodeNorm { get; }

    /// <summary>At least ‖q − q̂‖.</summary>
    public double Residual { get; }

    /// <summary>‖q‖ but for rounding.</summary>
    public double Norm { get; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Encodes once more what rounding took away.</summary>
    private void EncodeRest(ReadOnlySpan<float> query)
    {
        var greatest = 0.0;
        for (var i = 0; i < query.Length; i++)
        {
            greatest = Math.Max(greatest, Math.Abs(query[i] - (Codes[i] * Scale)));
        }

        RestScale = greatest / CodeBlock.Max;
        double residual = 0;
        double squares = 0;
        for (var i = 0; i < query.Length; i++)
        {
            var first = Codes[i] * Scale;
            var code = greatest == 0 ? 0 : Math.Clamp((int)Math.Round((query[i] - first) / RestScale), -CodeBlock.Max, CodeBlock.Max);
            RestCodes[i] = (sbyte)code;
            RestSum += code;
            var whole = first + (code * RestScale);
            squares += whole * whole;
            residual += (query[i] - whole) * (query[i] - whole);
        }

        WholeSquaredCodeNorm = squares;
        WholeResidual = (Math.Sqrt(residual) * (1 + 1e-9)) + (1e-12 * Norm);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
    }
}
