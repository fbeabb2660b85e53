using System.Globalization;
using System.Text;
using Level = Engram.Data.Engine.Isolation;

namespace Engram.Data.Tests.Storage.Isolation;

/// <summary>Something that a history shows and its levels forbid.</summary>
/// <param name="Name">As the literature calls it: G0, G1a, G1b, G1c, G-single, G2-item, G2, P4, or in plain words where it has no name.</param>
internal sealed record Anomaly(string Name, string What)
{
    public override string ToString() => $"{Name}: {What}";
}

/// <summary>Decides from what transactions saw whether they were isolated as their levels promise.</summary>
/// <remarks>
/// <para><b>The problem.</b> Whoever tests isolation from outside sees only answers. What happened inside, and in which order, must be inferred, and the inference must
/// not need to know how the engine works.</para>
/// <para><b>Lists tell their history.</b> Transactions append to lists values that nobody else appends, and read lists whole. So each value names its writer, and each
/// read shows the order of all writes before it. From the reads follow: who wrote after whom (ww), who read whose version (wr), who read a version
/// that another then replaced (rw). A read at the end, of everything, gives the whole order.</para>
/// <para><b>Levels as points.</b> A level says which operations of a transaction happen at one point of time:</para>
/// <code>
///   serializable     [ r  w  r  w ]                     one point for all
///   snapshot         [ r  r  r ] ─────► [ w  w ]        one for all reads, a later one for all writes; and between them nobody
///                                                       changes an item that it changes (first committer wins)
///   read committed   [ r ] ─► [ r ] ─► [ w  r  w ]      one for each statement before the first write, and one for all from it on
/// </code>
/// <para>A history is right when all points can be put in one order in which every read shows exactly the writes before it: when the graph of points has no cycle. Edges
/// of <i>time</i> are added: what was answered before something else was asked comes before it. So more is checked than the levels' definitions demand: nobody sees the
/// past of what somebody was told already (strict serializability, strong snapshot isolation), and read committed is held to what this engine promises, that each
/// statement sees one moment, and that nobody else writes from a transaction's first write on.</para>
/// <para><b>What needs no graph</b>: values read of transactions that were rolled back (G1a), or between two writes of one (G1b); own writes not seen; values that nobody
/// wrote; two reads of which neither is the beginning of the other, and committed values that are not there at the end (lost updates).</para>
/// </remarks>
internal sealed class HistoryChecker
{
    private readonly IReadOnlyList<RecordedTransaction> transactions;
    private readonly Func<Level, Level> levelFor;
    private readonly Dictionary<long, Write> writes = [];
    private readonly Dictionary<ListKey, long[]> orders = [];
    private readonly Dictionary<RecordedTransaction, int[]> pointsOf = [];

    /// <summary>Of transactions at snapshot: the point at which they write.</summary>
    private readonly Dictionary<RecordedTransaction, int> writePoints = [];

    private readonly List<string> names = [];
    private readonly PointGraph graph = new();
    private readonly List<Anomaly> found = [];

    private HistoryChecker(History history, Func<Level, Level>? levelFor)
    {
        transactions = history.Transactions;
        this.levelFor = levelFor ?? (l => l);
    }

    /// <summary>What is wrong; empty when nothing is. No operation may be under way.</summary>
    /// <param name="levelFor">Checks transactions of a level as if they had another; for tests of the checker.</param>
    public static List<Anomaly> Check(History history, Func<Level, Level>? levelFor = null)
    {
        var checker = new HistoryChecker(history, levelFor);
        checker.Run();
        return checker.found;
    }

    private void Run()
    {
        CollectWrites();
        FindOrders();
        foreach (var transaction in transactions)
        {
            for (var i = 0; i < transaction.Statements.Count; i++)
            {
                foreach (var (key, values) in transaction.Statements[i].Reads)
                {
                    CheckRead(transaction, transaction.Statements[i], key, values);
                }
            }
        }

        CheckNothingIsLost();
        if (found.Count > 0)
        {
            // What follows takes the orders for right.
            return;
        }

        AddPoints();
        AddDependencies();
        AddTime();
        foreach (var cycle in graph.FindCycles())
        {
            found.Add(Describe(cycle));
        }
    }

    private void CollectWrites()
    {
        foreach (var transaction in transactions)
        {
            foreach (var statement in transaction.Statements)
            {
                if (statement.Append is { } append)
                {
                    writes.Add(append.Value, new Write(transaction, statement, append.Key));
                }
            }
        }
    }

