using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The rows nearest to a vector, or near enough: a search over one scan (<see cref="VectorSearch"/>), then the rows themselves, by row id.</summary>
/// <remarks>Equal scores come in order of row id. Rows without a vector come last, in order of row id too, when fewer than k have one.</remarks>
internal sealed class VectorTopKOperator : Operator, IScanMeasure, IVectorMeasure
{
    private readonly VectorTopKPlan plan;
    private readonly StatementContext context;
    private readonly Evaluator query;
    private readonly VectorScan own;
    private readonly bool isSplit;
    private readonly VectorAnswers? answers;
    private readonly Batch batch;
    private readonly ColumnBuffer distances = new(DataType.Double);
    private VectorJob? job;
    private GraphScan? approximate;
    private VectorTally tally;
    private RowFetch? fetch;
    private long[]? rowIds;
    private double[] results = [];
    private int next;

    public VectorTopKOperator(VectorTopKPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        query = EvaluatorFactory.Create(plan.Query, context);
        own = new VectorScan(plan, context);
        isSplit = VectorJob.IsWorthwhile(plan, context);
        answers = context.Answers is { } ahead && ReferenceEquals(ahead.Plan, plan) ? ahead : null;
        batch = new Batch(plan.Output.Length);
    }

    public long BlocksTotal => tally.BlocksTotal;

    public long BlocksSkipped => tally.BlocksSkipped;

    public long BytesRead => tally.BytesRead;

    public long CodesRead => tally.CodesRead;

    public long RowsScored => tally.RowsScored;

    public int Workers => tally.Workers;

    public int Queries => tally.Queries;

    public override Batch? Next()
    {
        rowIds ??= Run();
        var count = Math.Min(rowIds.Length - next, Batch.RowCountMax);
        if (count <= 0)
        {
            return null;
        }

        if (plan.Columns.Length > 0)
        {
            fetch ??= context.Snapshot.OpenFetch(plan.Table.Id, plan.Columns.AsSpan());
            var found = fetch.Fetch(rowIds.AsSpan(next, count));
            if (found.RowCount != count || found.Selection is not null)
            {
                throw Error.Internal($"{count} rows of {plan.Table} were asked for by row id, {found.SelectedCount} were found");
            }

            found.Columns.AsSpan(0, plan.Columns.Length).CopyTo(batch.Columns);
        }

        if (plan.OutputDistance)
        {
            FillDistances(count);
        }

        batch.RowCount = count;
        next += count;
        return batch;
    }

    public override void Reset()
    {
        rowIds = null;
        next = 0;
    }

    public override void Dispose()
    {
        query.Dispose();
        own.Dispose();
        job?.Dispose();
        fetch?.Dispose();
        distances.Dispose();
    }

    private long[] Run()
    {
        var limit = LimitOperator.Read(plan.Limit, isOffset: false, context) ?? long.MaxValue;
        var offset = LimitOperator.Read(plan.Offset, isOffset: true, context) ?? 0;
        var k = limit > long.MaxValue - offset ? long.MaxValue : limit + offset;
        if (limit == 0 || ScoreConditions.Evaluate(plan.Conditions, context) is not { } conditions)
        {
            return [];
        }

        if (answers is not null && TryAhead(conditions, k, offset, limit, out var answered))
        {
            return answered;
        }

        var value = query.Evaluate(new Batch(0) { RowCount = 1 }, null);
        Bytes? vector = value.IsNull(0) ? null : value.Get<Bytes>(0);
        var column = plan.Table.FindColumn(plan.VectorColumn)!;
        if (vector is { } v && column.Type.Size > 0 && v.Length != column.Type.Size * sizeof(float))
        {
            throw Error.VectorDimensionsExpected($"{plan.Table.Name}.{column.Name}", column.Type.Size, v.Length / sizeof(float));
        }

        if (vector is null && conditions.Any)
        {
            return [];
        }

        using var target = vector is null ? null : new VectorQuery(vector.Value, plan.Metric, UsesCodes(conditions, k), walksGraphs: plan.Graph is not null);
        if (target is null || !TryApproximate(target, conditions, k))
        {
            var common = new ScoreLimit(conditions.Limit);
            Search(
                scan =>
                {
                    scan.SetSearchCount(1);
                    scan.Search.Begin(target, common, conditions, plan.Order, plan.Form, k);
                },
                k);
        }

        return plan.Order == SearchOrder.Distance ? Order(own.Search, offset, limit) : All(own.Search, k, conditions);
    }

    /// <summary>Searches by graphs where the statement allows for it and they help; false when the search is still to be made.</summary>
    private bool TryApproximate(VectorQuery target, ScoreConditions conditions, long k)
    {
        if (plan.Graph is not { } graph)
        {
            return false;
        }

        var breadth = LimitOperator.Read(graph.Breadth, isOffset: false, context) ?? context.ApproximateBreadth;
        if (breadth is < 1 or > GraphSearch.BreadthMax)
        {
            throw Error.ApproximateBreadth(breadth, GraphSearch.BreadthMax);
        }

        if (plan.Order != SearchOrder.Distance || k > GraphSearch.BreadthMax)
        {
            return false;
        }

        own.Search.Begin(target, new ScoreLimit(conditions.Limit), conditions, plan.Order, plan.Form, k);
        approximate ??= new GraphScan(graph, plan, own);
        return approximate.TryRun(target, (int)Math.Max(breadth, k), (int)k, ref tally) && (!approximate.IsApproximate || own.Search.Nearest.Count >= k);
    }

