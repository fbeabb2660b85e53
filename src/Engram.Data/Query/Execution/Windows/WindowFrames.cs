using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Execution.Windows;

/// <summary>Which rows the frame of each row has: from Starts[i] up to, but not including, Ends[i], without what EXCLUDE leaves out.</summary>
/// <remarks>
/// Both ends never move back from one row to the next, so ends by RANGE are found by walking along, in time linear in the rows. Rows whose key is NULL are near only to each other: at an end
/// that is given by a distance their frame is that of their peers.
/// </remarks>
internal sealed class WindowFrames(WindowFrame frame, SortKey? key)
{
    private object? startDistance;
    private object? endDistance;
    private WindowPartition partition = null!;

    public int[] Starts { get; private set; } = [];

    public int[] Ends { get; private set; } = [];

    public bool HasExclusion => frame.Exclusion != FrameExclusion.NoOthers;

    /// <summary>Evaluates the distances, once for the statement.</summary>
    public void Begin(StatementContext context)
    {
        startDistance = Read(frame.StartDistance, context);
        endDistance = Read(frame.EndDistance, context);
    }

    /// <summary>Finds the frames of a partition's rows.</summary>
    /// <param name="of">The partition.</param>
    /// <param name="keys">The column of the one key of ORDER BY, for RANGE with a distance.</param>
    public void Compute(WindowPartition of, Column? keys)
    {
        partition = of;
        if (Starts.Length < of.Count)
        {
            var length = Math.Max(of.Count, Starts.Length * 2);
            (Starts, Ends) = (new int[length], new int[length]);
        }

        ComputeEnds(frame.Start, startDistance, keys, Starts, isEnd: false);
        ComputeEnds(frame.End, endDistance, keys, Ends, isEnd: true);
        for (var i = 0; i < of.Count; i++)
        {
            Ends[i] = Math.Max(Ends[i], Starts[i]);
        }
    }

    /// <summary>The parts of a row's frame that are left when what EXCLUDE names is taken out; none is empty.</summary>
    public FrameParts Parts(int row)
    {
        var (start, end) = (Starts[row], Ends[row]);
        var parts = default(FrameParts);
        if (frame.Exclusion == FrameExclusion.NoOthers)
        {
            parts.Add(start, end);
            return parts;
        }

        var (from, to) = frame.Exclusion == FrameExclusion.CurrentRow ? (row, row + 1) : (partition.PeerStarts[row], partition.PeerEnds[row]);
        parts.Add(start, Math.Min(end, from));
        if (frame.Exclusion == FrameExclusion.Ties)
        {
            parts.Add(Math.Max(start, row), Math.Min(end, row + 1));
        }

        parts.Add(Math.Max(start, to), end);
        return parts;
    }

    private static object? Read(BoundExpression? distance, StatementContext context)
    {
        if (distance is null)
        {
            return null;
        }

        using var evaluator = EvaluatorFactory.Create(distance, context);
        var value = ClrValue.Read(evaluator.Evaluate(new Batch(0) { RowCount = 1 }, null), 0) ?? throw Error.FrameDistanceIsNull();
        var isNegative = value switch
        {
            long v => v < 0,
            decimal v => v < 0,
            double v => v < 0 || double.IsNaN(v),
            TimeSpan v => v < TimeSpan.Zero,
            _ => throw Error.Internal($"a frame's distance of type {value.GetType().Name}"),
        };
        return isNegative ? throw Error.FrameDistanceIsNegative() : value;
    }

    private void ComputeEnds(FrameBoundKind kind, object? distance, Column? keys, int[] ends, bool isEnd)
    {
        var count = partition.Count;
        switch (kind)
        {
            case FrameBoundKind.UnboundedPreceding:
                ends.AsSpan(0, count).Clear();
                return;
            case FrameBoundKind.UnboundedFollowing:
                ends.AsSpan(0, count).Fill(count);
                return;
            case FrameBoundKind.CurrentRow when frame.Unit == FrameUnit.Rows:
                for (var i = 0; i < count; i++)
                {
                    ends[i] = isEnd ? i + 1 : i;
                }

                return;
            case FrameBoundKind.CurrentRow:
                (isEnd ? partition.PeerEnds : partition.PeerStarts).AsSpan(0, count).CopyTo(ends);
                return;
        }

        var isPreceding = kind == FrameBoundKind.Preceding;
        switch (frame.Unit)
        {
            case FrameUnit.Rows:
                var rows = isPreceding ? -Math.Min((long)distance!, count) : Math.Min((long)distance!, count);
                for (var i = 0; i < count; i++)
                {
                    ends[i] = (int)Math.Clamp(i + rows + (isEnd ? 1 : 0), 0, count);
                }

                break;
            case FrameUnit.Groups:
                ComputeGroupEnds(isPreceding ? -Math.Min((long)distance!, count) : Math.Min((long)distance!, count), ends, isEnd);
                break;
            default:
                ComputeRangeEnds(distance!, keys!, isPreceding, ends, isEnd);
                break;
        }
    }

