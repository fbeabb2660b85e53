using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>A shortcut before a <see cref="KeyTable"/> whose only key is an integer out of a small range: an array from value to number.</summary>
/// <remarks>
/// It knows nothing of its own: numbers are learned from the table, which all keys are in, and a batch with a value that it has not learned, or with a NULL, is
/// looked up there as a whole. So it can be wrong about nothing, only useless; then it gives up. Most groupings are of this kind: topics, days, states.
/// </remarks>
internal sealed unsafe class DirectKeys
{
    // 64 KiB: small enough for the first-level caches to share, and for an array that no full collection is needed for.
    private const int RangeMax = 16 * 1024;
    private const int RowCountMin = 256;
    private const int FailureCountMax = 64;

    private readonly PhysicalType type;
    private int[]? numbers;
    private long first;
    private int failureCount;

    private DirectKeys(PhysicalType type) => this.type = type;

    /// <summary>Null for keys that it is of no use for.</summary>
    public static DirectKeys? TryCreate(ReadOnlySpan<DataType> types)
        => types.Length == 1 && types[0].Physical is PhysicalType.Int16 or PhysicalType.Int32 or PhysicalType.Int64 ? new DirectKeys(types[0].Physical) : null;

    /// <summary>Writes the numbers of a batch's keys; false, with anything written, when one of them is not known.</summary>
    public bool TryFind(Column key, int rowCount, Selection? selection, Span<int> found)
    {
        var count = selection?.Count ?? rowCount;
        if (numbers is null || key.Nulls != null || key.IsConstant || count < RowCountMin)
        {
            return false;
        }

        var rows = selection is null ? default : selection.Rows;
        found = found[..count];
        var isFound = type switch
        {
            PhysicalType.Int16 => Find(key.Pointer<short>(), rows, found),
            PhysicalType.Int32 => Find(key.Pointer<int>(), rows, found),
            _ => Find(key.Pointer<long>(), rows, found),
        };
        failureCount += isFound ? -failureCount : 1;
        return isFound;
    }

    /// <summary>Remembers the numbers that the table gave to the keys of a batch.</summary>
    public void Learn(Column key, int rowCount, Selection? selection, ReadOnlySpan<int> found)
    {
        var count = selection?.Count ?? rowCount;
        if (failureCount > FailureCountMax || key.Nulls != null || key.IsConstant || count < RowCountMin)
        {
            return;
        }

        var rows = selection is null ? default : selection.Rows;
        if (numbers is null && !TryChooseRange(key, rows, count))
        {
            failureCount = int.MaxValue;
            return;
        }

        for (var i = 0; i < count; i++)
        {
            var at = unchecked((ulong)(Value(key, rows.IsEmpty ? i : rows[i]) - first));
            if (at < (ulong)numbers!.Length)
            {
                // -1, not in the table, becomes 0, not known.
                numbers[at] = found[i] + 1;
            }
        }
    }

    public void Clear()
    {
        // The range stays: what comes next is most likely of the same kind.
        numbers?.AsSpan().Clear();
        failureCount = 0;
    }

    private bool Find<T>(T* values, ReadOnlySpan<ushort> rows, Span<int> found)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        var known = numbers.AsSpan();
        var start = first;
        for (var i = 0; i < found.Length; i++)
        {
            // Unsigned and unchecked: whatever is out of range, on either side, is a large number.
            var at = unchecked((ulong)(long.CreateTruncating(values[rows.IsEmpty ? i : rows[i]]) - start));
            var number = at < (ulong)known.Length ? known[(int)at] : 0;
            if (number == 0)
            {
                return false;
            }

            found[i] = number - 1;
        }

        return true;
    }

    /// <summary>From the first batch: its values lie in the middle of the range.</summary>
    private bool TryChooseRange(Column key, ReadOnlySpan<ushort> rows, int count)
    {
        var (least, greatest) = (long.MaxValue, long.MinValue);
        for (var i = 0; i < count; i++)
        {
            var value = Value(key, rows.IsEmpty ? i : rows[i]);
            least = Math.Min(least, value);
            greatest = Math.Max(greatest, value);
        }

        var range = unchecked((ulong)(greatest - least));
        if (range >= RangeMax)
        {
            return false;
        }

        var length = Math.Min(RangeMax, 2 * ((int)range + 1));
        numbers = new int[length];
        first = unchecked(least - ((length - ((int)range + 1)) / 2));
        return true;
    }

    private long Value(Column key, int row) => type switch
    {
        PhysicalType.Int16 => key.Pointer<short>()[row],
        PhysicalType.Int32 => key.Pointer<int>()[row],
        _ => key.Pointer<long>()[row],
    };
}
