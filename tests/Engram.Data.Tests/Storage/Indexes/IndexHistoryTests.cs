using Engram.Data.Columns;
using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Indexes;

/// <summary>Random histories: whatever happened to a table, an index gives the rows of a range, in order, as filtering and sorting all rows does.</summary>
public sealed class IndexHistoryTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private static readonly TableId s_table = new(1);

    private static readonly TableDefinition s_definition = new(
        s_table, "public", "Thing",
        [
            new ColumnDefinition(new ColumnId(1), "Id", DataType.Int32) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(2), "Name", DataType.Text),
            new ColumnDefinition(new ColumnId(3), "Weight", DataType.Double),
            new ColumnDefinition(new ColumnId(4), "Price", DataType.Decimal),
            new ColumnDefinition(new ColumnId(5), "At", DataType.TimestampTz),
        ])
    {
        ColumnIdNext = 6,
        Indexes =
        [
            new IndexDefinition(new IndexId(1), "Thing_pkey", [new IndexColumn(new ColumnId(1))]) { IsUnique = true, IsPrimaryKey = true },
            new IndexDefinition(new IndexId(2), "Thing_Name", [new IndexColumn(new ColumnId(2))]),
            new IndexDefinition(new IndexId(3), "Thing_Weight_Name", [new IndexColumn(new ColumnId(3), true), new IndexColumn(new ColumnId(2))]),
            new IndexDefinition(new IndexId(4), "Thing_Price_At_Id", [new IndexColumn(new ColumnId(4)), new IndexColumn(new ColumnId(5), true), new IndexColumn(new ColumnId(1))]),
            new IndexDefinition(new IndexId(6), "Thing_Name_heavy", [new IndexColumn(new ColumnId(2))]) { FilterSql = "\"Weight\" > 0.5", FilterColumns = [new ColumnId(3)] },
            new IndexDefinition(new IndexId(7), "Thing_Price_known", [new IndexColumn(new ColumnId(4), true), new IndexColumn(new ColumnId(1))])
            {
                FilterSql = "\"Name\" IS NOT NULL AND \"At\" IS NOT NULL AND \"Price\" > 0", FilterColumns = [new ColumnId(2), new ColumnId(4), new ColumnId(5)],
            },
            new IndexDefinition(new IndexId(8), "Thing_failing", [new IndexColumn(new ColumnId(1))]) { FilterSql = "10 / (\"Id\" % 4) > 4", FilterColumns = [new ColumnId(1)] },
        ],
    };

    // Added on the way, over rows that are there.
    private static readonly IndexDefinition s_late = new(new IndexId(5), "Thing_At_Weight", [new IndexColumn(new ColumnId(5)), new IndexColumn(new ColumnId(3))]);
    private static readonly IndexDefinition s_lateToo = new(new IndexId(9), "Thing_At_heavy", [new IndexColumn(new ColumnId(5)), new IndexColumn(new ColumnId(1))])
    {
        FilterSql = s_definition.Indexes[4].FilterSql, FilterColumns = s_definition.Indexes[4].FilterColumns,
    };

    private static readonly string?[] s_names =
        [null, "", "a", "ab", "a rather long name with much in common", "a rather long name with much in common, and more", "a rather long name, too", "b\0c", "ß", "🙂"];

    private readonly TemporaryDirectory directory = new();
    private readonly List<(Snapshot Snapshot, Dictionary<long, object?[]> Rows)> kept = [];
    private Dictionary<long, object?[]> rows = [];
    private TableDefinition definition = s_definition;
    private int idNext;

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Ranges_and_orders_are_those_of_the_rows(int seed)
    {
        var random = new Random(seed);
        var store = Open();
        Write(store, t => t.PutTable(s_definition));
        for (var step = 0; step < 60; step++)
        {
            switch (random.Next(12))
            {
                case 0:
                    store.Checkpoint(CancellationToken.None);
                    break;
                case 1:
                    Forget();
                    store.Dispose();
                    store = Open();
                    break;
                case 2 when kept.Count < 4:
                    kept.Add((store.OpenSnapshot(), new(rows)));
                    break;
                case 3 when definition.Indexes.Length == s_definition.Indexes.Length:
                    var wider = s_definition with { Indexes = s_definition.Indexes.Add(s_late).Add(s_lateToo) };
                    Write(store, t => t.PutTable(wider));
                    definition = wider;
                    break;
                default:
                    WriteRows(store, random);
                    break;
            }

            using var snapshot = store.OpenSnapshot();
            Check(snapshot, rows, random);
            foreach (var (older, then) in kept)
            {
                Check(older, then, random);
            }
        }

        Forget();
        store.Dispose();
    }

    private Store Open() => Store.Open(new DiskDirectory(directory.Path), new StoreOptions { Durability = DurabilityMode.None, IndexConditions = StoredIndexCondition.Create }, NullLogger.Instance);

    private void Forget()
    {
        kept.ForEach(k => k.Snapshot.Dispose());
        kept.Clear();
    }

    private static void Write(Store store, Action<Transaction> change)
    {
        using var transaction = store.BeginWrite(s_patience, null, CancellationToken.None);
        transaction.BeginStatement().Dispose();
        change(transaction);
        transaction.EndStatement();
        transaction.Commit();
    }

    private void WriteRows(Store store, Random random)
    {
        using var transaction = store.BeginWrite(s_patience, null, CancellationToken.None);
        var changed = new Dictionary<long, object?[]>(rows);
        var saved = changed;
        for (var statement = 0; statement < random.Next(1, 5); statement++)
        {
            if (random.Next(5) == 0)
            {
                transaction.CreateSavepoint("s");
                saved = new(changed);
            }

            transaction.BeginStatement().Dispose();
            WriteStatement(transaction, changed, random);
            transaction.EndStatement();
            if (!ReferenceEquals(saved, changed) && saved.Count > 0 && random.Next(4) == 0 && HasSavepoint(transaction))
            {
                changed = new(saved);
            }

            using var own = transaction.OpenSnapshot();
            Check(own, changed, random);
        }

        if (random.Next(5) == 0)
        {
            transaction.Rollback();
            return;
        }

        transaction.Commit();
        rows = changed;
    }

    private static bool HasSavepoint(Transaction transaction)
    {
        try
        {
            transaction.RollbackToSavepoint("s");
            return true;
        }
        catch (EngramException e) when (e.SqlState == "3B001")
        {
            return false;
        }
    }

    private void WriteStatement(Transaction transaction, Dictionary<long, object?[]> changed, Random random)
    {
        var some = changed.Keys.Where(_ => random.Next(4) == 0).Take(random.Next(1, 20)).ToArray();
        switch (random.Next(4))
        {
            case 0 when some.Length > 0:
                transaction.Delete(s_table, some);
                Array.ForEach(some, id => changed.Remove(id));
                break;
            case 1 or 2 when some.Length > 0:
                var column = random.Next(1, 5);
                using (var values = new ColumnBuffer(s_definition.Columns[column].Type))
                {
                    foreach (var id in some)
                    {
                        var value = Value(column, random);
                        ClrValue.Append(values, value);
                        changed[id] = [.. changed[id]];
                        changed[id][column] = value;
                    }

                    var batch = new Batch(1) { RowCount = some.Length };
                    batch.Columns[0] = values.Column;
                    transaction.Update(s_table, some, [s_definition.Columns[column].Id], batch);
                }

                break;
            default:
                Insert(transaction, changed, random);
                break;
        }
    }

    private void Insert(Transaction transaction, Dictionary<long, object?[]> changed, Random random)
    {
        var added = Enumerable.Range(0, random.Next(1, 80)).Select(_ => new object?[] { ++idNext, Value(1, random), Value(2, random), Value(3, random), Value(4, random) }).ToArray();
        var buffers = s_definition.Columns.Select(c => new ColumnBuffer(c.Type)).ToArray();
        var batch = new Batch(buffers.Length) { RowCount = added.Length };
        for (var i = 0; i < buffers.Length; i++)
        {
            Array.ForEach(added, row => ClrValue.Append(buffers[i], row[i]));
            batch.Columns[i] = buffers[i].Column;
        }

        var range = transaction.Insert(s_table, batch);
        for (var i = 0; i < added.Length; i++)
        {
            changed[range.First + i] = added[i];
        }

        Array.ForEach(buffers, b => b.Dispose());
    }

    private static object? Value(int column, Random random) => column switch
    {
        1 => s_names[random.Next(s_names.Length)],
        2 => random.Next(6) switch { 0 => null, 1 => double.NaN, 2 => -0.0, 3 => 0.0, _ => random.Next(-3, 4) / 2.0 },
        3 => random.Next(5) switch { 0 => null, 1 => 1.0m, 2 => 1.00m, _ => random.Next(-300, 300) / 100m },
        _ => random.Next(5) == 0 ? null : new DateTimeOffset(2026, 1, 1 + random.Next(3), 12, 0, 0, TimeSpan.FromHours(random.Next(-2, 3))),
    };

    private static void Check(Snapshot snapshot, Dictionary<long, object?[]> expected, Random random)
    {
        var indexes = snapshot.Catalog.Get(s_table).Indexes;
        for (var i = 0; i < 3; i++)
        {
            Check(snapshot, indexes[random.Next(indexes.Length)], expected, random);
        }
    }

    /// <summary>Whether a row must be found through an index. Others may be.</summary>
    private static bool Belongs(IndexDefinition index, object?[] row) => index.Id.Value switch
    {
        6 or 9 => row[2] is double weight && (double.IsNaN(weight) || weight > 0.5),
        7 => row[1] is not null && row[4] is not null && row[3] is > 0m,
        8 => (int)row[0]! % 4 is 1 or 2,
        _ => true,
    };

    private static void Check(Snapshot snapshot, IndexDefinition index, Dictionary<long, object?[]> expected, Random random)
    {
        // The key's columns of all rows, and behind them the bounds' values.
        var rowIds = expected.Keys.Order().ToArray();
        var ordinals = index.Columns.Select(c => s_definition.IndexOf(c.Column)).ToArray();
        var columns = ordinals.Select(o =>
        {
            var buffer = new ColumnBuffer(s_definition.Columns[o].Type);
            Array.ForEach(rowIds, id => ClrValue.Append(buffer, expected[id][o]));
            return buffer;
        }).ToArray();
        var comparers = columns.Select(c => KeyComparer.For(c.Type)).ToArray();
        var equalCount = random.Next(ordinals.Length);
        var equal = new Column[equalCount];
        for (var i = 0; i < equalCount; i++)
        {
            equal[i] = Constant(columns[i].Type, ordinals[i], random, mayBeNull: true);
        }

        var type = columns[equalCount].Type;
        var from = random.Next(3) > 0 ? Constant(type, ordinals[equalCount], random, mayBeNull: false) : null;
        var to = random.Next(3) > 0 ? Constant(type, ordinals[equalCount], random, mayBeNull: false) : null;
        var bounds = new IndexBounds(equal) { From = from, To = to, IncludesFrom = random.Next(2) == 0, IncludesTo = random.Next(2) == 0 };
        bool IsIn(int row)
        {
            for (var i = 0; i < equalCount; i++)
            {
                if (comparers[i].Compare(columns[i].Column, row, equal[i], 0) != 0)
                {
                    return false;
                }
            }

            var low = from is null ? 1 : comparers[equalCount].Compare(columns[equalCount].Column, row, from, 0);
            var high = to is null ? -1 : comparers[equalCount].Compare(columns[equalCount].Column, row, to, 0);
            return ((from is null && to is null) || !columns[equalCount].Column.IsNull(row))
                && (bounds.IncludesFrom ? low >= 0 : low > 0) && (bounds.IncludesTo ? high <= 0 : high < 0);
        }

        int Compare(int a, int b)
        {
            for (var i = 0; i < ordinals.Length; i++)
            {
                var order = comparers[i].Compare(columns[i].Column, a, columns[i].Column, b);
                if (order != 0)
                {
                    return index.Columns[i].IsDescending ? -order : order;
                }
            }

            return 0;
        }

        var inside = Enumerable.Range(0, rowIds.Length).Where(i => IsIn(i) && Belongs(index, expected[rowIds[i]])).ToArray();
        foreach (var isDescending in new[] { false, true })
        {
            var order = Comparer<int>.Create((a, b) => isDescending ? Compare(b, a) : Compare(a, b));
            using var range = snapshot.OpenRange(s_table, index.Id, bounds);
            Assert.Equal(inside.OrderBy(i => i, order).ThenBy(i => i).Select(i => rowIds[i]), ReadAll(range, isDescending, random).Where(id => Belongs(index, expected[id])));
            Assert.True(range.EntryCount >= inside.Length);
            var candidates = new List<long>();
            range.AddCandidates(candidates);
            Assert.Empty(inside.Select(i => rowIds[i]).Except(candidates));
            foreach (var i in inside.Length > 0 ? inside[..1] : [])
            {
                var found = new List<long>();
                snapshot.Probe(s_table, index.Id, [.. columns.Select(c => c.Column)], i, found);
                Assert.True(found.Contains(rowIds[i]) || columns.Any(c => c.Column.IsNull(i)));
            }
        }
    }

    private static List<long> ReadAll(IndexRange range, bool isDescending, Random random)
    {
        var found = new List<long>();
        var room = new long[random.Next(1, 50)];
        range.Start(isDescending);
        for (var count = range.Read(room); count > 0; count = range.Read(room))
        {
            found.AddRange(room[..count]);
        }

        return found;
    }

    private static Column Constant(DataType type, int column, Random random, bool mayBeNull)
    {
        object? value;
        do
        {
            value = column == 0 ? random.Next(300) : Value(column, random);
        }
        while (value is null && !mayBeNull);
        return ClrValue.Constant(type, value).Column;
    }
}
