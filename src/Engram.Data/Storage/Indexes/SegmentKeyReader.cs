using Engram.Data.Columns;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Indexes;

/// <summary>Keys of one segment's rows as the segment stores them. Used by one thread at a time.</summary>
internal sealed class SegmentKeyReader : IDisposable
{
    private readonly Segment segment;
    private readonly KeyShape shape;
    private readonly int[] ordinals;
    private readonly Column[] views;
    private readonly ColumnBuffer?[] scratch;
    private readonly Selection one = new();
    private readonly KeyBuffer key = new();

    public SegmentKeyReader(Segment segment, KeyShape shape)
    {
        this.segment = segment;
        this.shape = shape;
        ordinals = new int[shape.Count];
        views = new Column[shape.Count];
        scratch = new ColumnBuffer?[shape.Count];
        for (var i = 0; i < ordinals.Length; i++)
        {
            views[i] = new Column(shape.TypeOf(i));
            if (segment.TryFindColumn(shape.Columns[i], out ordinals[i]))
            {
                continue;
            }

            // The column is younger than the segment: all its keys are NULL here.
            ordinals[i] = -1;
            var missing = scratch[i] = new ColumnBuffer(shape.TypeOf(i), 1);
            missing.AppendNull();
            views[i].SetView(missing.Column);
            views[i].IsConstant = true;
        }
    }

    /// <summary>The key of one row, valid until the next call.</summary>
    public ReadOnlySpan<byte> Read(int position)
    {
        var row = position % Batch.RowCountMax;
        one.Count = 0;
        one.Add(row);
        Load(position / Batch.RowCountMax, one);
        return Encode(row);
    }

    /// <summary>Loads the key's columns of a block, for <see cref="Encode"/>.</summary>
    public void Load(int block, Selection? needed)
    {
        for (var i = 0; i < ordinals.Length; i++)
        {
            if (ordinals[i] >= 0)
            {
                segment.Load(ordinals[i], block, needed, views[i], scratch[i] ??= new ColumnBuffer(segment.TypeOf(ordinals[i]), Batch.RowCountMax));
            }
        }
    }

    public ReadOnlySpan<byte> Encode(int row)
    {
        shape.Encode(views, row, key);
        return key.Span;
    }

    public void Dispose()
    {
        foreach (var buffer in scratch)
        {
            buffer?.Dispose();
        }
    }
}
