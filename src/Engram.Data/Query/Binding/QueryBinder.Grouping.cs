using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>GROUP BY.</summary>
/// <remarks>
/// Several grouping sets are one aggregation. Each row is joined with the numbers of the sets, the keys that a set leaves out become NULL, and
/// the number is one more key:
/// <code>
/// (a, b, x)  ×  {0, 1, 2}  →  (a, b, x, 0)  (a, NULL, x, 1)  (NULL, NULL, x, 2)  →  aggregate by (a, b, number)
/// </code>
/// So the input is computed once, sets that are written twice give their groups twice, and a NULL of the data stays apart from a NULL of a set,
/// which is also what grouping() tells from the number. A set without keys has one group even over no rows: there one row more for each such set
/// is put behind the input, which makes the group and which no aggregate counts.
/// </remarks>
internal sealed partial class QueryBinder
{
    /// <summary>As many as in PostgreSQL.</summary>
    private const int GroupingSetsMax = 4096;

    /// <summary>The grouping sets: every combination of one set of each item of GROUP BY. Plain keys make one set.</summary>
    private List<ImmutableArray<BoundExpression>> BindGroupingSets(SelectSyntax select, List<OutputItem> items, Scope scope)
    {
        List<ImmutableArray<BoundExpression>> sets = [[]];
        foreach (var item in select.GroupBy)
        {
            var alternatives = SetsOf(item, items, scope);
            if ((long)sets.Count * alternatives.Count > GroupingSetsMax)
            {
                throw Error.TooManyGroupingSets(GroupingSetsMax, item.Position);
            }

            sets = [.. from s in sets from a in alternatives select s.AddRange(a)];
        }

        var distinct = sets.ConvertAll(s => s.Distinct(ExpressionTree.SameComparer.Instance).ToImmutableArray());
        return select.IsGroupByDistinct
            ? [.. distinct.Where((s, i) => !distinct.Take(i).Any(e => e.Length == s.Length && s.All(k => e.Contains(k, ExpressionTree.SameComparer.Instance))))]
            : distinct;
    }

    private List<ImmutableArray<BoundExpression>> SetsOf(ExpressionSyntax syntax, List<OutputItem> items, Scope scope)
    {
        if (syntax is not GroupingSetsSyntax grouping)
        {
            return [KeysOf(syntax, items, scope)];
        }

        if (grouping.Kind == GroupingSetsKind.Sets)
        {
            return [.. grouping.Items.SelectMany(i => SetsOf(i, items, scope))];
        }

        var keys = grouping.Items.Select(i => KeysOf(i, items, scope)).ToList();
        if (grouping.Kind == GroupingSetsKind.Rollup)
        {
            return [.. Enumerable.Range(0, keys.Count + 1).Select(left => keys.Take(keys.Count - left).SelectMany(k => k).ToImmutableArray())];
        }

        const int CubeKeysMax = 12;
        if (keys.Count > CubeKeysMax)
        {
            throw Error.TooManyGroupingSets(GroupingSetsMax, syntax.Position);
        }

        return [.. Enumerable.Range(0, 1 << keys.Count).Select(omitted => keys.Where((_, i) => (omitted >> (keys.Count - 1 - i) & 1) == 0).SelectMany(k => k).ToImmutableArray())];
    }

    private ImmutableArray<BoundExpression> KeysOf(ExpressionSyntax syntax, List<OutputItem> items, Scope scope)
        => syntax is RowSyntax row ? [.. row.Items.Select(i => BindGroupKey(i, items, scope))] : [BindGroupKey(syntax, items, scope)];

    /// <summary>A key of GROUP BY: a column of the tables first, then an output column by its name, or by its position.</summary>
    private BoundExpression BindGroupKey(ExpressionSyntax syntax, List<OutputItem> items, Scope scope)
    {
        if (syntax is IntegerLiteralSyntax number)
        {
            return items[OutputIndex(number, items.Count, "GROUP BY")].Expression;
        }

        if (syntax is ColumnReferenceSyntax { Table: null } reference && !scope.Contains(reference) && FindOutput(reference, items) is { } output)
        {
            return output;
        }

        return new ExpressionBinder(statement, scope, "GROUP BY").BindValue(syntax);
    }

    /// <summary>The keys of a GROUP BY, and how expressions of the rows become expressions of the groups.</summary>
    private sealed class Grouping
    {
        private readonly StatementScope statement;
        private readonly Dictionary<int, LogicalColumn> sources;
        private readonly List<ImmutableArray<BoundExpression>> sets;