    /// <summary>The longest read of each list is its order, and all others must be beginnings of it. What the reader itself appended and did not commit is no part of it.</summary>
    private void FindOrders()
    {
        foreach (var transaction in transactions)
        {
            foreach (var statement in transaction.Statements)
            {
                foreach (var (key, values) in statement.Reads)
                {
                    var seen = transaction.Outcome == Outcome.Committed && !OwnOf(transaction, statement, key).Any(o => IsUndone(o)) ? values : External(transaction, values);
                    if (!orders.TryGetValue(key, out var longest) || longest.Length < seen.Length)
                    {
                        orders[key] = seen;
                    }
                }
            }
        }
    }

    private void CheckRead(RecordedTransaction reader, RecordedStatement statement, ListKey key, long[] values)
    {
        var external = External(reader, values);
        var own = OwnOf(reader, statement, key).Where(s => s.Undone == 0 || s.Undone > statement.Invoked).Select(s => s.Append!.Value.Value).ToArray();
        if (!values.AsSpan(external.Length).SequenceEqual(own))
        {
            Add("own writes", $"{reader} read {Show(values)} of {key} after it had appended {Show(own)}");
        }

        foreach (var value in external)
        {
            if (!writes.TryGetValue(value, out var write) || write.Key != key)
            {
                Add("garbage", $"{reader} read {value} of {key}, which nobody appended to it");
            }
            else if (write.Transaction.Outcome == Outcome.Aborted || write.Statement.Undone != 0)
            {
                Add("G1a", $"{reader} read {value} of {key}, which {write.Transaction} had appended and took back");
            }
        }

        if (external.Length > 0 && writes.TryGetValue(external[^1], out var last) && last.Key == key && last.Transaction.Outcome == Outcome.Committed
            && last.Transaction.Statements.LastOrDefault(s => s.Append?.Key == key && s.Undone == 0) is { } final && final != last.Statement && last.Statement.Undone == 0)
        {
            Add("G1b", $"{reader} read {Show(external)} of {key}, where {last.Transaction} appended {final.Append!.Value.Value} besides");
        }

        if (!orders[key].AsSpan().StartsWith(external))
        {
            Add("lost update", $"{reader} read {Show(external)} of {key}, and another {Show(orders[key])}");
        }
    }

    private void CheckNothingIsLost()
    {
        foreach (var (value, write) in writes)
        {
            if (write.Transaction.Outcome == Outcome.Committed && write.Statement.Undone == 0
                && (!orders.TryGetValue(write.Key, out var order) || !order.Contains(value)))
            {
                Add("lost update", $"{write.Transaction} appended {value} to {write.Key}, which is not there at the end");
            }
        }

        foreach (var (key, order) in orders.Where(o => o.Value.Distinct().Count() != o.Value.Length))
        {
            Add("garbage", $"a value is in {key} twice: {Show(order)}");
        }
    }

    /// <summary>The points of each transaction, one for each of its statements.</summary>
    private void AddPoints()
    {
        foreach (var transaction in transactions)
        {
            var level = levelFor(transaction.Level);
            var points = new int[transaction.Statements.Count];
            var last = -1;
            var hasWritten = false;
            for (var i = 0; i < points.Length; i++)
            {
                var isWrite = transaction.Statements[i].Append is not null;
                var isNew = last < 0 || level switch
                {
                    Level.Serializable => false,
                    Level.Snapshot => false,
                    _ => !hasWritten,
                };
                if (isNew)
                {
                    var point = AddPoint(transaction, level == Level.Snapshot ? " reads" : level == Level.ReadCommitted ? $" statement {i + 1}" : "");
                    if (last >= 0)
                    {
                        graph.Connect(last, point, Dependency.Program);
                    }

                    last = point;
                }

                points[i] = last;
                hasWritten |= isWrite;
            }

            pointsOf.Add(transaction, points);
            if (level == Level.Snapshot && points.Length > 0)
            {
                var write = AddPoint(transaction, " writes");
                writePoints.Add(transaction, write);
                graph.Connect(last, write, Dependency.Program);
            }
        }
    }

    private int AddPoint(RecordedTransaction transaction, string part)
    {
        names.Add(transaction + part);
        return graph.Add();
    }

    private int PointOfWrite(Write write) => writePoints.TryGetValue(write.Transaction, out var point)
        ? point : pointsOf[write.Transaction][write.Transaction.Statements.IndexOf(write.Statement)];

