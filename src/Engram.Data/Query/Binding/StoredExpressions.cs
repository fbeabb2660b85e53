using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>Expressions that the catalog keeps as text: defaults, computed columns, checks. Bound anew for every plan, so that renaming and retyping need no upkeep.</summary>
/// <param name="statement">That binds them.</param>
/// <param name="origins">Where expressions stand in the statement that writes them, by their text: errors point there. Of others that text knows nothing.</param>
internal sealed class StoredExpressions(StatementScope statement, IReadOnlyDictionary<string, int>? origins = null)
{
    private EngramException? located;

    /// <summary>A column's default, NULL when it has none; NULL also stands for "generate" in an identity.</summary>
    public BoundExpression Default(TableDefinition table, ColumnDefinition column)
    {
        if (column.DefaultSql == null)
        {
            return new BoundConstant(column.Type, null);
        }

        return Located(column.DefaultSql, () =>
        {
            var value = Settle(new ExpressionBinder(statement, null, "DEFAULT").Bind(Parser.ParseExpression(column.DefaultSql)), table.Schema);
            return CanAssign(value, column.Type)
                ? Into(value, table, column)
                : throw Error.CannotAssign(column.Name, column.Type.ToString(), value.Type.ToString(), 0);
        });
    }

    /// <summary>Names of sequences that stand in a default without a schema mean those of the table's schema, else public ones, whatever the search path of who inserts.</summary>
    private BoundExpression Settle(BoundExpression value, string schema)
    {
        if (statement.Catalog.SearchPath is [DatabaseCatalog.DefaultSchema] && schema == DatabaseCatalog.DefaultSchema)
        {
            return value;
        }

        return ExpressionTree.Rewrite(value, e => e is BoundCall { Function.Name: "nextval" or "currval" or "setval", Arguments: [BoundConstant { Value: string name } first, ..] } call
            && Parser.ParseNameText(name) is { Schema: null } written
            && NameMatch.FindObject<SequenceDefinition>(statement.Catalog.Along([schema, DatabaseCatalog.DefaultSchema]), written) is { } sequence
                ? call with { Arguments = call.Arguments.SetItem(0, first with { Value = $"{Quote(sequence.Schema)}.{Quote(sequence.Name)}" }) }
                : null);
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>What a computed column is computed from; null when the column is none.</summary>
    /// <param name="index">The column's place in the table.</param>
    /// <param name="columns">The columns that the expression reads: the table's, in their order.</param>
    public BoundExpression? Computed(TableDefinition table, int index, ImmutableArray<LogicalColumn> columns)
        => table.Columns[index].ComputedSql is null ? null : Computed(table, table.Columns[index], columns);

    /// <summary>The same for a computed column that the table need not have yet.</summary>
    public BoundExpression Computed(TableDefinition table, ColumnDefinition column, ImmutableArray<LogicalColumn> columns)
    {
        // Only what indexes are over reads columns that are computed themselves.
        var value = column.IsHidden ? Bind(table, column.ComputedSql!, columns) : BindAsWritten(table, column.ComputedSql!, columns);
        return CanAssign(value, column.Type)
            ? Into(value, table, column)
            : throw Error.CannotAssign(column.Name, column.Type.ToString(), value.Type.ToString(), 0);
    }

    /// <summary>What stands for the columns that are computed when they are read, by the ids of these.</summary>
    /// <param name="table">Whose columns they are.</param>
    /// <param name="columns">All of the table's; others among them are passed over.</param>
    public Dictionary<int, BoundExpression> Virtuals(TableDefinition table, ImmutableArray<LogicalColumn> columns)
        => columns.Where(c => c.Definition is { IsVirtual: true })
            .ToDictionary(c => c.Id, c => Collations.Relabel(Computed(table, c.Definition!, columns), c.Definition!.Type.Collation));

    /// <summary>What rows that are there get in a column of another type: the old value as if it were assigned, or what USING says.</summary>
    /// <param name="table">As it was.</param>
    /// <param name="changed">The column as it will be.</param>
    /// <param name="usingSql">Null for the old value of the column of the same name.</param>
    /// <param name="columns">The table's, in their order.</param>
    /// <param name="position">Of the change, for messages.</param>
    public BoundExpression Retyped(TableDefinition table, ColumnDefinition changed, string? usingSql, ImmutableArray<LogicalColumn> columns, int position)
    {
        var value = Bind(table, usingSql ?? $"\"{changed.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", columns);
        if (!CanAssign(value, changed.Type))
        {
            throw Error.NoConversion($"{table}.{changed.Name}", value.Type.ToString(), changed.Type.ToString(), position);
        }

        var converted = Into(value, table, changed);
        CheckContents(converted, $"The new value of column {changed.Name}", allowsVolatile: true);
        return converted;
    }

    public BoundExpression Check(TableDefinition table, CheckDefinition check, ImmutableArray<LogicalColumn> columns)
        => Located(check.Sql, () => ExpressionBinder.ToBoolean(Bind(table, check.Sql, columns), $"The condition of check {check.Name}", 0));

    /// <summary>The WHERE of a partial index.</summary>
    public BoundExpression IndexCondition(TableDefinition table, IndexDefinition index, ImmutableArray<LogicalColumn> columns)
        => Located(index.FilterSql!, () => ExpressionBinder.ToBoolean(Bind(table, index.FilterSql!, columns), $"The condition of index {index.Name}", 0));

    /// <summary>An expression that an index is over.</summary>
    public BoundExpression IndexKey(TableDefinition table, string sql, ImmutableArray<LogicalColumn> columns)
    {
        var value = Bind(table, sql, columns);
        return value.Type.Kind == TypeKind.Unknown ? Coercion.Convert(value, DataType.Text, false) : value;
    }

    /// <summary>Binds every stored expression of a table that is about to be created or changed, so that mistakes show now and not at the first row.</summary>
    public static void Validate(DatabaseCatalog catalog, TableDefinition table)
        => Validate(catalog, table, null);

    /// <param name="origins">Where expressions stand in the statement's text, by their own.</param>
    public static void Validate(DatabaseCatalog catalog, TableDefinition table, IReadOnlyDictionary<string, int>? origins)
        => new StoredExpressions(new StatementScope(catalog, ImmutableDictionary<string, DataType>.Empty), origins).Validate(table);

    private void Validate(TableDefinition table)
    {
        var columns = table.Columns.Select(c => statement.NewColumn(table, c)).ToImmutableArray();
        for (var i = 0; i < table.Columns.Length; i++)
        {
            var column = table.Columns[i];
            Located(column.DefaultSql ?? "", () => CheckContents(Default(table, column), $"The default of column {column.Name}", allowsVolatile: true));
            if (Computed(table, i, columns) is { } computed)
            {
                var what = column.IsHidden ? $"The expression ({column.Name}) of an index" : $"The computed column {column.Name}";
                Located(column.ComputedSql!, () => CheckContents(computed, what, allowsVolatile: false));
                if (!column.IsHidden && table.Columns.Zip(columns).Any(c => c.First.ComputedSql != null && ExpressionTree.ColumnsOf(computed).Contains(c.Second.Id)))
                {
                    Located<bool>(column.ComputedSql!, () => throw Error.InvalidTableDefinition($"{what} reads a computed column. Repeat that column's expression.", 0));
                }
            }
        }

        foreach (var check in table.Checks)
        {
            Located(check.Sql, () => CheckContents(Check(table, check, columns), $"Check {check.Name}", allowsVolatile: false));
        }

        foreach (var index in table.Indexes)
        {
            if (index.FilterSql is not null)
            {
                Located(index.FilterSql, () => CheckContents(IndexCondition(table, index, columns), $"The condition of index {index.Name}", allowsVolatile: false));
            }
        }
    }

    /// <summary>The places of the table's columns that an expression of its own reads, ascending.</summary>
    /// <param name="asWritten">Whether a column that is computed when it is read counts itself; else what it is computed from does.</param>
    public static ImmutableArray<int> ColumnsReadBy(DatabaseCatalog catalog, TableDefinition table, string sql, bool asWritten = true)
    {
        var statement = new StatementScope(catalog, ImmutableDictionary<string, DataType>.Empty);
        ImmutableArray<LogicalColumn> columns = [.. table.Columns.Select(c => statement.NewColumn(table, c))];
        var stored = new StoredExpressions(statement);
        var read = ExpressionTree.ColumnsOf(asWritten ? stored.BindAsWritten(table, sql, columns) : stored.Bind(table, sql, columns));
        return [.. Enumerable.Range(0, columns.Length).Where(i => read.Contains(columns[i].Id))];
    }

    /// <summary>Whether a value may be stored in a column of a type without a cast being written.</summary>
    public static bool CanAssign(BoundExpression value, DataType type)
        => Coercion.IsUntyped(value) || TypeConversions.IsAssignable(value.Type, type)
            || (value is ParameterReference && (Coercion.IsRetypable(value.Type, type) || value.Type.Kind == TypeKind.Text));

    /// <summary>The value in the column's type; when it does not fit, the error names the column.</summary>
    public static BoundExpression Into(BoundExpression value, TableDefinition table, ColumnDefinition column) => Into(value, column, TargetOf(table, column));

    /// <summary>How errors name the column.</summary>
    public static string TargetOf(TableDefinition table, ColumnDefinition column) => $"{table.Name}.{column.Name}";

    /// <param name="target">By <see cref="TargetOf"/>: once for all rows.</param>
    public static BoundExpression Into(BoundExpression value, ColumnDefinition column, string target)
    {
        var type = column.Type with { Collation = value.Type.Kind == column.Type.Kind ? value.Type.Collation : Collation.Default };
        var converted = Coercion.Convert(value, type, false, target);
        return converted is BoundCast cast && !ReferenceEquals(converted, value) ? cast with { Target = target } : converted;
    }

    private BoundExpression Bind(TableDefinition table, string sql, ImmutableArray<LogicalColumn> columns)
    {
        var bound = BindAsWritten(table, sql, columns);
        return table.Columns.Any(c => c.IsVirtual) ? ExpressionTree.Substitute(bound, Virtuals(table, columns)) : bound;
    }

    private BoundExpression BindAsWritten(TableDefinition table, string sql, ImmutableArray<LogicalColumn> columns)
    {
        var scope = new Scope(null, null);
        scope.Tables.Add(new ScopeTable(table.Name, table.Schema, [.. columns.Where(c => c.Definition is { IsHidden: false }).Select(c => new ScopeColumn(c.Name, c))]));
        return Located(sql, () => new ExpressionBinder(statement, scope, "an expression of the schema").Bind(Parser.ParseExpression(sql)));
    }

    /// <summary>Positions in an expression's own text become those in the statement's, or none.</summary>
    private T Located<T>(string sql, Func<T> bind)
    {
        try
        {
            return bind();
        }
        catch (EngramException e) when (e.Position > 0 && located != e)
        {
            located = e;
            throw e.At(origins is not null && origins.TryGetValue(sql, out var start) ? start + e.Position - 1 : -1);
        }
    }

    private static bool CheckContents(BoundExpression expression, string what, bool allowsVolatile)
    {
        if (ExpressionTree.Any(expression, e => e is ParameterReference))
        {
            throw Error.InvalidTableDefinition($"{what} names a parameter, which has no value later. Write the value.", 0);
        }

        if (ExpressionTree.Any(expression, e => e is LogicalSubquery))
        {
            throw Error.InvalidTableDefinition($"{what} holds a query. Compute it in the statement that writes the row.", 0);
        }

        if (!allowsVolatile && ExpressionTree.Any(expression, e => e is BoundCall { Function.Volatility: not Volatility.Immutable }))
        {
            throw Error.InvalidTableDefinition($"{what} calls a function whose result changes from call to call. Compute it in the statement that writes the row.", 0);
        }

        return true;
    }
}