    private bool UsesCodes(ScoreConditions conditions, long k) => k < context.Snapshot.EstimateRowCount(plan.Table.Id) || conditions.Limit < double.PositiveInfinity;

    /// <summary>Takes the answer that was looked for ahead, or looks for those of the next left rows in one pass; false when the query is to be searched for alone.</summary>
    private bool TryAhead(ScoreConditions conditions, long k, long offset, long limit, out long[] answered)
    {
        if (answers!.TryGetQueries(plan.Table.FindColumn(plan.VectorColumn)!.Type.Size * sizeof(float), k, out var queries))
        {
            var targets = new VectorQuery[queries.Count];
            var common = new ScoreLimit[queries.Count];
            try
            {
                for (var i = 0; i < targets.Length; i++)
                {
                    (targets[i], common[i]) = (new VectorQuery(queries[i].Vector, plan.Metric, UsesCodes(conditions, k)), new ScoreLimit(conditions.Limit));
                }

                Search(
                    scan =>
                    {
                        scan.SetSearchCount(targets.Length);
                        for (var i = 0; i < targets.Length; i++)
                        {
                            scan.Searches[i].Begin(targets[i], common[i], conditions, plan.Order, plan.Form, k);
                        }
                    },
                    k);
                tally.Queries = Math.Max(tally.Queries, targets.Length);
                for (var i = 0; i < targets.Length; i++)
                {
                    var ids = Order(own.Searches[i], offset, limit);
                    answers.Answer(queries[i].Number, ids, results);
                }
            }
            finally
            {
                foreach (var target in targets)
                {
                    target?.Dispose();
                }

                own.SetSearchCount(1);
            }
        }

        var isAnswered = answers.TryTake(out var answer);
        (answered, results) = isAnswered ? answer : ([], []);
        return isAnswered;
    }

    private void Search(Action<VectorScan> begin, long k)
    {
        if (isSplit && (job is not null || OpenJob()))
        {
            tally += job!.Run(begin, own, k);
            return;
        }

        begin(own);
        var before = own.Tally;
        using var scan = own.Open();
        while (scan is not null && scan.NextBlock())
        {
            own.Take(scan);
        }

        tally += own.Tally - before;
        if (scan is not null)
        {
            tally += new VectorTally { BlocksTotal = scan.BlocksTotal, BlocksSkipped = scan.BlocksSkipped, BytesRead = scan.BytesRead };
        }
    }

    /// <summary>False when there is nothing to scan, or the scan cannot be split.</summary>
    private bool OpenJob()
    {
        var scan = own.Open();
        if (scan is null or { BlockCount: < 0 })
        {
            scan?.Dispose();
            return false;
        }

        job = new VectorJob(plan, scan, context);
        return true;
    }

    /// <summary>The row ids to give out, nearest first, and their distances; NaN stands for NULL, which no score is.</summary>
    private long[] Order(VectorSearch search, long offset, long limit)
    {
        var (scoresOf, idsOf) = search.Nearest.Sorted();
        var (_, idsWithout) = search.Without.Sorted();
        var total = (long)idsOf.Length + idsWithout.Length;
        var first = (int)Math.Min(offset, total);
        var count = (int)Math.Min(limit, total - first);
        var ids = new long[count];
        results = new double[count];
        for (var i = 0; i < count; i++)
        {
            var at = first + i;
            ids[i] = at < idsOf.Length ? idsOf[at] : idsWithout[at - idsOf.Length];
            results[i] = at < idsOf.Length ? scoresOf[at] : double.NaN;
        }

        return ids;
    }

    /// <summary>All rows that were found, by row id; those without a vector behind the others, for want of others.</summary>
    private long[] All(VectorSearch search, long k, ScoreConditions conditions)
    {
        var limit = plan.Order == SearchOrder.WithTies ? Math.Min(conditions.Limit, ScoreConditions.TieLimit(plan.Form, search.Nearest.Worst(k))) : conditions.Limit;
        var (scoresOf, idsOf) = search.Tied.Sorted(limit);
        var idsWithout = search.Nearest.Count < k ? search.Without.Sorted().Ids : [];
        results = [.. scoresOf, .. Enumerable.Repeat(double.NaN, idsWithout.Length)];
        return [.. idsOf, .. idsWithout];
    }

    private void FillDistances(int count)
    {
        distances.Clear();
        for (var i = next; i < next + count; i++)
        {
            if (double.IsNaN(results[i]))
            {
                distances.AppendNull();
            }
            else
            {
                distances.Append(results[i]);
            }
        }

        batch.Columns[^1] = distances.Column;
    }
}
