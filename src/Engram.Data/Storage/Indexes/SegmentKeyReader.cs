using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
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
    // Of parts that are stored in a narrower type.
    private readonly (Column View, ColumnBuffer Scratch)?[] narrow;
    private readonly Selection one = new();
    private readonly KeyBuffer key = new();

    public SegmentKeyReader(Segment segment, KeyShape shape)
    {
        this.segment = segment;
        this.shape = shape;
        ordinals = new int[shape.Count];
        views = new Column[shape.Count];
        scratch = new ColumnBuffer?[shape.Count];
        narrow = new (Column, ColumnBuffer)?[shape.Count];
        for (var i = 0; i < ordinals.Length; i++)
        {
            views[i] = new Column(shape.TypeOf(i));
            var form = shape.FormOf(i);
            while (!segment.TryFindColumn(form.Id, out ordinals[i]) && form.Older is not null)
            {
                form = form.Older;
            }

            if (!segment.TryFindColumn(form.Id, out ordinals[i]))
            {
                ordinals[i] = -1;
                ShowMissing(i, form);
            }
            else if (!ReferenceEquals(form, shape.FormOf(i)))
            {
                narrow[i] = (new Column(form.Type), new ColumnBuffer(form.Type, Batch.RowCountMax));
            }
        }
    }

    /// <summary>The column is younger than the segment: all its rows have one value here.</summary>
    private void ShowMissing(int part, ColumnForm form)
    {
        var buffer = scratch[part] = new ColumnBuffer(shape.TypeOf(part), 1);
        if (form.Missing is { } missing)
        {
            Widening.Convert(missing.Column, 1, null, buffer, views[part]);
            return;
        }

        buffer.AppendNull();
        views[part].SetView(buffer.Column);
        views[part].IsConstant = true;
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
            if (narrow[i] is var (view, memory) && view is not null)
            {
                segment.Load(ordinals[i], block, needed, view, memory);
                Widening.Convert(view, segment.RowsInBlock(block), needed, scratch[i] ??= new ColumnBuffer(shape.TypeOf(i), Batch.RowCountMax), views[i]);
            }
            else if (ordinals[i] >= 0)
            {
                segment.Load(ordinals[i], block, needed, views[i], scratch[i] ??= new ColumnBuffer(segment.TypeOf(ordinals[i]), Batch.RowCountMax));
            }
        }
    }

    /// <summary>What <see cref="Load"/> loaded, a column for each of the key.</summary>
    public ReadOnlySpan<Column> Values => views;

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

        foreach (var part in narrow)
        {
            part?.Scratch.Dispose();
        }
    }
}
