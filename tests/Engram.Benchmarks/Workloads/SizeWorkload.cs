using System.Globalization;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;
using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Segments;

namespace Engram.Benchmarks.Workloads;

/// <summary>Bytes on the disk, column by column, beside the bytes of the values themselves; and what a scan of packed columns takes.</summary>
internal sealed class SizeWorkload : Workload
{
    private const string CreateEntries =
        "CREATE TABLE entry (id bigint PRIMARY KEY, kind text NOT NULL, author uuid NOT NULL, occurred_at timestamp NOT NULL, due date, amount numeric(18,2) NOT NULL, quantity integer NOT NULL, is_read boolean NOT NULL, note text)";

    private static readonly string[] s_entryColumns = ["id", "kind", "author", "occurred_at", "due", "amount", "quantity", "is_read", "note"];
    private static readonly string[] s_kinds = ["call", "message", "invoice", "visit", "reminder"];
    private static readonly DateTime s_first = new(2025, 1, 1);

    private static readonly (string Title, string Sql)[] s_scans =
    [
        ("count, occurred_at between", "SELECT count(*) FROM entry WHERE occurred_at BETWEEN '2025-01-01 10:00' AND '2025-01-05'"),
        ("count, quantity between (no zone helps)", "SELECT count(*) FROM entry WHERE quantity BETWEEN 100 AND 300"),
        ("count, weight between (no zone helps)", "SELECT count(*) FROM fact WHERE weight BETWEEN 1000 AND 3000"),
        ("count, kind = 'visit'", "SELECT count(*) FROM entry WHERE kind = 'visit'"),
        ("group by kind", "SELECT kind, count(*) FROM entry GROUP BY kind"),
    ];

    public override string Name => "size";

    public override string Description => "bytes in segments, by column and encoding, beside those of the values (text: UTF-8 + 4; timestamptz: 10)";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? (options.IsPartOfAll ? 200_000 : 1_000_000);
        var episodes = Math.Min(rows, 20_000);
        using var connection = EpisodeStore.Open(options.NewPath("size.engram"));
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
        EpisodeStore.Load(connection, Episodes.Embeddings(1024), episodes);
        EpisodeStore.Execute(connection, CreateEntries);
        using (var load = new BulkInsert(connection, "entry", s_entryColumns, 1000, Entry))
        {
            load.Run(rows, inOneTransaction: true);
        }

        Facts.Create(connection, rows);
        foreach (var table in new[] { "episode", "fact", "entry" })
        {
            Report(section, connection, table);
        }

        foreach (var (title, sql) in s_scans)
        {
            using var command = new EngramCommand(sql, connection);
            command.Prepare();
            var log = Repetition.For(options.Duration ?? TimeSpan.FromSeconds(1), _ => command.ExecuteScalar(), out var _);
            section.Add(Subject, title, [.. log.ToMicroseconds()]);
        }

        Reclaim(section, connection, "episode", episodes);
        Reclaim(section, connection, "fact", rows);
        section.Note(string.Create(CultureInfo.InvariantCulture, $"{episodes:N0} episodes of 768 dimensions, {rows:N0} facts and entries, checkpointed. Indexes lie in files of their own and are not counted."));
    }

    /// <summary>Deletes nine of ten rows and compacts: the files of the whole database before and after, without the log.</summary>
    private static void Reclaim(Section section, EngramConnection connection, string table, long rows)
    {
        var before = FileSizes(connection);
        EpisodeStore.Execute(connection, $"DELETE FROM {table} WHERE id % 10 <> 0");
        EpisodeStore.Execute(connection, $"VACUUM {table}");
        Check("rows that are left", rows / 10, (long)EpisodeStore.Scalar(connection, $"SELECT count(*) FROM {table}")!);
        Report(section, connection, table);
        var after = FileSizes(connection);
        section.Add(Subject, $"{table}, 90 % deleted and compacted: files of all tables", new("before", before / 1e6, "MB"), new("after", after / 1e6, "MB"));
    }

    private static double FileSizes(EngramConnection connection)
        => new[] { "segments", "indexes" }.Select(d => new DirectoryInfo(Path.Combine(connection.DataSource, d))).Where(d => d.Exists)
            .Sum(d => d.EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length));

    private static object Entry(long key, int column) => column switch
    {
        0 => key,
        1 => s_kinds[key * 7 % 13 % 5],
        2 => new Guid((int)(key * 31 % 200), 7, 7, 1, 2, 3, 4, 5, 6, 7, 8),
        3 => s_first.AddMilliseconds((key * 1500) + (key * 7919 % 1000)),
        4 => key % 4 == 0 ? DBNull.Value : DateOnly.FromDateTime(s_first).AddDays((int)(key % 60)),
        5 => (decimal)(key * 7919 % 1_000_000) / 100 + 0.00m,
        6 => (int)(key * 31 % 1000),
        7 => key % 3 == 0,
        _ => key % 10 != 0 ? DBNull.Value : string.Create(CultureInfo.InvariantCulture, $"see entry {key - 3}"),
    };

    private static void Report(Section section, EngramConnection connection, string table)
    {
        var root = ((DirectoryStore)connection.Session.Database.Store).LeaseRoot();
        try
        {
            var definition = root.Catalogs[^1].Catalog.Tables.Values.Single(t => t.Name == table);
            var segments = root.Tables[definition.Id].Segments.Select(s => s.Segment).ToArray();
            var rows = segments.Sum(s => (long)s.RowCount);
            Check("rows in segments", (long)EpisodeStore.Scalar(connection, $"SELECT count(*) FROM {table}")!, rows);
            double rawTotal = 0;
            foreach (var column in definition.Columns)
            {
                var raw = RawSize(connection, table, column.Name, column.Type, rows);
                var (stored, encodings) = Stored(segments, column.Id);
                rawTotal += raw;
                section.Add(Subject, $"{table}.{column.Name} {column.Type}: {encodings}", Sizes(raw, stored));
            }

            var (rowIds, how) = Stored(segments, ColumnId.RowId);
            section.Add(Subject, $"{table}, row ids: {how}", new Metric("stored", rowIds / 1e6, "MB"));
            section.Add(Subject, $"{table}, files of its segments", Sizes(rawTotal, segments.Sum(s => s.Info.FileLength)));
        }
        finally
        {
            root.Release();
        }
    }

    private static Metric[] Sizes(double raw, double stored) => [new("values", raw / 1e6, "MB"), new("stored", stored / 1e6, "MB"), new("ratio", stored / raw)];

    private static double RawSize(EngramConnection connection, string table, string column, DataType type, long rows)
        => type.IsVector ? rows * type.Size * (double)sizeof(float)
            : type.IsByReference ? (rows * 4) + Convert.ToDouble(EpisodeStore.Scalar(connection, $"SELECT coalesce(sum(octet_length({column})), 0) FROM {table}"), CultureInfo.InvariantCulture)
            : rows * (type.PhysicalSize + (type.HasOffsets ? 2.0 : 0));

    private static (long Size, string Encodings) Stored(Segment[] segments, ColumnId id)
    {
        long size = 0;
        var counts = new SortedDictionary<BlockEncoding, int>();
        foreach (var segment in segments)
        {
            if (segment.TryFindColumn(id, out var ordinal))
            {
                for (var block = 0; block < segment.BlockCount; block++)
                {
                    size += segment.BytesOf(ordinal, block);
                    counts[segment.EncodingOf(ordinal, block)] = counts.GetValueOrDefault(segment.EncodingOf(ordinal, block)) + 1;
                }
            }
        }

        return (size, string.Join(", ", counts.Select(c => $"{c.Key} × {c.Value}")));
    }
}
