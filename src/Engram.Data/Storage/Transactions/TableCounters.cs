using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Transactions;

/// <summary>The next row id and the next identity numbers of one table. Only grow; not rolled back. Read and written under the write lock.</summary>
internal sealed class TableCounters
{
    private readonly Dictionary<ColumnId, long> identities = [];

    public long RowIdNext { get; set; } = 1;

    public ImmutableArray<(ColumnId Column, long Next)> Identities
        => [.. identities.Select(i => (i.Key, i.Value)).OrderBy(i => i.Key.Value)];

    public void RestoreIdentity(ColumnId column, long next) => identities[column] = next;

    /// <summary>The next number of an identity column, which starts where the column says.</summary>
    public long NextIdentity(ColumnDefinition column) => identities.GetValueOrDefault(column.Id, column.IdentityStart);

    public long TakeIdentity(ColumnDefinition column, int count)
    {
        var first = NextIdentity(column);
        identities[column.Id] = checked(first + (count * column.IdentityIncrement));
        return first;
    }

    /// <summary>Moves the identity beyond a value that was given explicitly.</summary>
    public void AdvanceIdentity(ColumnDefinition column, long used)
    {
        var next = NextIdentity(column);
        var step = column.IdentityIncrement;
        if ((step > 0 && used >= next && used <= long.MaxValue - step) || (step < 0 && used <= next && used >= long.MinValue - step))
        {
            identities[column.Id] = used + step;
        }
    }

    /// <summary>Moves identities beyond the values of inserted rows: how recovery finds the counters again.</summary>
    public void AdvanceBy(TableDefinition table, Batch rows)
    {
        for (var i = 0; i < table.Columns.Length; i++)
        {
            var column = table.Columns[i];
            if (column.Identity == IdentityKind.None)
            {
                continue;
            }

            for (var row = 0; row < rows.SelectedCount; row++)
            {
                var at = rows.RowAt(row);
                if (!rows.Columns[i].IsNull(at))
                {
                    AdvanceIdentity(column, ReadInteger(rows.Columns[i], at));
                }
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
