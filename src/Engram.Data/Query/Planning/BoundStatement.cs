using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Planning;

/// <summary>What a statement does to the database: which transaction it needs.</summary>
internal enum StatementKind
{
    Query,
    Dml,
    Ddl,
    Session,
}

/// <summary>A parameter as the statement's text names it.</summary>
/// <param name="Name">Without its prefix; the decimal digits for <c>$1</c>.</param>
/// <param name="Type">What the plan expects its value to be converted to.</param>
internal sealed record StatementParameter(string Name, DataType Type)
{
    /// <summary>The 0-based offset at which the text names it first; -1 when that is not known.</summary>
    public int Position { get; init; } = -1;

    public bool Equals(StatementParameter? other) => other is not null && Name == other.Name && Type == other.Type;

    public override int GetHashCode() => HashCode.Combine(Name, Type);
}

/// <summary>One statement of a command text, ready to run: the unit of the plan cache.</summary>
/// <remarks>Bound by <c>Planner.Plan(StatementSyntax, string text, DatabaseCatalog, IReadOnlyDictionary&lt;string, DataType&gt; parameterTypes)</c>: the types are those that
/// the caller's values have (Unknown for a bare null), by name; the planner decides what each is converted to.</remarks>
internal sealed record BoundStatement(StatementKind Kind, Plan Plan, ImmutableArray<StatementParameter> Parameters)
{
    // A table that grows from nothing is small for its first rows; one that is large may grow so many times over.
    private const long RowsSlack = 1000;
    private const long FactorMax = 8;

    /// <summary>How many rows the tables had whose size decided about the order of joins.</summary>
    public ImmutableArray<(TableId Table, long Rows)> RowCounts { get; init; } = [];

    /// <summary>Where the values of parameters lay that decided about the plan; none when it is one for all values.</summary>
    public ImmutableArray<ValueProbe> Probes { get; init; } = [];

    /// <summary>Whether the tables still have about as many rows as when the plan was made.</summary>
    public bool Fits(Snapshot snapshot)
    {
        foreach (var (table, rows) in RowCounts)
        {
            var now = snapshot.EstimateRowCount(table);
            if (now > (rows + RowsSlack) * FactorMax || rows > (now + RowsSlack) * FactorMax)
            {
                return false;
            }
        }

        return true;
    }
}
