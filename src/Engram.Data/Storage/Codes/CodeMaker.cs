using System.Buffers;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Codes;

/// <summary>Makes the codes of one column, block by block. Used by one thread at a time.</summary>
internal sealed unsafe class CodeMaker : IDisposable
{
    private readonly Segment segment;
    private readonly int ordinal;
    private readonly int dimensions;
    private readonly Column view;
    private readonly ColumnBuffer scratch;

    public CodeMaker(Segment segment, ColumnId column, int dimensions)
    {
        this.segment = segment;
        this.dimensions = dimensions;
        ordinal = segment.TryFindColumn(column, out var found) ? found : throw Error.Internal($"{segment.Info.Name} has no column {column}");
        view = new Column(segment.TypeOf(ordinal));
        scratch = new ColumnBuffer(segment.TypeOf(ordinal), Batch.RowCountMax);
    }

    /// <summary>Encodes what a column shows. What a row has under NULL is not looked at.</summary>
    public static void Fill(Column vectors, CodeBlock target)
    {
        var isHalf = vectors.Type.Kind == TypeKind.HalfVector;
        var widened = isHalf ? ArrayPool<float>.Shared.Rent(target.Dimensions) : [];
        fixed (float* wide = widened)
        {
            Fill(vectors, target, wide);
        }

        if (isHalf)
        {
            ArrayPool<float>.Shared.Return(widened);
        }
    }

    /// <param name="wide">Scratch for float16 elements; null when they are of float32.</param>
    private static void Fill(Column vectors, CodeBlock target, float* wide)
    {
        var size = wide == null ? sizeof(float) : sizeof(Half);
        for (var row = 0; row < target.RowCount; row++)
        {
            if (vectors.IsNull(row))
            {
                Int8Codes.EncodeNull(target, row);
                continue;
            }

            var vector = vectors.Get<Bytes>(row);
            if (vector.Length != target.Dimensions * size)
            {
                throw Error.VectorDimensionsDiffer(vector.Length / size, target.Dimensions);
            }

            if (wide != null)
            {
                HalfFloats.Widen((ushort*)vector.Pointer, wide, target.Dimensions);
            }

            Int8Codes.Encode(wide == null ? (float*)vector.Pointer : wide, target, row);
        }
    }

    /// <summary>The vectors of a block, until the next is loaded.</summary>
    public Column Load(int block)
    {
        segment.Load(ordinal, block, null, view, scratch);
        return view;
    }

    /// <summary>Makes one block's codes at an address, in memory that is zero.</summary>
    public void Make(int block, byte* target) => Fill(Load(block), new CodeBlock(target, segment.RowsInBlock(block), dimensions));

    public void Dispose() => scratch.Dispose();
}
