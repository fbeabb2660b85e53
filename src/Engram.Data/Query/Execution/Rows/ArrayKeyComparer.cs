using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>Arrays as keys: element by element, then the shorter first; a NULL element equals NULL and comes first.</summary>
internal sealed unsafe class ArrayKeyComparer(DataType element) : KeyComparer
{
    private readonly KeyComparer elements = For(element);
    private readonly ColumnBuffer left = new(element);
    private readonly ColumnBuffer right = new(element);

    public override void Hash(Column column, ReadOnlySpan<ushort> rows, Span<ulong> hashes, bool combine)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            var hash = Hash(column, rows[i]);
            hashes[i] = combine ? Kernels.Hashing.Combine(hashes[i], hash) : hash;
        }
    }

    public override ulong Hash(Column column, int row)
    {
        if (column.IsNull(row))
        {
            return Kernels.Hashing.NullHash;
        }

        ArrayValue.Unpack(column.Get<Bytes>(row), left);
        var hash = (ulong)left.Count;
        for (var i = 0; i < left.Count; i++)
        {
            hash = Kernels.Hashing.Combine(hash, elements.Hash(left.Column, i));
        }

        return hash;
    }

    public override bool Match(Column left, ReadOnlySpan<ushort> rows, Column right, Span<int> candidates)
    {
        var any = false;
        for (var i = 0; i < rows.Length; i++)
        {
            if (candidates[i] >= 0 && Compare(left, rows[i], right, candidates[i]) != 0)
            {
                candidates[i] = Mismatch;
                any = true;
            }
        }

        return any;
    }

    public override int Compare(Column left, int leftRow, Column right, int rightRow)
    {
        var (isNullLeft, isNullRight) = (left.IsNull(leftRow), right.IsNull(rightRow));
        return isNullLeft || isNullRight
            ? (isNullLeft ? 0 : 1) - (isNullRight ? 0 : 1)
            : Compare(left.Get<Bytes>(leftRow), right.Get<Bytes>(rightRow));
    }

    public override bool SetPrefixes(Column column, Span<SortEntry> entries, bool isDescending, bool nullsFirst, bool isWhole, CancellationToken cancellation)
    {
        foreach (ref var entry in entries)
        {
            entry.Prefix = 0;
        }

        return false;
    }

    public override void Dispose()
    {
        base.Dispose();
        left.Dispose();
        right.Dispose();
    }

    public int Compare(Bytes a, Bytes b)
    {
        ArrayValue.Unpack(a, left);
        ArrayValue.Unpack(b, right);
        var count = Math.Min(left.Count, right.Count);
        for (var i = 0; i < count; i++)
        {
            var order = elements.Compare(left.Column, i, right.Column, i);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Count - right.Count;
    }
}
