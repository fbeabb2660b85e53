using System.Diagnostics.CodeAnalysis;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The query vectors of the next left rows of a LATERAL whose right side is a search, and the rows that one pass over the table found for all of them.</summary>
/// <remarks>
/// <para><b>The problem.</b> A search reads the codes of a whole table, which memory bounds. LATERAL makes one for each left row, and its filter is evaluated anew each time.</para>
/// <para><b>The picture.</b> When <see cref="ApplyOperator"/> comes to a left row without an answer it leaves here the query vectors of that row and of the following ones of its batch. If the
/// right side then does search, <see cref="VectorTopKOperator"/> looks for all of them at once: each block's filter is evaluated once, and its codes, once read, are in the caches for the other queries. The
/// answers wait here for their rows.</para>
/// <para><b>Same results.</b> Each query has a search of its own, which depends on no other. Only the query vector may depend on the left row, and nothing on chance; other LATERALs search row by row. A
/// vector that cannot be computed, has another number of dimensions or is NULL is left for its own row, which says what is wrong when it is its turn, or never is.</para>
/// <para><b>Bounds.</b> No more queries than <see cref="QueryCountMax"/>, and one at a time where more than <see cref="RowCountMax"/> rows would be kept for them; the first left row goes alone, and then four times as many as the last time: where a LIMIT above, or an error, ends the query early, little was searched for in vain.</para>
/// </remarks>
internal sealed class VectorAnswers : IDisposable
{
    public const int QueryCountMax = 16;

    /// <summary>As many rows as a full pass may ask for: with k above 4,096 there is none.</summary>
    private const long RowCountMax = 65_536;

    private const int Growth = 4;

    private readonly Evaluator query;
    private readonly ColumnBuffer vectors;
    private readonly (long[] Ids, double[] Scores)?[] found = new (long[], double[])?[QueryCountMax];
    private int first;
    private int current;
    private int countWanted = 1;
    private bool isSearched;

    private VectorAnswers(VectorTopKPlan plan, StatementContext context)
    {
        Plan = plan;
        query = EvaluatorFactory.Create(plan.Query, context);
        vectors = new ColumnBuffer(plan.Query.Type, QueryCountMax);
    }

    /// <summary>Whose answers these are.</summary>
    public VectorTopKPlan Plan { get; }

    /// <summary>Whether there is room for another query.</summary>
    public bool IsOpen => vectors.Count < countWanted;

    /// <summary>Null when the right side is no search, or one whose rows depend on the left row by more than its query.</summary>
    public static VectorAnswers? TryCreate(ApplyPlan apply, StatementContext context)
    {
        var plan = apply.Right;
        while (plan is ProjectPlan or FilterPlan or LimitPlan or SortPlan or AggregatePlan or DistinctPlan or WindowPlan)
        {
            plan = PlanWalker.Inputs(plan).Single();
        }

        // What a transaction changed may change between two left rows.
        return plan is VectorTopKPlan { Order: SearchOrder.Distance, Graph: null } search && context.Transaction is null && IsSteady(search.Query) && DependsOnQueryAlone(search)
            ? new VectorAnswers(search, context) : null;
    }

    /// <summary>Whether a left row's query is among those that are here.</summary>
    public bool Covers(int row) => row >= first && row < first + vectors.Count;

    /// <summary>Begins anew with a left row; its query and those of the next are to be added while there is room.</summary>
    public void Begin(int row)
    {
        Clear();
        first = row;
    }

    /// <summary>Adds the query of the left row whose values are in the slots; false when it cannot be computed.</summary>
    public bool TryAdd()
    {
        try
        {
            vectors.AppendFrom(query.Evaluate(new Batch(0) { RowCount = 1 }, null), 0);
            return true;
        }
        catch (EngramException)
        {
            // It is computed again when it is the row's turn, and the error is told then; rows before it may be all that is asked for.
            return false;
        }
    }

    /// <summary>Says which left row is searched for next.</summary>
    public void MoveTo(int row) => current = row - first;

    /// <summary>The answer for the current left row.</summary>
    public bool TryTake(out (long[] Ids, double[] Scores) answer)
    {
        answer = isSearched && current < vectors.Count ? found[current].GetValueOrDefault() : default;
        return answer.Ids is not null;
    }

    /// <summary>The queries that are to be answered in one pass; false when it is better to search for the current one alone.</summary>
    /// <param name="lengthBytes">What a query must have; 0 when rows differ, so that any of them may refuse it.</param>
    /// <param name="k">Rows that are wanted of each.</param>
    public bool TryGetQueries(int lengthBytes, long k, [NotNullWhen(true)] out List<(int Number, Bytes Vector)>? queries)
    {
        queries = null;
        if (isSearched || lengthBytes == 0 || vectors.Count < 2 || k > RowCountMax / QueryCountMax)
        {
            return false;
        }

        queries = [];
        for (var i = current; i < vectors.Count; i++)
        {
            if (!vectors.Column.IsNull(i) && vectors.Column.Get<Bytes>(i) is var vector && vector.Length == lengthBytes)
            {
                queries.Add((i, vector));
            }
        }

        isSearched = queries.Count > 1;
        return isSearched;
    }

    public void Answer(int number, long[] ids, double[] scores) => found[number] = (ids, scores);

    /// <summary>Forgets everything, as before another execution.</summary>
    public void Reset()
    {
        Clear();
        countWanted = 1;
        first = 0;
    }

    public void Dispose()
    {
        query.Dispose();
        vectors.Dispose();
    }

    private static bool DependsOnQueryAlone(VectorTopKPlan search)
        => IsFixed(search.Filter) && IsFixed(search.Limit) && IsFixed(search.Offset) && search.Bounds.All(b => IsFixed(b.Value)) && search.Conditions.All(c => IsFixed(c.Value));

    private static bool IsFixed(BoundExpression? expression) => expression is null || SplitInput.IsRepeatable(expression);

    private static bool IsSteady(BoundExpression expression)
        => expression is not (BoundSubquery or BoundCall { Function.Volatility: Volatility.Volatile }) && PlanWalker.Children(expression).All(IsSteady);

    private void Clear()
    {
        if (vectors.Count > 0)
        {
            countWanted = Math.Min(countWanted * Growth, QueryCountMax);
        }

        vectors.Clear();
        Array.Clear(found);
        isSearched = false;
    }
}
