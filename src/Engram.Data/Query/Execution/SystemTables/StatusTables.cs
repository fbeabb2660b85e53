using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.SystemTables;

/// <summary>What the database is made of and what it is doing: engram_tables, engram_segments and the like.</summary>
internal static class StatusTables
{
    private static readonly DataType Text = DataType.Text;
    private static readonly DataType Long = DataType.Int64;
    private static readonly DataType Number = DataType.Double;

    public static IEnumerable<SystemTable> All =>
    [
        new(null, "engram_tables",
            [
                ("table_schema", Text), ("table_name", Text), ("rows", Long), ("segments", Long), ("segment_rows", Long), ("segment_bytes", Long), ("memory_rows", Long),
                ("memory_bytes", Long), ("comment", Text), ("cluster_by", Text),
            ],
            FillTables),
        new(null, "engram_segments",
            [
                ("table_schema", Text), ("table_name", Text), ("segment", Text), ("rows", Long), ("deleted_rows", Long), ("column_name", Text), ("bytes", Long), ("encodings", Text),
                ("clustered_by", Text),
            ],
            FillSegments),
        new(null, "engram_indexes",
            [
                ("table_schema", Text), ("table_name", Text), ("index_name", Text), ("columns", Text), ("is_unique", DataType.Boolean), ("is_primary_key", DataType.Boolean),
                ("is_constraint", DataType.Boolean), ("method", Text), ("filter", Text),
            ],
            FillIndexes),
        new(null, "engram_vector_indexes",
            [
                ("table_schema", Text), ("table_name", Text), ("index_name", Text), ("column_name", Text), ("method", Text), ("operators", Text), ("m", Long), ("ef_construction", Long),
                ("graphs", Long), ("rows", Long), ("graph_rows", Long), ("linked_rows", Long), ("bytes", Long),
            ],
            FillVectorIndexes),
        new(null, "engram_sequences",
            [("sequence_schema", Text), ("sequence_name", Text), ("last_value", Long), ("is_called", DataType.Boolean)], FillSequences),
        new(null, "engram_log",
            [("files", Long), ("bytes", Long), ("appended_lsn", Long), ("durable_lsn", Long), ("checkpoint_lsn", Long), ("syncs", Long), ("written_bytes", Long)], FillLog),
        new(null, "engram_snapshots", [("age_seconds", Number), ("pinned_file_bytes", Long), ("pinned_memory_bytes", Long)], FillSnapshots),
        new(null, "engram_statements",
            [("query", Text), ("calls", Long), ("total_ms", Number), ("mean_ms", Number), ("max_ms", Number), ("rows", Long)], FillStatements),
        new(null, "engram_settings", [("name", Text), ("value", Text)], FillSettings),
    ];

    private static void FillTables(SystemRows rows)
    {
        var descriptions = rows.Snapshot.DescribeTables().ToDictionary(d => d.Table);
        foreach (var table in rows.Tables)
        {
            var d = descriptions.GetValueOrDefault(table.Id);
            rows.Add(
                table.Schema, table.Name, d.RowCount, (long)d.SegmentCount, d.SegmentRowCount, d.SegmentSizeBytes, d.MemoryRowCount, d.MemorySizeBytes, table.Comment,
                StorageParameters.TextOf(table));
        }
    }

    private static void FillSegments(SystemRows rows)
    {
        var tables = rows.Catalog.Tables;
        foreach (var segment in rows.Snapshot.DescribeSegments().Where(s => tables.ContainsKey(s.Table)))
        {
            var table = tables[segment.Table];
            var order = segment.ClusteredBy.IsEmpty ? null : string.Join(", ", segment.ClusteredBy.Select(c => table.FindStored(c)?.Name ?? "(dropped)"));
            foreach (var column in segment.Columns)
            {
                var name = column.Column.Value < 0 ? $"({NameOfHidden(column.Column)})" : table.FindColumn(column.Column)?.Name;
                rows.Add(table.Schema, table.Name, segment.Name, segment.RowCount, segment.DeletedRowCount, name, column.SizeBytes, column.Encodings, order);
            }
        }
    }

    private static string NameOfHidden(ColumnId id) => id == ColumnId.RowId ? "row id" : id == ColumnId.OrderedRowId ? "row id in order" : "position of row id";

    private static void FillIndexes(SystemRows rows)
    {
        foreach (var table in rows.Tables)
        {
            foreach (var index in table.AllIndexes.OrderBy(i => i.Name, StringComparer.Ordinal))
            {
                var columns = index.Columns.Select(c => table.FindColumn(c.Column)!.Name + (c.IsDescending ? " DESC" : ""));
                rows.Add(
                    table.Schema, table.Name, index.Name, string.Join(", ", columns), index.IsUnique, index.IsPrimaryKey, index.IsConstraint, index.Method, index.FilterSql);
            }
        }
    }

    private static void FillVectorIndexes(SystemRows rows)
    {
        var descriptions = rows.Snapshot.DescribeVectorIndexes().ToDictionary(d => d.Index);
        foreach (var table in rows.Tables)
        {
            foreach (var index in table.VectorIndexes.OrderBy(i => i.Name, StringComparer.Ordinal))
            {
                var shape = GraphShapes.Of(table, index);
                var d = descriptions.GetValueOrDefault(index.Id);
                rows.Add(
                    table.Schema, table.Name, index.Name, table.FindColumn(index.Columns[0].Column)!.Name, index.Method, index.Options.GetValueOrDefault(GraphShapes.OperatorsOption, ""),
                    (long?)shape?.M, (long?)shape?.Construction, (long)d.GraphCount, d.RowCount, d.GraphRowCount, d.LinkedRowCount, d.SizeBytes);
            }
        }
    }

    private static void FillSequences(SystemRows rows)
    {
        foreach (var sequence in rows.Catalog.Sequences.OrderBy(s => s.Schema, StringComparer.Ordinal).ThenBy(s => s.Name, StringComparer.Ordinal))
        {
            var value = rows.Snapshot.Sequences?.Of(sequence).Current ?? rows.Catalog.SequenceValues.GetValueOrDefault(sequence.Counter, new(sequence.First, false));
            rows.Add(sequence.Schema, sequence.Name, value.Last, value.IsCalled);
        }
    }

    private static void FillLog(SystemRows rows)
    {
        if (rows.Source?.Log() is { } log)
        {
            rows.Add((long)log.FileCount, log.SizeBytes, log.AppendedLsn, log.DurableLsn, log.CheckpointLsn, log.SyncCount, log.WrittenSizeBytes);
        }
    }

    private static void FillSnapshots(SystemRows rows)
    {
        foreach (var snapshot in rows.Source?.Snapshots() ?? [])
        {
            rows.Add(snapshot.Age.TotalSeconds, snapshot.FileSizeBytes, snapshot.MemorySizeBytes);
        }
    }

    private static void FillStatements(SystemRows rows)
    {
        foreach (var statement in rows.Source?.Statements() ?? [])
        {
            var total = statement.Total.TotalMilliseconds;
            rows.Add(
                statement.Text, statement.CallCount, total, statement.CallCount == 0 ? null : total / statement.CallCount, statement.Greatest.TotalMilliseconds, statement.RowCount);
        }
    }

    private static void FillSettings(SystemRows rows)
    {
        foreach (var (name, value) in rows.Source?.Settings().OrderBy(s => s.Name, StringComparer.Ordinal) ?? Enumerable.Empty<(string Name, string Value)>())
        {
            rows.Add(name, value);
        }
    }
}
