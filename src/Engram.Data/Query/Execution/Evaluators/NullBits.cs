using System.Runtime.CompilerServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Null masks of results: one bit a row, set = NULL.</summary>
internal static unsafe class NullBits
{
    /// <summary>Makes every row of the target NULL that is NULL in the source. A constant source is not NULL, or the target is constant too.</summary>
    public static void Add(ColumnBuffer target, Column source)
    {
        if (source.Nulls == null || (source.IsConstant && !target.Column.IsConstant))
        {
            return;
        }

        var mask = target.Column.Nulls != null ? target.Column.Nulls : target.ClearNulls();
        if (target.Column.IsConstant)
        {
            mask[0] |= source.Nulls[0] & 1;
            return;
        }

        var words = Bits.WordCount(target.Count);
        Bits.Or(new Span<ulong>(mask, words), new ReadOnlySpan<ulong>(source.Nulls, words));
    }

    /// <summary>The mask of the target, made when it has none.</summary>
    public static ulong* Of(ColumnBuffer target) => target.Column.Nulls != null ? target.Column.Nulls : target.ClearNulls();

    public static void Set(ColumnBuffer target, int row) => Of(target)[row >> 6] |= 1UL << row;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSet(ulong* mask, int row) => (mask[row >> 6] >> row & 1) != 0;
}
