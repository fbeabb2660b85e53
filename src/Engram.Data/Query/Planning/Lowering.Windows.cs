using System.Collections.Immutable;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Planning;

/// <summary>Calls with OVER, and recursive queries.</summary>
internal sealed partial class Lowering
{
    private Lowered LowerWindow(LogicalWindow window, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var kept = Enumerable.Range(0, window.Calls.Length).Where(i => required.Contains(window.Results[i].Id)).ToArray();
        if (kept.Length == 0)
        {
            return Lower(window.Input, required, slots);
        }

        var calls = kept.Select(i => window.Calls[i]).ToArray();
        var read = window.PartitionBy.Concat(window.OrderBy.Select(k => k.Expression)).Concat(calls.SelectMany(LogicalTree.Expressions));
        var input = Lower(window.Input, Union(required, read), slots);
        var map = input.Map();
        BoundExpression Rewrite(BoundExpression e) => LowerExpression(e, map, slots);
        var columns = kept.Select(i => window.Results[i]).ToArray();
        var plan = new WindowPlan(
            [.. input.Plan.Output, .. columns.Select(c => c.ToPlanColumn())], input.Plan, ImmutableArray.CreateRange(window.PartitionBy, Rewrite),
            LogicalTree.Rewrite(window.OrderBy, Rewrite), [.. calls.Select(c => LogicalTree.Rewrite(c, Rewrite))]);
        return new Lowered(plan, [.. input.Ids, .. columns.Select(c => c.Id)]);
    }

    /// <summary>All columns: whether a row was there already may depend on any.</summary>
    private Lowered LowerRecursive(LogicalRecursive recursive, Dictionary<int, BoundExpression> slots)
    {
        var anchor = LowerExactly(recursive.Anchor, recursive.Anchor.Columns, slots);
        var step = LowerExactly(recursive.Step, recursive.Step.Columns, slots);
        var output = ImmutableArray.CreateRange(recursive.Results, c => c.ToPlanColumn());
        return new Lowered(
            new RecursivePlan(output, anchor, step, recursive.IsDistinct, recursive.WorkingTable), ImmutableArray.CreateRange(recursive.Results, c => c.Id));
    }
}
