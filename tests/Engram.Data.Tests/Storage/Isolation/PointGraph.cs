namespace Engram.Data.Tests.Storage.Isolation;

/// <summary>Why one point must come before another.</summary>
internal enum Dependency
{
    /// <summary>The second wrote the version after the first's.</summary>
    WriteWrite,
    /// <summary>The second read what the first wrote.</summary>
    WriteRead,
    /// <summary>The first read the version before the one that the second wrote: an anti-dependency.</summary>
    ReadWrite,
    /// <summary>The second is later in the same transaction.</summary>
    Program,
    /// <summary>The second began after the first was answered.</summary>
    Time,
    /// <summary>The second is the read point of a transaction that wrote the version after the first's: it may not have changed what it could not see.</summary>
    FirstCommitter,
}

/// <param name="Key">The list that it is about; null when it is about none.</param>
internal readonly record struct Edge(int From, int To, Dependency Kind, ListKey? Key);

/// <summary>Points, and which must come before which. They can be put in an order if there is no cycle.</summary>
internal sealed class PointGraph
{
    private readonly List<List<Edge>> edges = [];

    public int Add()
    {
        edges.Add([]);
        return edges.Count - 1;
    }

    public void Connect(int from, int to, Dependency kind, ListKey? key = null)
    {
        if (from != to)
        {
            edges[from].Add(new Edge(from, to, kind, key));
        }
    }

    /// <summary>A short cycle out of each set of points that are all before each other.</summary>
    public List<List<Edge>> FindCycles()
    {
        var found = new List<List<Edge>>();
        var component = FindComponents(out var sizes);
        var isDone = new bool[sizes.Count];
        for (var start = 0; start < edges.Count; start++)
        {
            if (sizes[component[start]] > 1 && !isDone[component[start]])
            {
                isDone[component[start]] = true;
                found.Add(ShortestCycleIn(component, component[start]));
            }
        }

        return found;
    }

    private List<Edge> ShortestCycleIn(int[] component, int wanted)
    {
        List<Edge>? best = null;
        // From a few dozen points: a cycle that is nearly the shortest tells as much.
        foreach (var start in Enumerable.Range(0, edges.Count).Where(p => component[p] == wanted).Take(50))
        {
            var cycle = CycleThrough(start, component);
            if (best is null || cycle.Count < best.Count)
            {
                best = cycle;
            }
        }

        return best!;
    }

    private List<Edge> CycleThrough(int start, int[] component)
    {
        var via = new Dictionary<int, Edge>();
        var queue = new Queue<int>([start]);
        while (queue.TryDequeue(out var at))
        {
            foreach (var edge in edges[at].Where(e => component[e.To] == component[start]))
            {
                if (edge.To == start)
                {
                    var cycle = new List<Edge> { edge };
                    for (var p = at; p != start; p = via[p].From)
                    {
                        cycle.Insert(0, via[p]);
                    }

                    return cycle;
                }

                if (via.TryAdd(edge.To, edge))
                {
                    queue.Enqueue(edge.To);
                }
            }
        }

        throw new InvalidOperationException("A point of a cycle is on no cycle.");
    }

    /// <summary>Strongly connected components, after Tarjan, without recursion.</summary>
    private int[] FindComponents(out List<int> sizes)
    {
        var count = edges.Count;
        var (component, index, low) = (new int[count], new int[count], new int[count]);
        Array.Fill(component, -1);
        Array.Fill(index, -1);
        var (next, stack, calls) = (0, new Stack<int>(), new Stack<(int Point, int Edge)>());
        sizes = [];
        for (var root = 0; root < count; root++)
        {
            if (index[root] >= 0)
            {
                continue;
            }

            calls.Push((root, 0));
            while (calls.TryPop(out var call))
            {
                var (point, at) = call;
                if (at == 0)
                {
                    index[point] = low[point] = next++;
                    stack.Push(point);
                }
                else
                {
                    low[point] = Math.Min(low[point], low[edges[point][at - 1].To]);
                }

                while (at < edges[point].Count && index[edges[point][at].To] >= 0)
                {
                    var to = edges[point][at++].To;
                    if (component[to] < 0)
                    {
                        low[point] = Math.Min(low[point], index[to]);
                    }
                }

                if (at < edges[point].Count)
                {
                    calls.Push((point, at + 1));
                    calls.Push((edges[point][at].To, 0));
                    continue;
                }

                if (low[point] == index[point])
                {
                    var size = 0;
                    int member;
                    do
                    {
                        member = stack.Pop();
                        component[member] = sizes.Count;
                        size++;
                    }
                    while (member != point);
                    sizes.Add(size);
                }
            }
        }

        return component;
    }
}