        /// <summary>The number of a group's set; null for a single set.</summary>
        private readonly LogicalColumn? number;

        /// <param name="used">The ids of columns that are read after grouping.</param>
        public Grouping(StatementScope statement, LogicalPlan plan, List<ImmutableArray<BoundExpression>> sets, HashSet<int> used)
        {
            (this.statement, sources) = (statement, plan.Columns.ToDictionary(c => c.Id));
            used.ExceptWith(sets.SelectMany(s => s).OfType<BoundColumn>().Select(k => k.Ordinal));
            var dependent = Dependent(plan, sets[0].Where(k => sets.TrueForAll(s => s.Contains(k, ExpressionTree.SameComparer.Instance))), used);
            this.sets = sets = sets.ConvertAll(s => s.AddRange(dependent));
            Keys = sets.SelectMany(s => s).Distinct(ExpressionTree.SameComparer.Instance).ToImmutableArray();
            number = sets.Count == 1 ? null : statement.NewColumn("grouping_set", DataType.Int32);
            KeyColumns = ImmutableArray.CreateRange(Keys, ColumnOf);
        }

        public ImmutableArray<BoundExpression> Keys { get; }

        public ImmutableArray<LogicalColumn> KeyColumns { get; }

        /// <summary>Puts keys in the place of what they compute; what is left of the rows' columns then is an error.</summary>
        public BoundExpression Over(BoundExpression expression, int position)
        {
            var result = ExpressionTree.Rewrite(expression, e =>
            {
                if (e is GroupingCall grouping)
                {
                    return NumberOf(grouping);
                }

                // A constant is a key's value only where it stands for itself: elsewhere it must not become NULL with the key.
                var index = e is BoundConstant or ParameterReference && number != null && !ReferenceEquals(e, expression) ? -1 : IndexOf(e);
                return index < 0 ? null : KeyColumns[index].Reference;
            });
            foreach (var id in ExpressionTree.ColumnsOf(result))
            {
                if (sources.TryGetValue(id, out var column) && !KeyColumns.Any(k => k.Id == id))
                {
                    throw Error.NotGrouped(column.Name, position);
                }
            }

            return result;
        }

        public LogicalAggregate Aggregate(LogicalPlan plan, AggregateCollector aggregates)
        {
            if (number == null)
            {
                return new LogicalAggregate(plan, KeyColumns, Keys, aggregates.Columns, aggregates.Aggregates);
            }

            // Each row once for each set.
            var setNumber = statement.NewColumn("set", DataType.Int32);
            plan = new LogicalJoin(JoinKind.Inner, plan, new LogicalValues([setNumber], [.. sets.Select((_, i) => ImmutableArray.Create<BoundExpression>(Integer(i)))]), []);
            var read = aggregates.Aggregates.SelectMany(LogicalTree.Expressions).SelectMany(ExpressionTree.ColumnsOf).Where(sources.ContainsKey).Distinct().Select(id => sources[id]).ToImmutableArray();
            var columns = KeyColumns.Add(number);
            ImmutableArray<BoundExpression> keys = [.. columns.Select(c => c.Reference)];
            ImmutableArray<BoundExpression> values = [.. Keys.Select(k => InSets(k, setNumber)), setNumber.Reference, .. read.Select(c => c.Reference)];
            // What aggregates read gets new ids, since the rows behind the input have none of it.
            var results = columns.AddRange(read.Select(c => statement.NewColumn(c, c.Name) with { IsNullable = true }));
            var byOld = read.Select((c, i) => (c.Id, Value: (BoundExpression)results[columns.Length + i].Reference)).ToDictionary(p => p.Id, p => p.Value);
            ImmutableArray<BoundAggregate> calls = [.. aggregates.Aggregates.Select(a => LogicalTree.Rewrite(a, e => ExpressionTree.Substitute(e, byOld)))];
            if (!sets.Exists(s => s.IsEmpty))
            {
                return new LogicalAggregate(new LogicalProject(plan, results, values), columns, keys, aggregates.Columns, calls);
            }

            var isRow = statement.NewColumn("is_row", DataType.Boolean);
            results = results.Add(isRow);
            var rows = new LogicalProject(plan, NewColumns(results), values.Add(new BoundConstant(DataType.Boolean, true)));
            var marks = new LogicalValues(NewColumns(results), [.. sets.Select((s, i) => (Set: s, Number: i)).Where(s => s.Set.IsEmpty).Select(s => ImmutableArray.CreateRange<LogicalColumn, BoundExpression>(
                results, c => c == number ? Integer(s.Number) : c == isRow ? new BoundConstant(DataType.Boolean, false) : new BoundConstant(c.Type, null)))]);
            calls = [.. calls.Select(a => a with { Filter = a.Filter == null ? isRow.Reference : new BoundLogical(true, [isRow.Reference, a.Filter]) })];
            return new LogicalAggregate(new LogicalUnionAll(results, [rows, marks]), columns, keys, aggregates.Columns, calls);
        }

