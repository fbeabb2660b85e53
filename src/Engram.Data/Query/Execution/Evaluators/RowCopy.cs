using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Copies values between columns in bulk. What values of variable length point to stays where it is, unless the copy says otherwise.</summary>
internal static unsafe class RowCopy
{
    /// <summary>Copies the rows to the same places of the target, which has that many rows; pointers stay pointers.</summary>
    public static void Scatter(Column source, Selection? rows, ColumnBuffer target)
    {
        switch (target.Type.PhysicalSize)
        {
            case 1: Scatter<byte>(source, rows, target); break;
            case 2: Scatter<ushort>(source, rows, target); break;
            case 4: Scatter<uint>(source, rows, target); break;
            case 8: Scatter<ulong>(source, rows, target); break;
            default: Scatter<Guid>(source, rows, target); break;
        }

        var count = rows?.Count ?? target.Count;
        if (target.Type.HasOffsets)
        {
            for (var i = 0; i < count; i++)
            {
                var row = rows?.Rows[i] ?? i;
                target.Column.Offsets[row] = source.GetOffset(row);
            }
        }

        if (source.Nulls != null)
        {
            for (var i = 0; i < count; i++)
            {
                var row = rows?.Rows[i] ?? i;
                if (source.IsNull(row))
                {
                    NullBits.Set(target, row);
                }
            }
        }
    }

    /// <summary>Appends the batch's rows that count, with what they point to.</summary>
    public static void Append(ColumnBuffer target, Column source, Batch batch)
    {
        var count = batch.SelectedCount;
        target.Reserve(count);
        if (target.Type.IsByReference || target.Type.HasOffsets || source.Nulls != null)
        {
            for (var i = 0; i < count; i++)
            {
                target.AppendFrom(source, batch.RowAt(i));
            }

            return;
        }

        switch (target.Type.PhysicalSize)
        {
            case 1: Append<byte>(target, source, batch.Selection, count); break;
            case 2: Append<ushort>(target, source, batch.Selection, count); break;
            case 4: Append<uint>(target, source, batch.Selection, count); break;
            case 8: Append<ulong>(target, source, batch.Selection, count); break;
            default: Append<Guid>(target, source, batch.Selection, count); break;
        }

        target.SetCount(target.Count + count);
    }

    /// <summary>Fills the target with the given rows of the source, in that order; −1 gives NULL. Pointers stay pointers.</summary>
    public static void Gather(ColumnBuffer target, Column source, ReadOnlySpan<int> rows)
    {
        target.Clear();
        target.Reserve(rows.Length);
        target.SetCount(rows.Length);
        switch (target.Type.PhysicalSize)
        {
            case 1: Gather<byte>(target, source, rows); break;
            case 2: Gather<ushort>(target, source, rows); break;
            case 4: Gather<uint>(target, source, rows); break;
            case 8: Gather<ulong>(target, source, rows); break;
            default: Gather<Guid>(target, source, rows); break;
        }

        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            if (row < 0 || source.IsNull(row))
            {
                NullBits.Set(target, i);
            }

            if (target.Type.HasOffsets)
            {
                target.Column.Offsets[i] = row < 0 ? (short)0 : source.GetOffset(row);
            }
        }
    }

    private static void Scatter<T>(Column source, Selection? rows, ColumnBuffer target)
        where T : unmanaged
    {
        var to = target.Column.Pointer<T>();
        if (rows is null)
        {
            for (var i = 0; i < target.Count; i++)
            {
                to[i] = source.Get<T>(i);
            }

            return;
        }

        foreach (var row in rows.Rows)
        {
            to[row] = source.Get<T>(row);
        }
    }

    private static void Append<T>(ColumnBuffer target, Column source, Selection? selection, int count)
        where T : unmanaged
    {
        var to = target.Column.Pointer<T>() + target.Count;
        if (selection is null && !source.IsConstant)
        {
            source.Values<T>(count).CopyTo(new Span<T>(to, count));
            return;
        }

        for (var i = 0; i < count; i++)
        {
            to[i] = source.Get<T>(selection is null ? i : selection.Rows[i]);
        }
    }

    private static void Gather<T>(ColumnBuffer target, Column source, ReadOnlySpan<int> rows)
        where T : unmanaged
    {
        var to = target.Column.Pointer<T>();
        for (var i = 0; i < rows.Length; i++)
        {
            to[i] = rows[i] < 0 ? default : source.Get<T>(rows[i]);
        }
    }
}
