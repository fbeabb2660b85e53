using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.SystemTables;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>The parsed text of a command. Immutable but for its cached plans; shared by all connections to a database.</summary>
internal sealed class Script(string text, ImmutableArray<Statement> statements)
{
    public string Text { get; } = text;

    public ImmutableArray<Statement> Statements { get; } = statements;

    public static Script Parse(string text)
        => new(text, [.. Parser.ParseScript(text).Select(syntax => new Statement(syntax, text))]);
}

/// <summary>One statement of a script, with the plans that were made for it. Thread-safe.</summary>
/// <remarks>
/// A plan fits one schema and one list of parameter types. The schema is compared by reference, not by its version: a transaction that
/// is rolled back gives its version numbers back, and the next one uses them for other definitions.
/// </remarks>
internal sealed class Statement(StatementSyntax syntax, string text)
{
    // Callers vary in the types of their nulls; more than a few variants mean that nothing is gained by keeping them.
    private const int PlanCountMax = 4;

    // Of these; then one is made for all values.
    private const int PlanCountForValuesMax = PlanCountMax - 1;

    // For all paths that sessions look names up along: those of temporary tables have one each.
    private const int PlanCountOfPathsMax = 32;

    private volatile CachedPlan[] plans = [];

    public StatementSyntax Syntax { get; } = syntax;

    /// <summary>The script that it stands in.</summary>
    public string Text => text;

    /// <summary>Whether the session carries it out itself, without a plan.</summary>
    public bool IsSessionStatement { get; } = syntax is BeginSyntax or SetTransactionSyntax or CommitSyntax or RollbackSyntax or SavepointSyntax
        or RollbackToSavepointSyntax or ReleaseSavepointSyntax or SetSyntax or ShowSyntax or CheckpointSyntax or VacuumSyntax or AnalyzeSyntax or DoSyntax or LockTableSyntax or PrepareSyntax or DeallocateSyntax;

    /// <summary>Whether it is a SELECT, VALUES or the like: it reads, most likely.</summary>
    public bool IsSelect { get; } = syntax is SelectStatementSyntax;

    /// <summary>FOR UPDATE and the like of a query; null without.</summary>
    public LockingSyntax? Locking { get; } = syntax switch
    {
        SelectStatementSyntax select => select.Locking,
        ExplainSyntax { IsAnalyze: true, Statement: SelectStatementSyntax select } => select.Locking,
        _ => null,
    };

    private long callCount;
    private long rowCount;
    private long totalTicks;
    private long greatestTicks;

    /// <summary>Counts a run. Called only while statements are tracked.</summary>
    public void Record(TimeSpan time, long rows)
    {
        Interlocked.Increment(ref callCount);
        Interlocked.Add(ref rowCount, rows);
        Interlocked.Add(ref totalTicks, time.Ticks);
        var greatest = Volatile.Read(ref greatestTicks);
        while (time.Ticks > greatest)
        {
            var seen = Interlocked.CompareExchange(ref greatestTicks, time.Ticks, greatest);
            if (seen == greatest)
            {
                break;
            }

            greatest = seen;
        }
    }

    /// <summary>What its runs took so far.</summary>
    public StatementStatistics Describe()
        => new(
            Syntax.Span.Of(text), Interlocked.Read(ref callCount), new TimeSpan(Interlocked.Read(ref totalTicks)), new TimeSpan(Interlocked.Read(ref greatestTicks)),
            Interlocked.Read(ref rowCount));

    /// <param name="optimizes">False for the plain form of the plan, see <see cref="SessionSettings.Optimizes"/>.</param>
    /// <param name="cancellation">Ends the planning.</param>
    public BoundStatement Bind(DatabaseCatalog catalog, ParameterList parameters, bool optimizes = true, CancellationToken cancellation = default)
        => Find(catalog, parameters, optimizes, null, null, cancellation).Bound;

    /// <summary>The plan for a schema and types of parameters, made if need be; anew when tables that decided about it have grown or shrunk many times over.</summary>
    public CachedPlan Find(DatabaseCatalog catalog, ParameterList parameters, bool optimizes, Snapshot? snapshot = null, TimeProvider? clock = null, CancellationToken cancellation = default)
    {
        var seen = plans;
        CachedPlan? forAll = null;
        var count = 0;
        foreach (var plan in seen)
        {
            if (!ReferenceEquals(plan.Catalog, catalog) || (snapshot is not null && !plan.Bound.Fits(snapshot)))
            {
                continue;
            }

            // Of other types too: plans for values must not drive each other out.
            count++;
            if (plan.Optimizes != optimizes || !parameters.Matches(plan.Signature))
            {
                continue;
            }

            if (plan.Bound.Probes.IsEmpty)
            {
                forAll ??= plan;
            }
            else if (FitsValues(plan.Bound.Probes, parameters))
            {
                return plan;
            }
        }

        if (forAll is not null)
        {
            return forAll;
        }

        using var watched = Recursion.Watch(cancellation);
        var bound = Plan(catalog, count < PlanCountForValuesMax, parameters, optimizes, snapshot, clock);

        // Racing threads may each add theirs and lose the other's: it is planned again then.
        var countOfPath = 1;
        var kept = seen.Where(p => ReferenceEquals(p.Catalog, catalog) ? countOfPath++ < PlanCountMax : ReferenceEquals(p.Catalog.Root, catalog.Root)).Take(PlanCountOfPathsMax - 1);
        var made = new CachedPlan(catalog, parameters.ToSignature(), optimizes, bound)
        {
            Stash = bound.Kind == StatementKind.Query && Reuse.IsPossible(bound.Plan) ? new QueryStash() : null,
        };
        plans = [made, .. kept];
        return made;
    }

    private static bool FitsValues(ImmutableArray<ValueProbe> probes, ParameterList parameters)
    {
        foreach (var probe in probes)
        {
            if (!probe.Fits(ValueOf(parameters, probe.Parameter, probe.Type)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A parameter's value as the plan will read it; null when it is NULL or cannot be converted, which is told when it is read.</summary>
    private static object? ValueOf(ParameterList parameters, string name, DataType type)
    {
        if (parameters.IndexOf(name) is not (>= 0 and var index) || parameters.Inputs[index].Value is not { } value || value is DBNull)
        {
            return null;
        }

        try
        {
            return ParameterConversion.ToCanonical(value, type, name);
        }
        catch (EngramException)
        {
            return null;
        }
    }

    private BoundStatement Plan(DatabaseCatalog catalog, bool isForValues, ParameterList parameters, bool optimizes, Snapshot? snapshot, TimeProvider? clock)
        => Planner.Plan(
            Syntax, text, catalog, parameters, optimizes,
            snapshot is null ? null : new SampledStatistics(snapshot, clock ?? TimeProvider.System, isForValues ? (name, type) => ValueOf(parameters, name, type) : null));
}

/// <summary>A plan with what it was made for.</summary>
internal sealed record CachedPlan(DatabaseCatalog Catalog, (string Name, DataType Type)[] Signature, bool Optimizes, BoundStatement Bound)
{
    /// <summary>Where its operators rest between two executions; null when they are made for each.</summary>
    public QueryStash? Stash { get; init; }
}
