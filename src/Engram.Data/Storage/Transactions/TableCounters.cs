using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Transactions;

/// <summary>The next row id and the next identity numbers of one table. Only grow; not rolled back.</summary>
/// <remarks>Thread-safe: loads take numbers beside the holder of the write lock. <see cref="ChangedAt"/> is the holder's alone.</remarks>
internal sealed class TableCounters
{
    private readonly Lock gate = new();
    private readonly Dictionary<ColumnId, long> identities = [];
    private long rowIdNext = 1;

    public long RowIdNext
    {
        get => Volatile.Read(ref rowIdNext);
        set => Volatile.Write(ref rowIdNext, value);
    }

    /// <summary>Takes row ids that nobody else gets; returns the first of them.</summary>
    public long TakeRowIds(int count) => Interlocked.Add(ref rowIdNext, count) - count;

    /// <summary>The newest commit that changed rows or the definition of the table; 0 when none has since the database was opened, and so no snapshot is older.</summary>
    public long ChangedAt { get; set; }

    /// <summary>Beyond the ids of all columns that the table had since the database was opened, those of transactions that were rolled back too: what these left behind in memory is no other column's.</summary>
    public int ColumnIdNext { get; set; }

    public ImmutableArray<(ColumnId Column, long Next)> Identities
    {
        get
        {
            lock (gate)
            {
                return [.. identities.Select(i => (i.Key, i.Value)).OrderBy(i => i.Key.Value)];
            }
        }
    }

    public void RestoreIdentity(ColumnId column, long next)
    {
        lock (gate)
        {
            identities[column] = next;
        }
    }

    /// <summary>Moves an identity on to a number that was the next one at some time, unless it is beyond it already.</summary>
    public void AdvanceIdentityTo(ColumnDefinition column, long next)
    {
        lock (gate)
        {
            var now = NextIdentity(column);
            if (IsExhausted(column, next) || (!IsExhausted(column, now) && (column.IdentityIncrement > 0 ? next > now : next < now)))
            {
                identities[column.Id] = next;
            }
        }
    }

    /// <summary>The next number of an identity column: where the column says that it starts, or behind the numbers that it has had, also as an identity that was dropped since.</summary>
    public long NextIdentity(ColumnDefinition column)
    {
        lock (gate)
        {
            return !identities.TryGetValue(column.Id, out var next) ? column.IdentityStart
                : IsExhausted(column, next) ? next
                : column.IdentityIncrement > 0 ? Math.Max(next, column.IdentityStart) : Math.Min(next, column.IdentityStart);
        }
    }

    /// <summary>Takes numbers of an identity column; false when there are not as many left in 64 bits.</summary>
    public bool TryTakeIdentity(ColumnDefinition column, int count, out long first)
    {
        lock (gate)
        {
            first = NextIdentity(column);
            var last = first + ((Int128)(count - 1) * column.IdentityIncrement);
            if (IsExhausted(column, first) || last > long.MaxValue || last < long.MinValue)
            {
                return false;
            }

            identities[column.Id] = After(column, (long)last);
            return true;
        }
    }

    /// <summary>Moves the identity beyond a value that was given explicitly.</summary>
    public void AdvanceIdentity(ColumnDefinition column, long used)
    {
        lock (gate)
        {
            var next = NextIdentity(column);
            if (!IsExhausted(column, next) && (column.IdentityIncrement > 0 ? used >= next : used <= next))
            {
                identities[column.Id] = After(column, used);
            }
        }
    }

    /// <summary>The number after one, or, when 64 bits hold no further one, the end on the other side of where the column started, which says so.</summary>
    private static long After(ColumnDefinition column, long used)
    {
        var next = (Int128)used + column.IdentityIncrement;
        return next > long.MaxValue ? long.MinValue : next < long.MinValue ? long.MaxValue : (long)next;
    }

    private static bool IsExhausted(ColumnDefinition column, long next)
        => column.IdentityIncrement > 0 ? next == long.MinValue && next < column.IdentityStart : next == long.MaxValue && next > column.IdentityStart;

    /// <summary>Moves an identity beyond the values of inserted rows: how recovery finds the counters again.</summary>
    public void AdvanceBy(ColumnDefinition column, Column values, int first, int rows)
    {
        for (var row = first; row < first + rows; row++)
        {
            if (!values.IsNull(row))
            {
                AdvanceIdentity(column, ReadInteger(values, row));
            }
        }
    }

    private static long ReadInteger(Column column, int row) => column.Type.Physical switch
    {
        PhysicalType.SByte => column.Get<sbyte>(row),
        PhysicalType.Byte => column.Get<byte>(row),
        PhysicalType.Int16 => column.Get<short>(row),
        PhysicalType.UInt16 => column.Get<ushort>(row),
        PhysicalType.Int32 => column.Get<int>(row),
        PhysicalType.UInt32 => column.Get<uint>(row),
        PhysicalType.Int64 => column.Get<long>(row),
        // Beyond the counter's range there is nothing to move on to.
        PhysicalType.UInt64 => (long)Math.Min(column.Get<ulong>(row), long.MaxValue),
        _ => throw Error.Internal($"an identity has type {column.Type}"),
    };
}
