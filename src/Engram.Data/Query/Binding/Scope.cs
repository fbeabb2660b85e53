using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>A column as a query sees it.</summary>
/// <param name="Name">By which it is found: the column's own, or that of a list of aliases.</param>
/// <param name="IsMerged">Left out of <c>*</c> and of names without a table, since USING merged it with another.</param>
internal sealed record ScopeColumn(string Name, LogicalColumn Column, bool IsMerged = false);

/// <summary>One table of a FROM clause by the name that it is known by; null for columns that belong to no table, as those that USING merged.</summary>
internal sealed record ScopeTable(string? Name, string? Schema, IReadOnlyList<ScopeColumn> Columns)
{
    /// <summary>A function of one value a row: the name of the table, where no column has it, means that value.</summary>
    public bool IsScalar { get; init; }
}

/// <summary>The columns that an expression may name: those of a query's tables, then those of the queries around it.</summary>
internal sealed class Scope(Scope? outer, CommonTableScope? commonTables)
{
    public Scope? Outer { get; } = outer;

    public CommonTableScope? CommonTables { get; set; } = commonTables;

    public List<ScopeTable> Tables { get; } = [];

    /// <summary>Where aggregates over this scope's columns go that stand in subqueries; null while none can.</summary>
    public AggregateCollector? Aggregates { get; set; }

    /// <summary>In RETURNING of MERGE: what merge_action() gives. Null elsewhere.</summary>
    public LogicalColumn? MergeAction { get; set; }

    /// <summary>Adds a table; two tables of one FROM clause cannot have one name.</summary>
    public void Add(ScopeTable table, int position)
    {
        if (table.Name != null && Tables.Exists(t => t.Name == table.Name && t.Schema == table.Schema))
        {
            throw Error.DuplicateAlias(table.Name, position);
        }

        Tables.Add(table);
    }

    /// <summary>Finds a column here, else in the queries around.</summary>
    public LogicalColumn Find(ColumnReferenceSyntax reference)
    {
        for (var scope = this; scope != null; scope = scope.Outer)
        {
            if (scope.TryFind(reference, out var isQualifierKnown) is { } column)
            {
                return column;
            }

            if (isQualifierKnown)
            {
                var names = scope.Tables.SelectMany(t => t.Columns).Select(c => c.Name);
                throw Error.UndefinedColumn(reference.Column.Text, reference.Table!.ToString(), NameMatch.Similar(reference.Column.Text, names), reference.Position);
            }
        }

        if (reference.Table != null)
        {
            throw Error.UndefinedQualifier(reference.Table.ToString(), reference.Position);
        }

        throw Error.UndefinedColumn(reference.Column.Text, NameMatch.Similar(reference.Column.Text, AllNames()), reference.Position);
    }

    /// <summary>Whether a name without a table means a column of this scope itself.</summary>
    public bool Contains(ColumnReferenceSyntax reference) => TryFind(reference, out _) != null;

    /// <summary>The tables that the qualifier of <c>t.*</c> or <c>t.column</c> means in this scope alone.</summary>
    public List<ScopeTable> FindTables(ObjectNameSyntax qualifier)
        => NameMatch.Find(qualifier.Name, Tables.Where(t => t.Name != null && MatchesSchema(t, qualifier.Schema)), t => t.Name!);

    private static bool MatchesSchema(ScopeTable table, IdentifierSyntax? schema)
        => schema == null || (table.Schema != null && NameMatch.Find(schema, [table.Schema], s => s).Count > 0);

    private LogicalColumn? TryFind(ColumnReferenceSyntax reference, out bool isQualifierKnown)
    {
        isQualifierKnown = false;
        IEnumerable<ScopeTable> tables = Tables;
        if (reference.Table != null)
        {
            var named = FindTables(reference.Table);
            isQualifierKnown = named.Count > 0;
            tables = named;
        }

        var candidates = tables.SelectMany(t => t.Columns.Where(c => reference.Table != null || !c.IsMerged).Select(c => (Table: t, Column: c)));
        var found = NameMatch.Find(reference.Column, candidates, c => c.Column.Name);
        if (found.Count > 1 && found.Exists(f => f.Column.Column.Id != found[0].Column.Column.Id))
        {
            var (first, second) = (found[0], found[1]);
            throw first.Table == second.Table
                ? Error.AmbiguousName("column", reference.Column.Text, reference.Position)
                : Error.AmbiguousColumn(reference.Column.Text, first.Table.Name ?? "a join", second.Table.Name ?? "a join", reference.Position);
        }

        if (found.Count == 0 && reference.Table == null
            && NameMatch.Find(reference.Column, Tables.Where(t => t is { IsScalar: true, Name: not null }), t => t.Name!) is [var scalar])
        {
            return scalar.Columns[0].Column;
        }

        return found.Count == 0 ? null : found[0].Column.Column;
    }

    private IEnumerable<string> AllNames()
    {
        for (var scope = this; scope != null; scope = scope.Outer)
        {
            foreach (var column in scope.Tables.SelectMany(t => t.Columns))
            {
                yield return column.Name;
            }
        }
    }
}
