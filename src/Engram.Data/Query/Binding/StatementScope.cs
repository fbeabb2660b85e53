using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>What all binders of one statement share: the schema, the types of the given parameters, and the ids of columns.</summary>
internal sealed class StatementScope(DatabaseCatalog catalog, IReadOnlyDictionary<string, DataType> parameterTypes)
{
    /// <summary>Common tables are bound anew wherever they are named; this many times in all.</summary>
    private const int CommonTableUsesMax = 500;

    private readonly List<LogicalColumn> columns = [];
    private readonly StatementScope? outer;
    private readonly ViewDefinition? view;
    private int commonTableUses;
    private int workingTableNext;

    /// <summary>Inside the text of a view: what its names mean is settled, and it has no parameters.</summary>
    private StatementScope(StatementScope outer, ViewDefinition view)
        : this(outer.Catalog, ImmutableDictionary<string, DataType>.Empty)
    {
        (this.outer, this.view) = (outer, view);
        columns = outer.columns;
    }

    /// <summary>While a view is created: receives what the names in its text stand for. Null otherwise.</summary>
    public List<ViewSource>? Sources { get; init; }

    public DatabaseCatalog Catalog { get; } = catalog;

    /// <summary>The WITH of the statement itself, whose common tables may change data; null where none may.</summary>
    public WithSyntax? TopWith { get; init; }

    /// <summary>The common tables that change data, as they are bound: each once, however often it is named.</summary>
    public List<BoundModification> Modifications { get; } = [];

    /// <summary>The type of the value that the caller gave; Unknown for a bare null and for a parameter that was not given.</summary>
    public DataType ParameterType(string name, int position = 0)
    {
        if (view is not null || Sources is not null)
        {
            throw Error.ParameterInView(position);
        }

        ParameterPositions.TryAdd(name, position);
        return parameterTypes.TryGetValue(name, out var type) ? type : DataType.Unknown;
    }

    /// <summary>Where the text names each parameter first.</summary>
    public Dictionary<string, int> ParameterPositions { get; } = [];

    /// <summary>What a name stands for in the text of the view that is being bound; null when it is none of its tables and views, or no view is bound.</summary>
    public ViewSource? FindSource(ObjectNameSyntax name)
        => view is null ? null
            : NameMatch.Find(name.Name, view.Sources.Where(s => s.Schema == (name.Schema is null ? null : NameMatch.Fold(name.Schema))), s => s.Name).FirstOrDefault();

    /// <summary>Binds the text of a view anew.</summary>
    public BoundQuery BindView(ViewDefinition definition)
    {
        Recursion.Check();
        var query = new QueryBinder(new StatementScope(this, definition)).Bind(Parser.ParseQuery(definition.Sql), null, null);
        return query.Columns.Length >= definition.Columns.Length ? query : throw Error.ViewChanged(definition.ToString());
    }

    public LogicalColumn NewColumn(string name, DataType type) => Keep(new LogicalColumn(columns.Count, name, type));

    /// <summary>A column of a table, for one place where the table is named.</summary>
    public LogicalColumn NewColumn(TableDefinition table, ColumnDefinition column)
        => Keep(new LogicalColumn(columns.Count, column.Name, column.Type) { Table = table, Definition = column, IsNullable = !column.IsNotNull });

    /// <summary>A column that shows another one under a new id.</summary>
    public LogicalColumn NewColumn(LogicalColumn source, string name) => Keep(source with { Id = columns.Count, Name = name });

    /// <summary>A column for the value of an expression.</summary>
    public LogicalColumn NewColumn(string name, BoundExpression expression)
        => Keep(new LogicalColumn(columns.Count, name, expression.Type) { IsDistance = IsDistance(expression) });

    /// <summary>
    /// NULL is the smallest value, so it comes first when ascending; but a row without an embedding is near to nothing, so after ORDER BY a
    /// distance it comes last either way.
    /// </summary>
    public SortKey SortKeyOf(BoundExpression expression, OrderItemSyntax syntax)
        => new(expression, syntax.IsDescending, syntax.NullsFirst ?? (!syntax.IsDescending && !IsDistance(expression)));

    /// <summary>The column with an id, as it was made.</summary>
    public LogicalColumn Column(int id) => columns[id];

    private bool IsDistance(BoundExpression expression)
        => expression is BoundColumn column ? columns[column.Ordinal].IsDistance : VectorDistances.IsDistanceOfAnyType(expression);

    private LogicalColumn Keep(LogicalColumn column)
    {
        columns.Add(column);
        return column;
    }

    /// <summary>A number for the working table of a recursive query, or of rows of RETURNING: one of the whole statement, its views included.</summary>
    public int NewWorkingTable() => outer is null ? workingTableNext++ : outer.NewWorkingTable();

    public void CountCommonTableUse(int position)
    {
        if (outer is not null)
        {
            outer.CountCommonTableUse(position);
        }
        else if (++commonTableUses > CommonTableUsesMax)
        {
            throw Error.NestedTooDeeply(CommonTableUsesMax, position);
        }
    }
}

/// <summary>A common table that changes data.</summary>
/// <param name="Rows">What RETURNING gives, where the statement reads it; null without RETURNING.</param>
/// <param name="Bound">A <see cref="BoundInsert"/> or a <see cref="BoundChange"/>.</param>
internal sealed record BoundModification(CommonTableSyntax Syntax, LogicalWorkingTable? Rows, object Bound);

/// <summary>A common table: its text, and what was in reach where it was defined.</summary>
internal sealed record CommonTable(string Name, CommonTableSyntax Syntax, CommonTableScope? Outer)
{
    /// <summary>Whether it may name itself: WITH RECURSIVE.</summary>
    public bool IsRecursive { get; init; }

    /// <summary>The columns in reach of the query that it stands in; null at the top.</summary>
    public Scope? Around { get; init; }

    /// <summary>While its recursive part is bound: what its own name means there, the rows of the step before.</summary>
    public LogicalWorkingTable? Working { get; init; }

    /// <summary>Whether anything names it: what nothing does is bound alone, so that its mistakes are found.</summary>
    public bool IsUsed { get; set; }
}

/// <summary>The common tables in reach, innermost first.</summary>
internal sealed record CommonTableScope(CommonTable Table, CommonTableScope? Next)
{
    public static CommonTable? Find(CommonTableScope? scope, IdentifierSyntax name)
    {
        var all = new List<CommonTable>();
        for (; scope != null; scope = scope.Next)
        {
            all.Add(scope.Table);
        }

        return NameMatch.Find(name, all, t => t.Name).FirstOrDefault();
    }
}
