using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>The tables that workloads write: their definitions, random rows for them, and rows as hashes.</summary>
/// <remarks>A row is compared by one hash a column, so that a model of many rows is small and reading it back is quick.</remarks>
internal static class SimulatedTable
{
    public const int DimensionCount = 8;

    private const string Added = "Importance";

    public static readonly ColumnId Key = new(1);

    /// <summary>In tables that <see cref="DefineChild"/> makes: the key of a row in another table, or null.</summary>
    public static readonly ColumnId Parent = new(7);

    /// <summary>A table of episodes; each number gives one with ids and a name of its own.</summary>
    public static TableDefinition Define(int number) => new(
        new TableId(number), "public", $"Episode{number}",
        [
            new ColumnDefinition(Key, "Id", DataType.Int64) { IsNotNull = true, Identity = IdentityKind.ByDefault },
            new ColumnDefinition(new ColumnId(2), "Name", DataType.Text),
            new ColumnDefinition(new ColumnId(3), "Confidence", DataType.Single) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(4), "Time", DataType.TimestampTz) { IsNotNull = true },
            new ColumnDefinition(new ColumnId(5), "Embedding", DataType.Vector(DimensionCount)),
        ])
    {
        ColumnIdNext = Parent.Value + 1,
        Indexes =
        [
            new IndexDefinition(KeyIndex(number), $"Episode{number}_pkey", [new IndexColumn(Key)]) { IsUnique = true, IsPrimaryKey = true, IsConstraint = true },
            new IndexDefinition(new IndexId((2 * number) + 1), $"Episode{number}_Name", [new IndexColumn(new ColumnId(2))]),
        ],
    };

    /// <summary>A table whose rows refer to those of another; changes of keys there are passed on here.</summary>
    public static TableDefinition DefineChild(int number, int parent, ReferentialAction onDelete)
    {
        var table = Define(number);
        return table with
        {
            Columns = table.Columns.Add(new ColumnDefinition(Parent, "Parent", DataType.Int64)),
            ColumnIdNext = Parent.Value + 1,
            Indexes = table.Indexes.Add(new IndexDefinition(new IndexId(1000 + number), $"Episode{number}_Parent", [new IndexColumn(Parent)])),
            ForeignKeys =
            [
                new ForeignKeyDefinition($"Episode{number}_fkey", [Parent], new TableId(parent), [Key]) { OnDelete = onDelete, OnUpdate = ReferentialAction.Cascade },
            ],
        };
    }

    public static IndexId KeyIndex(int number) => new(2 * number);

    /// <summary>The column that <see cref="WithColumn"/> added; null when there is none.</summary>
    public static ColumnDefinition? AddedColumn(TableDefinition table) => table.Columns.FirstOrDefault(c => c.Name == Added);

    /// <summary>The table with one more column.</summary>
    /// <param name="missing">What the rows have that are there; null for NULL.</param>
    /// <param name="index">Of an index over it; null for none.</param>
    public static TableDefinition WithColumn(TableDefinition table, int? missing = null, IndexId? index = null)
    {
        if (AddedColumn(table) is not null)
        {
            return table;
        }

        var column = new ColumnDefinition(new ColumnId(table.ColumnIdNext), Added, DataType.Int32) { Missing = MissingOf(missing), IsNotNull = missing is not null };
        return table with
        {
            Columns = table.Columns.Add(column),
            ColumnIdNext = table.ColumnIdNext + 1,
            Indexes = index is { } id ? table.Indexes.Add(new IndexDefinition(id, $"{table.Name}_{Added}", [new IndexColumn(column.Id, IsDescending: true), new IndexColumn(new ColumnId(2))])) : table.Indexes,
        };
    }

    /// <summary>The table with bigints in the column that was added, without touching the values that are there.</summary>
    public static TableDefinition Widened(TableDefinition table, IndexId index)
    {
        var column = AddedColumn(table)!;
        return Replaced(table, column with
        {
            Id = new ColumnId(table.ColumnIdNext),
            Type = DataType.Int64,
            Missing = null,
            Older = new ColumnForm(column.Id, column.Type) { Missing = column.Missing, Older = column.Older },
        }, index);
    }

    /// <summary>The table with a column of its own, whose values are to be written, in the place of the one that was added.</summary>
    public static TableDefinition Retyped(TableDefinition table, DataType type, IndexId index)
        => Replaced(table, AddedColumn(table)! with { Id = new ColumnId(table.ColumnIdNext), Type = type, Missing = null, Older = null, IsNotNull = false }, index);

    private static TableDefinition Replaced(TableDefinition table, ColumnDefinition column, IndexId index)
    {
        var old = AddedColumn(table)!.Id;
        return table with
        {
            Columns = [.. table.Columns.Select(c => c.Id == old ? column : c)],
            ColumnIdNext = table.ColumnIdNext + 1,
            Indexes = [.. table.Indexes.Select(i => i.Columns.Any(c => c.Column == old)
                ? i with { Id = index, Columns = [.. i.Columns.Select(c => c.Column == old ? c with { Column = column.Id } : c)] } : i)],
        };
    }

    private static MissingValue? MissingOf(int? value)
    {
        using var constant = ClrValue.Constant(DataType.Int32, value);
        return MissingValue.Of(constant.Column, 0, DataType.Int32);
    }

    public static TableDefinition WithoutColumn(TableDefinition table)
    {
        if (AddedColumn(table)?.Id is not { } gone)
        {
            return table;
        }

        return table with { Columns = table.Columns.RemoveAll(c => c.Id == gone), Indexes = table.Indexes.RemoveAll(i => i.Columns.Any(c => c.Column == gone)) };
    }

    /// <summary>What a schema says, as text to compare.</summary>
    public static string Describe(TableDefinition table)
        => $"{table.Id} {table.Schema}.{table.Name}({string.Join(", ", table.Columns.Select(c => $"{c.Id} {c.Name} {c.Type} {c.IsNotNull}"))}) "
            + string.Join(", ", table.Indexes.Select(i => $"{i.Id} {i.Name} {i.IsUnique} {string.Join(' ', i.Columns.Select(c => c.Column))} {i.FilterSql}"))
            + string.Concat(table.ForeignKeys.Select(f => $", {f.Name} {f.ReferencedTable} {f.OnDelete} {f.OnUpdate}"))
            + string.Concat(table.ClusteredBy.Select(c => $", by {c}"))
            + string.Concat(table.Checks.Select(c => $", {c.Name} {c.Sql}"));

    /// <summary>The table with one constraint or index more or less: an index over names, a unique one over keys and times, partial ones of rows with a name and without, NOT NULL of names, a check.</summary>
    /// <param name="mayForbidNull">Whether all rows have a name.</param>
    public static TableDefinition Constrained(TableDefinition table, Random random, IndexId index, bool mayForbidNull)
    {
        var (key, name, time) = (Key, new ColumnId(2), new ColumnId(4));
        switch (random.Next(6))
        {
            case 0:
                return Toggled(table, new IndexDefinition(index, $"{table.Name}_Name", [new IndexColumn(name)]));
            case 4:
                return Toggled(table, new IndexDefinition(index, $"{table.Name}_Named", [new IndexColumn(time), new IndexColumn(key)]) { FilterSql = "\"Name\" IS NOT NULL", FilterColumns = [name], IsUnique = true });
            case 5:
                return Toggled(table, new IndexDefinition(index, $"{table.Name}_Unnamed", [new IndexColumn(name), new IndexColumn(time)]) { FilterSql = "\"Name\" IS NULL", FilterColumns = [name] });
            case 1:
                return Toggled(table, new IndexDefinition(index, $"{table.Name}_Key_Time", [new IndexColumn(time, IsDescending: true), new IndexColumn(key)]) { IsUnique = true, IsConstraint = true });
            case 2:
                var column = table.FindColumn(name)!;
                return table with { Columns = table.Columns.Replace(column, column with { IsNotNull = !column.IsNotNull && mayForbidNull }) };
            default:
                return table with { Checks = table.Checks.IsEmpty ? [new CheckDefinition($"{table.Name}_check", "\"Confidence\" >= 0")] : [] };
        }
    }

    private static TableDefinition Toggled(TableDefinition table, IndexDefinition index) => table with
    {
        Indexes = table.Indexes.Any(i => i.Name == index.Name) ? table.Indexes.RemoveAll(i => i.Name == index.Name) : table.Indexes.Add(index),
    };

    /// <summary>Whether a row has to be found by an index: it is not when the index is partial and the row does not satisfy its condition.</summary>
    public static bool Belongs(IndexDefinition index, TableDefinition table, RowState row)
        => index.FilterSql is null || row.Hashes[table.IndexOf(new ColumnId(2))] == Hashing.NullHash == index.FilterSql.EndsWith("IS NULL", StringComparison.Ordinal);

    /// <summary>The table with its rows ordered by something else: by similar embeddings and time, by name, or as they come.</summary>
    public static TableDefinition Clustered(TableDefinition table, Random random) => table with
    {
        ClusteredBy = random.Next(5) switch
        {
            0 => [],
            1 => [new ColumnId(2)],
            2 => [new ColumnId(3), new ColumnId(4)],
            _ => [new ColumnId(5), new ColumnId(4)],
        },
    };

    /// <summary>Random rows with the given keys, as the columns of a batch; disposed by the caller.</summary>
    /// <param name="parents">Keys that <see cref="Parent"/> is chosen from.</param>
    public static ColumnBuffer[] RandomRows(TableDefinition table, Random random, IReadOnlyList<long> keys, IReadOnlyList<long> parents)
    {
        var buffers = table.Columns.Select(c => new ColumnBuffer(c.Type)).ToArray();
        foreach (var key in keys)
        {
            for (var i = 0; i < buffers.Length; i++)
            {
                if (table.Columns[i].Id == Key)
                {
                    buffers[i].Append(key);
                }
                else if (table.Columns[i].Id == Parent && parents.Count > 0)
                {
                    buffers[i].Append(parents[random.Next(parents.Count)]);
                }
                else if (table.Columns[i].Id == Parent)
                {
                    buffers[i].AppendNull();
                }
                else
                {
                    AppendRandom(buffers[i], table.Columns[i], random);
                }
            }
        }

        return buffers;
    }

    public static void AppendRandom(ColumnBuffer buffer, ColumnDefinition column, Random random)
    {
        if (!column.IsNotNull && random.Next(6) == 0)
        {
            buffer.AppendNull();
            return;
        }

        ClrValue.Append(buffer, column.Type.Kind switch
        {
            TypeKind.Text => new string((char)('a' + random.Next(26)), random.Next(20)),
            TypeKind.Single => random.NextSingle(),
            TypeKind.Int32 => random.Next(100),
            TypeKind.Int64 => (long)random.Next(100),
            TypeKind.TimestampTz => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromMinutes(random.Next(-4, 5) * 30)).AddSeconds(random.Next(1_000_000)),
            TypeKind.Vector => Enumerable.Range(0, DimensionCount).Select(_ => random.NextSingle()).ToArray(),
            _ => throw new InvalidOperationException($"No random values of {column.Type}."),
        });
    }

    public static Batch BatchOf(ColumnBuffer[] buffers)
    {
        var batch = new Batch(buffers.Length) { RowCount = buffers[0].Count };
        for (var i = 0; i < buffers.Length; i++)
        {
            batch.Columns[i] = buffers[i].Column;
        }

        return batch;
    }

    public static ulong HashOf(Column column, int row)
    {
        if (column.IsNull(row))
        {
            return Hashing.NullHash;
        }

        return column.Type.Kind switch
        {
            TypeKind.Int64 => Hashing.Hash(column.Get<ulong>(row)),
            // The same as of the bigint that it may become.
            TypeKind.Int32 => Hashing.Hash((ulong)(long)column.Get<int>(row)),
            TypeKind.Single => Hashing.Hash(column.Get<uint>(row)),
            TypeKind.TimestampTz => Hashing.Combine(column.Get<ulong>(row), (ulong)column.GetOffset(row)),
            TypeKind.Text or TypeKind.Vector => Hashing.Hash(column.Get<Bytes>(row).Span),
            _ => throw new InvalidOperationException($"No hash of {column.Type}."),
        };
    }

    /// <summary>One row's part of a table's sum; the order of rows does not matter.</summary>
    public static ulong HashOf(long rowId, ReadOnlySpan<ulong> columns)
    {
        var hash = Hashing.Hash((ulong)rowId);
        foreach (var column in columns)
        {
            hash = Hashing.Combine(hash, column);
        }

        return hash;
    }

    /// <summary>A row that refers to one that is not there, described; null when there is none.</summary>
    public static string? FindOrphan(Snapshot snapshot)
    {
        foreach (var table in snapshot.Catalog.Tables.Values)
        {
            foreach (var foreignKey in table.ForeignKeys)
            {
                var referenced = ReadNumbers(snapshot, foreignKey.ReferencedTable, foreignKey.ReferencedColumns[0]).ToHashSet();
                if (ReadNumbers(snapshot, table.Id, foreignKey.Columns[0]).FirstOrDefault(n => n is not null && !referenced.Contains(n)) is { } orphan)
                {
                    return $"a row of table {table.Id} refers to key {orphan} of table {foreignKey.ReferencedTable}, which is not there";
                }
            }
        }

        return null;
    }

    /// <summary>Reads a whole table: how many rows there are, and the sum of their hashes.</summary>
    public static (int Count, ulong Sum) Read(Snapshot snapshot, TableDefinition table, List<(long RowId, long Key)>? rows = null)
    {
        var count = 0;
        var sum = 0UL;
        var hashes = new ulong[table.Columns.Length];
        var keyOrdinal = 1 + table.Columns.Select(c => c.Id).ToList().IndexOf(Key);
        using var scan = snapshot.Scan(table.Id, [ColumnId.RowId, .. table.Columns.Select(c => c.Id)], []);
        while (scan.NextBlock())
        {
            var visible = scan.Visible;
            var columns = Enumerable.Range(0, 1 + hashes.Length).Select(i => scan.Load(i, visible)).ToArray();
            var selected = visible?.Count ?? scan.RowCount;
            for (var i = 0; i < selected; i++)
            {
                var row = visible is null ? i : visible.Rows[i];
                for (var c = 0; c < hashes.Length; c++)
                {
                    hashes[c] = HashOf(columns[c + 1], row);
                }

                var rowId = columns[0].Get<long>(row);
                sum += HashOf(rowId, hashes);
                rows?.Add((rowId, columns[keyOrdinal].Get<long>(row)));
                count++;
            }
        }

        return (count, sum);
    }

    private static List<long?> ReadNumbers(Snapshot snapshot, TableId table, ColumnId column)
    {
        var numbers = new List<long?>();
        using var scan = snapshot.Scan(table, [column], []);
        while (scan.NextBlock())
        {
            var visible = scan.Visible;
            var values = scan.Load(0, visible);
            for (var i = 0; i < (visible?.Count ?? scan.RowCount); i++)
            {
                var row = visible is null ? i : visible.Rows[i];
                numbers.Add(values.IsNull(row) ? null : values.Get<long>(row));
            }
        }

        return numbers;
    }
}