        private ImmutableArray<LogicalColumn> NewColumns(ImmutableArray<LogicalColumn> columns) => ImmutableArray.CreateRange(columns, c => statement.NewColumn(c.Name, c.Type));

        private static BoundConstant Integer(int value) => new(DataType.Int32, value);

        private int IndexOf(BoundExpression key) => Keys.IndexOf(key, 0, Keys.Length, ExpressionTree.SameComparer.Instance);

        private bool IsIn(BoundExpression key, int set) => sets[set].Contains(key, ExpressionTree.SameComparer.Instance);

        /// <summary>A plain column keeps its id, so that what names it needs no rewriting; but not where it becomes NULL in some sets.</summary>
        private LogicalColumn ColumnOf(BoundExpression key)
            => key is not BoundColumn column || !sources.TryGetValue(column.Ordinal, out var source) ? statement.NewColumn("key", key.Type)
                : number == null ? source
                : statement.NewColumn(source, source.Name) with { IsNullable = true };

        /// <summary>A key as it is in the sets that have it, and NULL in the others.</summary>
        private BoundExpression InSets(BoundExpression key, LogicalColumn setNumber)
        {
            ImmutableArray<BoundExpression> having = [.. Enumerable.Range(0, sets.Count).Where(i => IsIn(key, i)).Select(Integer)];
            return having.Length == sets.Count ? key
                : new BoundCase(key.Type, [(new BoundInList(setNumber.Reference, having, false), key)], new BoundConstant(key.Type, null));
        }

        /// <summary>grouping(…) of a group, from the number of its set.</summary>
        private BoundExpression NumberOf(GroupingCall grouping)
        {
            foreach (var argument in grouping.Arguments)
            {
                if (IndexOf(argument) < 0)
                {
                    throw Error.GroupingOfNoKey(grouping.Position);
                }
            }

            int MaskOf(int set) => grouping.Arguments.Aggregate(0, (mask, a) => (mask << 1) | (IsIn(a, set) ? 0 : 1));
            if (number == null)
            {
                return Integer(0);
            }

            var groups = Enumerable.Range(0, sets.Count).GroupBy(MaskOf).ToList();
            return groups.Count == 1 ? Integer(groups[0].Key)
                : new BoundCase(
                    DataType.Int32,
                    [.. groups.Take(groups.Count - 1).Select(g => ((BoundExpression)new BoundInList(number.Reference, [.. g.Select(Integer)], false), (BoundExpression)Integer(g.Key)))],
                    Integer(groups[^1].Key));
        }

        /// <summary>
        /// Columns that are read, and of which a group has one value because the primary key of their table is among the keys of every set: keys
        /// too, which part no group.
        /// </summary>
        private static ImmutableArray<BoundExpression> Dependent(LogicalPlan plan, IEnumerable<BoundExpression> keys, HashSet<int> used)
        {
            var ids = keys.OfType<BoundColumn>().Select(k => k.Ordinal).ToHashSet();
            var found = ImmutableArray.CreateBuilder<BoundExpression>();
            void Look(LogicalPlan at, IEnumerable<LogicalColumn> computed)
            {
                if (at is LogicalScan { Table.PrimaryKey: { } primary } scan
                    && primary.Columns.All(k => scan.TableColumns.Any(c => c.Definition?.Id == k.Column && ids.Contains(c.Id))))
                {
                    found.AddRange(scan.TableColumns.Where(c => used.Contains(c.Id)).Select(c => c.Reference));
                    found.AddRange(computed.Where(c => used.Contains(c.Id)).Select(c => c.Reference));
                }

                foreach (var input in LogicalTree.Inputs(at))
                {
                    // What is computed of the rows of a table when they are read stands right above its scan.
                    Look(input, at is LogicalProject { Results: var results } ? results.Where(c => c.Definition is { IsVirtual: true }) : at is LogicalFilter ? computed : []);
                }
            }

            if (ids.Count > 0)
            {
                Look(plan, []);
            }

            return found.ToImmutable();
        }
    }
}
