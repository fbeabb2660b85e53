using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>The columns behind indexes over expressions.</summary>
/// <remarks>
/// <para><b>The problem.</b> <c>CREATE INDEX ON t (lower(email))</c> asks for keys that no column holds. Storage knows keys of columns, and checks uniqueness, recovers, compacts and repairs by them.</para>
/// <para><b>The picture.</b> So the expression gets a column: computed and stored as <c>GENERATED ALWAYS AS (…) STORED</c> is, but hidden (<see cref="ColumnDefinition.IsHidden"/>): no name finds it,
/// <c>*</c> leaves it out, and so does all that lists columns. Its own name is the expression, for messages. The planner puts it in the place of the expression where a filter or an order of the
/// table's scan has that (<see cref="IndexedExpressions"/>), and then looks for indexes as always.</para>
/// <para><b>Invariants.</b> One hidden column for one expression, however many indexes are over it; it goes with the last of them. It may read computed columns, which stand before it in the
/// table and are computed first. What it reads cannot be dropped or get another type beneath it: the indexes go with a dropped column, and are made anew when the type changes.</para>
/// <para><b>Crash.</b> The column's definition, its values and the index are records of one commit.</para>
/// </remarks>
internal static class ExpressionIndexes
{
    /// <summary>The parts of an index's key, as they were written.</summary>
    public readonly record struct Key(ColumnId Column, string? Sql, bool IsDescending);

    /// <summary>An index that was taken away, to be made anew.</summary>
    public readonly record struct Removed(IndexDefinition Index, ImmutableArray<Key> Keys);

    /// <summary>Adds an index, with the hidden columns that it needs, and fills these for the rows that are there.</summary>
    /// <param name="table">As it is in the transaction.</param>
    /// <param name="index">Its columns are taken from <paramref name="keys"/>.</param>
    public static void Add(TableDefinition table, IndexDefinition index, ImmutableArray<Key> keys, StatementContext context, IReadOnlyDictionary<string, int>? origins = null)
    {
        var columns = ImmutableArray.CreateBuilder<IndexColumn>(keys.Length);
        foreach (var key in keys)
        {
            var id = key.Sql is null ? key.Column : FindOrAddColumn(ref table, key.Sql, context, origins);
            columns.Add(new IndexColumn(id, key.IsDescending));
        }

        var changed = table with { Indexes = table.Indexes.Add(index with { Columns = columns.MoveToImmutable() }) };
        StoredExpressions.Validate(context.Transaction!.Catalog.With(changed), changed, origins);
        if (index.FilterSql is { } filter)
        {
            var read = StoredExpressions.ColumnsReadBy(context.Transaction.Catalog, changed, filter, asWritten: false);
            changed = changed with { Indexes = changed.Indexes.Replace(changed.Indexes[^1], changed.Indexes[^1] with { FilterColumns = [.. read.Select(i => changed.Columns[i].Id)] }) };
        }

        context.Transaction.PutTable(changed);
    }

    /// <summary>The table without hidden columns that no index is over any more.</summary>
    public static TableDefinition Prune(TableDefinition table)
    {
        if (!table.Columns.Any(c => c.IsHidden))
        {
            return table;
        }

        var used = table.Indexes.SelectMany(i => i.Columns).Select(c => c.Column).ToHashSet();
        return table with { Columns = table.Columns.RemoveAll(c => c.IsHidden && !used.Contains(c.Id)) };
    }

    /// <summary>The table without the indexes that have an expression or a condition which reads a column; and those.</summary>
    /// <param name="withConditions">Whether an index goes for its WHERE too.</param>
    public static (TableDefinition Table, ImmutableArray<Removed> Removed) Without(DatabaseCatalog catalog, TableDefinition table, ColumnDefinition column, bool withConditions)
    {
        var place = table.IndexOf(column.Id);
        bool Reads(string sql) => StoredExpressions.ColumnsReadBy(catalog, table, sql).Contains(place);
        var hidden = table.Columns.Where(c => c.IsHidden && Reads(c.ComputedSql!)).Select(c => c.Id).ToHashSet();
        var removed = table.Indexes.Where(i => i.Columns.Any(c => hidden.Contains(c.Column)) || (withConditions && i.FilterSql is not null && Reads(i.FilterSql))).ToImmutableArray();
        return removed.IsEmpty ? (table, [])
            : (Prune(table with { Indexes = table.Indexes.RemoveRange(removed) }),
                ImmutableArray.CreateRange(removed, i => new Removed(i, ImmutableArray.CreateRange(i.Columns, c => KeyOf(table, c)))));
    }

    /// <summary>Makes indexes anew that were taken away.</summary>
    /// <param name="replaced">The columns that got other ids meanwhile.</param>
    public static void Restore(TableId id, ImmutableArray<Removed> removed, Func<ColumnId, ColumnId> replaced, StatementContext context)
    {
        foreach (var (index, keys) in removed)
        {
            var anew = index with { Id = new IndexId(context.Transaction!.Catalog.IndexIdNext), Included = ImmutableArray.CreateRange(index.Included, replaced) };
            var table = context.Transaction.BeginChange(id);
            Add(table, anew, ImmutableArray.CreateRange(keys, k => k.Sql is null ? k with { Column = replaced(k.Column) }
                : FindNamed(table, k.Sql) is { IsVirtual: false } stored ? new Key(stored.Id, null, k.IsDescending) : k), context);
        }
    }

    /// <summary>What stands for a column that is computed when it is read, where an index is over it: its name in quotes.</summary>
    public static string SqlOf(ColumnDefinition column) => $"\"{column.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>The column that an expression of an index is nothing but the name of; null for other expressions.</summary>
    public static ColumnDefinition? FindNamed(TableDefinition table, string sql) => table.NamedColumns.FirstOrDefault(c => SqlOf(c) == sql);

    private static Key KeyOf(TableDefinition table, IndexColumn column)
        => new(column.Column, table.FindColumn(column.Column) is { IsHidden: true, ComputedSql: var sql } ? sql : null, column.IsDescending);

    private static ColumnId FindOrAddColumn(ref TableDefinition table, string sql, StatementContext context, IReadOnlyDictionary<string, int>? origins)
    {
        var transaction = context.Transaction!;
        var before = table;
        var statement = new StatementScope(transaction.Catalog, ImmutableDictionary<string, DataType>.Empty);
        ImmutableArray<LogicalColumn> columns = [.. before.Columns.Select(c => statement.NewColumn(before, c))];
        var stored = new StoredExpressions(statement, origins);
        var value = stored.IndexKey(before, sql, columns);
        foreach (var known in before.Columns)
        {
            if (known.IsHidden && (known.ComputedSql == sql || ExpressionTree.AreSame(stored.IndexKey(before, known.ComputedSql!, columns), value)))
            {
                return known.Id;
            }
        }

        var column = new ColumnDefinition(new ColumnId(before.ColumnIdNext), sql, value.Type) { ComputedSql = sql, IsHidden = true };
        var between = before with { Columns = before.Columns.Add(column), ColumnIdNext = before.ColumnIdNext + 1 };
        StoredExpressions.Validate(transaction.Catalog.With(between), between, origins);
        if (TableAlteration.IsEmpty(before, transaction))
        {
            transaction.PutTable(between);
        }
        else
        {
            RowFill.Run(before, between, column, (expressions, read) => expressions.Computed(before, column, read), context);
        }

        table = between;
        return column.Id;
    }
}
