using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>What losses may have done to the promises that a schema makes: unique keys, references, NOT NULL.</summary>
/// <remarks>Rows that go can leave references to them. Deletes and updates that go can bring back rows and values that the newer ones contradict.</remarks>
internal static class SalvageChecks
{
    public static void Run(SalvageState state, IReadOnlySet<TableId> withoutVersions, Lsn lsn, IndexConditionFactory? conditions, List<SalvagedItem> items)
    {
        foreach (var id in withoutVersions.Where(state.Catalog.Tables.ContainsKey).OrderBy(t => t.Value))
        {
            var table = state.Catalog.Get(id);
            foreach (var index in table.Indexes.Where(i => i.IsUnique))
            {
                RemoveDuplicates(state.Tables[id], table, index, lsn, conditions, items);
            }

            ReportNulls(state.Tables[id], table, items);
        }

        foreach (var table in state.Catalog.Tables.Values.OrderBy(t => t.Id.Value))
        {
            foreach (var key in table.ForeignKeys)
            {
                ReportDangling(state, table, key, items);
            }
        }
    }

    private static void RemoveDuplicates(TableVersion version, TableDefinition table, IndexDefinition index, Lsn lsn, IndexConditionFactory? conditions, List<SalvagedItem> items)
    {
        using var changes = new RowChanges(version, table, null);
        foreach (var duplicate in VerificationKeys.FindDuplicates(version, table, index, RowChanges.Latest, conditions, CancellationToken.None))
        {
            items.Add(new SalvagedItem(SalvageKind.RemovedDuplicate, "", string.Create(CultureInfo.InvariantCulture,
                $"Row {duplicate.RowId} of table '{table}' has the key {duplicate.Key} of '{index.Name}', which row {duplicate.NewerRowId} has, too: it had been deleted or changed, and that was lost. The newer row stays; the values of this one are in the report."))
            {
                Table = table.ToString(),
                Columns = [.. index.Columns.Select(c => table.FindColumn(c.Column)!.Name)],
                RowIdFirst = duplicate.RowId,
                RowIdLast = duplicate.RowId,
                RowCount = 1,
                Values = ReadRow(version, table, duplicate.RowId),
            });
            changes.Delete(duplicate.RowId, lsn.Value);
        }
    }

    private static List<(string Column, string? Value)> ReadRow(TableVersion version, TableDefinition table, long rowId)
    {
        using var reader = new BlockReader(RowChanges.Latest, table, [.. table.Columns.Select(c => c.Id)]);
        if (!RowLocator.TryPosition(version, rowId, reader, out var row))
        {
            throw Error.Internal($"row {rowId} of {table} was there and is not");
        }

        var one = new Selection();
        one.Add(row);
        return [.. table.Columns.Select((c, i) => (c.Name, ToText(ClrValue.Read(reader.Load(i, one), row))))];
    }

    private static string? ToText(object? value) => value switch
    {
        null => null,
        byte[] bytes => Convert.ToHexString(bytes),
        float[] vector => $"[{string.Join(",", vector.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))}]",
        Array array => $"[{string.Join(",", array.Cast<object?>().Select(ToText))}]",
        DateTimeOffset or DateTime or DateOnly or TimeOnly => ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private static void ReportNulls(TableVersion version, TableDefinition table, List<SalvagedItem> items)
    {
        foreach (var column in table.Columns.Where(c => c.IsStoredNotNull))
        {
            var rows = 0L;
            using var scan = new StoreTableScan(version, new BlockReader(RowChanges.Latest, table, [column.Id]), []);
            while (scan.NextBlock())
            {
                var values = scan.Load(0, scan.Visible);
                for (var i = 0; i < (scan.Visible?.Count ?? scan.RowCount); i++)
                {
                    rows += values.IsNull(scan.Visible is { } visible ? visible.Rows[i] : i) ? 1 : 0;
                }
            }

            if (rows > 0)
            {
                items.Add(new SalvagedItem(SalvageKind.NullInNotNull, "", string.Create(CultureInfo.InvariantCulture,
                    $"{rows} rows of table '{table}' have NULL in column '{column.Name}', which is NOT NULL: they had got a value after the segment was written, and that was lost. Give them one."))
                {
                    Table = table.ToString(),
                    Columns = [column.Name],
                    RowCount = rows,
                });
            }
        }
    }

    private static void ReportDangling(SalvageState state, TableDefinition table, ForeignKeyDefinition key, List<SalvagedItem> items)
    {
        if (!state.Catalog.Tables.TryGetValue(key.ReferencedTable, out var referenced))
        {
            return;
        }

        var dangling = VerificationKeys.FindDangling(
            state.Tables[table.Id], table, key, state.Tables[referenced.Id], referenced, RowChanges.Latest, CancellationToken.None);
        if (dangling.Count > 0)
        {
            items.Add(new SalvagedItem(SalvageKind.DanglingReference, "", string.Create(CultureInfo.InvariantCulture,
                $"{dangling.Count} rows of table '{table}' refer by '{key.Name}' to rows of '{referenced}' that are not there any more. They were kept: insert the rows that they refer to, or delete them."))
            {
                Table = table.ToString(),
                Columns = [.. key.Columns.Select(c => table.FindColumn(c)!.Name)],
                RowIdFirst = dangling.Min(),
                RowIdLast = dangling.Max(),
                RowCount = dangling.Count,
            });
        }
    }
}