    private void ComputeGroupEnds(long groups, int[] ends, bool isEnd)
    {
        var starts = partition.GroupStarts;
        for (var i = 0; i < partition.Count; i++)
        {
            // The end of a group is the start of the next one.
            var group = partition.PeerGroups[i] + groups + (isEnd ? 1 : 0);
            ends[i] = group <= 0 ? 0 : group >= starts.Count ? partition.Count : starts[(int)group];
        }
    }

    private void ComputeRangeEnds(object distance, Column keys, bool isPreceding, int[] ends, bool isEnd)
    {
        var rows = partition.Rows;
        switch (distance)
        {
            case double d:
                Walk(Keys(rows, keys, r => keys.Type.Kind == TypeKind.Single ? keys.Get<float>(r) : keys.Get<double>(r)), d, keys, isPreceding, ends, isEnd);
                break;
            case decimal d:
                Walk(Keys(rows, keys, keys.Get<decimal>), d, keys, isPreceding, ends, isEnd);
                break;
            default:
                var units = distance is TimeSpan t ? (Int128)t.Ticks : (long)distance;
                Walk(Keys(rows, keys, r => Whole(keys, r)), units, keys, isPreceding, ends, isEnd);
                break;
        }
    }

    private static Int128 Whole(Column keys, int row) => keys.Type.Kind switch
    {
        TypeKind.Int8 => keys.Get<sbyte>(row),
        TypeKind.UInt8 => keys.Get<byte>(row),
        TypeKind.Int16 => keys.Get<short>(row),
        TypeKind.UInt16 => keys.Get<ushort>(row),
        TypeKind.Int32 => keys.Get<int>(row),
        TypeKind.UInt32 => keys.Get<uint>(row),
        TypeKind.UInt64 => keys.Get<ulong>(row),
        TypeKind.Date => (Int128)keys.Get<int>(row) * TimeSpan.TicksPerDay,
        _ => keys.Get<long>(row),
    };

    private static T[] Keys<T>(ReadOnlySpan<int> rows, Column keys, Func<int, T> read)
    {
        var values = new T[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            values[i] = keys.IsNull(rows[i]) ? default! : read(rows[i]);
        }

        return values;
    }

    private void Walk<T>(T[] values, T distance, Column keys, bool isPreceding, int[] ends, bool isEnd)
        where T : INumber<T>
    {
        var rows = partition.Rows;
        var (first, last) = (0, rows.Length);
        while (first < last && keys.IsNull(rows[first]))
        {
            first++;
        }

        while (last > first && keys.IsNull(rows[last - 1]))
        {
            last--;
        }

        var isDescending = key!.IsDescending;
        var at = first;
        for (var i = 0; i < rows.Length; i++)
        {
            if (i < first || i >= last)
            {
                ends[i] = isEnd ? partition.PeerEnds[i] : partition.PeerStarts[i];
                continue;
            }

            var bound = Shift(values[i], distance, isPreceding != isDescending);
            while (at < last)
            {
                var order = Compare(values[at], bound);
                order = isDescending ? -order : order;
                if (isEnd ? order > 0 : order >= 0)
                {
                    break;
                }

                at++;
            }

            ends[i] = at;
        }
    }

    private static T Shift<T>(T value, T distance, bool isDown)
        where T : INumber<T>
    {
        if (value is double d && double.IsInfinity(d))
        {
            return value;
        }

        try
        {
            return isDown ? value - distance : value + distance;
        }
        catch (OverflowException)
        {
            // Beyond all decimals.
            return T.CreateSaturating(isDown ? decimal.MinValue : decimal.MaxValue);
        }
    }

    /// <summary>NaN is the greatest number, as in ORDER BY.</summary>
    private static int Compare<T>(T a, T b)
        where T : INumber<T>
        => T.IsNaN(a) || T.IsNaN(b) ? (T.IsNaN(a) ? 1 : 0) - (T.IsNaN(b) ? 1 : 0) : a.CompareTo(b);
}

/// <summary>Up to three parts of a frame.</summary>
internal struct FrameParts
{
    private (int Start, int End) first;
    private (int Start, int End) second;
    private (int Start, int End) third;

    public int Count { get; private set; }

    public readonly (int Start, int End) this[int index] => index == 0 ? first : index == 1 ? second : third;

    /// <summary>Adds a part, unless it is empty.</summary>
    public void Add(int start, int end)
    {
        if (start >= end)
        {
            return;
        }

        switch (Count++)
        {
            case 0: first = (start, end); break;
            case 1: second = (start, end); break;
            default: third = (start, end); break;
        }
    }
}