    private void AddDependencies()
    {
        foreach (var (key, order) in orders)
        {
            for (var i = 1; i < order.Length; i++)
            {
                var (before, after) = (writes[order[i - 1]], writes[order[i]]);
                if (before.Transaction == after.Transaction)
                {
                    continue;
                }

                graph.Connect(PointOfWrite(before), PointOfWrite(after), Dependency.WriteWrite, key);
                if (!key.IsPredicate && writePoints.ContainsKey(after.Transaction))
                {
                    graph.Connect(PointOfWrite(before), pointsOf[after.Transaction][0], Dependency.FirstCommitter, key);
                }
            }
        }

        foreach (var transaction in transactions)
        {
            for (var i = 0; i < transaction.Statements.Count; i++)
            {
                foreach (var (key, values) in transaction.Statements[i].Reads)
                {
                    var (point, seen, order) = (pointsOf[transaction][i], External(transaction, values).Length, orders[key]);
                    if (seen > 0)
                    {
                        graph.Connect(PointOfWrite(writes[order[seen - 1]]), point, Dependency.WriteRead, key);
                    }

                    if (seen < order.Length)
                    {
                        graph.Connect(point, PointOfWrite(writes[order[seen]]), Dependency.ReadWrite, key);
                    }
                }
            }
        }
    }

    /// <summary>Whatever was answered before something else was asked comes before it. Points of the clock stand in between, so that edges are few.</summary>
    private void AddTime()
    {
        var spans = new List<(long From, long To, int Point)>();
        foreach (var transaction in transactions.Where(t => t.Statements.Count > 0))
        {
            var points = pointsOf[transaction];
            var firstWrite = transaction.Statements.FindIndex(s => s.Append is not null);
            for (var i = 0; i < points.Length; i++)
            {
                if (i > 0 && points[i] == points[i - 1])
                {
                    continue;
                }

                var isHeld = !writePoints.ContainsKey(transaction) && (levelFor(transaction.Level) == Level.Serializable || (firstWrite >= 0 && i >= firstWrite));
                // Who holds the write lock may see what is not acknowledged yet. When he commits he waits until it is; when he rolls back, nobody was told.
                var to = !isHeld ? transaction.Statements[i].Completed : transaction.Outcome == Outcome.Committed ? transaction.Ended : long.MaxValue;
                spans.Add((transaction.Statements[i].Invoked, to, points[i]));
            }

            if (firstWrite >= 0 && transaction.Outcome == Outcome.Committed && writePoints.TryGetValue(transaction, out var write))
            {
                spans.Add((transaction.Statements[firstWrite].Invoked, transaction.Ended, write));
            }
        }

        var events = spans.Select(s => (Tick: s.From, s.Point, IsEnd: false)).Concat(spans.Where(s => s.To != long.MaxValue).Select(s => (Tick: s.To, s.Point, IsEnd: true)));
        var clock = -1;
        foreach (var (_, point, isEnd) in events.OrderBy(e => e.Tick))
        {
            if (!isEnd)
            {
                if (clock >= 0)
                {
                    graph.Connect(clock, point, Dependency.Time);
                }

                continue;
            }

            names.Add("clock");
            var next = graph.Add();
            graph.Connect(point, next, Dependency.Time);
            if (clock >= 0)
            {
                graph.Connect(clock, next, Dependency.Time);
            }

            clock = next;
        }
    }

    private Anomaly Describe(List<Edge> cycle)
    {
        var antis = cycle.Where(e => e.Kind == Dependency.ReadWrite).ToList();
        var name = cycle.Any(e => e.Kind == Dependency.FirstCommitter) ? "P4"
            : antis.Count == 0 ? cycle.Any(e => e.Kind == Dependency.WriteRead) ? "G1c" : "G0"
            : antis.Count == 1 ? "G-single"
            : antis.Any(e => e.Key!.Value.IsPredicate) ? "G2" : "G2-item";
        var text = new StringBuilder(cycle.Any(e => e.Kind == Dependency.Time) ? "in real time, " : "");
        foreach (var edge in cycle)
        {
            text.Append(CultureInfo.InvariantCulture, $"{names[edge.From]} -{edge.Kind}{(edge.Key is { } key ? $" of {key}" : "")}-> ");
        }

        return new Anomaly(name, text.Append(names[cycle[0].From]).ToString());
    }

    /// <summary>A read without what the reader appended itself, which stands at its end.</summary>
    private long[] External(RecordedTransaction reader, long[] values)
    {
        var count = values.Length;
        while (count > 0 && writes.TryGetValue(values[count - 1], out var write) && write.Transaction == reader)
        {
            count--;
        }

        return values[..count];
    }

    /// <summary>The statements with which a transaction appended to a list up to a statement, that one included.</summary>
    private static IEnumerable<RecordedStatement> OwnOf(RecordedTransaction transaction, RecordedStatement upTo, ListKey key)
        => transaction.Statements.TakeWhile(s => s.Invoked <= upTo.Invoked).Where(s => s.Append?.Key == key);

    private static bool IsUndone(RecordedStatement statement) => statement.Undone != 0;

    private void Add(string name, string what) => found.Add(new Anomaly(name, what));

    private static string Show(long[] values) => $"[{string.Join(' ', values)}]";

    private readonly record struct Write(RecordedTransaction Transaction, RecordedStatement Statement, ListKey Key);
}
