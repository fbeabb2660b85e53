using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Rows as the snapshot shows them, against what the schema promises.</summary>
internal sealed partial class Verification
{
    private async Task CheckRowsAsync(TableDefinition table, CancellationToken cancellationToken)
    {
        if (!snapshot.Root.Tables.TryGetValue(table.Id, out var version) || version.Segments.Any(s => !s.Segment.Info.Files.All(f => files.Exists(f.Name)) || IsDamaged(s)))
        {
            // What is damaged was reported; what rests on it cannot be told.
            return;
        }

        await Task.Run(() => Attempt("", table, () =>
        {
            CountRows(version, table, cancellationToken);
            foreach (var index in table.Indexes.Where(i => i.IsUnique))
            {
                foreach (var (rowId, newer, key) in VerificationKeys.FindDuplicates(version, table, index, snapshot.Horizon, store.Options.IndexConditions, cancellationToken, Open))
                {
                    Report("", string.Create(CultureInfo.InvariantCulture, $"rows {rowId} and {newer} both have the key {key} of '{index.Name}'"), table, rowId, newer);
                }
            }

            foreach (var key in table.ForeignKeys)
            {
                if (snapshot.Catalog.Tables.TryGetValue(key.ReferencedTable, out var referenced)
                    && snapshot.Root.Tables.TryGetValue(referenced.Id, out var target) && !target.Segments.Any(IsDamaged))
                {
                    var dangling = VerificationKeys.FindDangling(version, table, key, target, referenced, snapshot.Horizon, cancellationToken, Open);
                    if (dangling.Count > 0)
                    {
                        Report("", string.Create(CultureInfo.InvariantCulture, $"{dangling.Count} rows refer by '{key.Name}' to rows of '{referenced}' that are not there"), table, dangling.Min(), dangling.Max());
                    }
                }
            }
        }, countsFile: false), cancellationToken).ConfigureAwait(false);
        await pace.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Counts visible rows, and looks for NULL where there must be none.</summary>
    private void CountRows(TableVersion version, TableDefinition table, CancellationToken cancellationToken)
    {
        var required = table.Columns.Where(c => c.IsStoredNotNull).ToList();
        using var reader = new BlockReader(snapshot.Horizon, table, [ColumnId.RowId, .. required.Select(c => c.Id)]);
        foreach (var segment in version.Segments)
        {
            var extent = Open(segment);
            for (var block = 0; block < extent.Segment.BlockCount; block++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                reader.Position(extent, block);
                rows += reader.VisibleCount;
                for (var c = 0; c < required.Count; c++)
                {
                    if (reader.CountNulls(c + 1) > 0)
                    {
                        CheckNotNull(reader, c, table, required[c]);
                    }
                }
            }

            extent.Release();
        }

        foreach (var delta in version.Deltas)
        {
            for (var chunk = 0; chunk < delta.ChunkCount; chunk++)
            {
                reader.Position(delta.Chunk(chunk));
                rows += reader.VisibleCount;
                for (var c = 0; c < required.Count; c++)
                {
                    CheckNotNull(reader, c, table, required[c]);
                }
            }
        }
    }

    private void CheckNotNull(BlockReader reader, int ordinal, TableDefinition table, ColumnDefinition column)
    {
        if (reader.VisibleCount == 0)
        {
            return;
        }

        var visible = reader.Visible;
        var rowIds = reader.Load(0, visible);
        var values = reader.Load(ordinal + 1, visible);
        for (var i = 0; i < reader.VisibleCount; i++)
        {
            var row = visible is null ? i : visible.Rows[i];
            if (values.IsNull(row))
            {
                var rowId = rowIds.Get<long>(row);
                problems.Add(new VerificationProblem("", string.Create(CultureInfo.InvariantCulture, $"Row {rowId} of table '{table}' has NULL in column '{column.Name}', which is NOT NULL."))
                {
                    Table = table.ToString(), Columns = [column.Name], RowIdFirst = rowId, RowIdLast = rowId,
                });
                return;
            }
        }
    }

    private SegmentExtent Open(SegmentExtent extent) => new(Segment.Open(files, extent.Segment.Info), extent);
}
