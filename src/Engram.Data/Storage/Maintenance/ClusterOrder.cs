using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Decides in which order a compaction writes the rows of its inputs: by the columns that the table is clustered by.</summary>
/// <remarks>
/// <para><b>The problem.</b> Rows lie in the order in which they came. A search for episodes like this one from the last month then touches every block, since each has some of every kind; were
/// the similar ones neighbours, and among them those of one time, zone maps would leave few blocks.</para>
/// <para><b>The picture.</b> Each row gets a key of bytes, and the keys are sorted:</para>
/// <code>
///   cluster_by = 'embedding, created'      key = number of the group of similar embeddings (2 bytes) ‖ created, as in an index
///   cluster_by = 'person, created'         key = person ‖ created
///   none any more                          by row id, as rows came
/// </code>
/// <para>A group has some blocks of rows, so that the columns behind the vector order something. <b>Invariants.</b> The order is a permutation of the visible rows and nothing else: what rows are seen, and what they
/// hold, does not depend on it. Rows with equal keys stay in the order of row ids, so the same rows are ordered in the same way.</para>
/// <para><b>Memory</b>: about 36 bytes and the key for each row, of which a column has 64 bytes at most, and a sample of the vectors.</para>
/// </remarks>
internal sealed unsafe class ClusterOrder
{
    /// <summary>Rows of a group of similar vectors: four blocks, which the next column tells apart.</summary>
    private const int GroupRowCount = 4 * Batch.RowCountMax;

    /// <summary>Rows that are sorted or merged without a look at whether to go on: some milliseconds.</summary>
    private const int SortedPieceRowCount = 4 * Batch.RowCountMax;

    /// <summary>Of a column's value in a key: what texts begin with orders them well enough, and a million long ones are not held in memory.</summary>
    private const int PartSizeBytesMax = 64;

    private readonly ImmutableArray<SegmentExtent> inputs;
    private readonly TableDefinition table;
    private readonly ReadHorizon horizon;
    private readonly Action pace;
    private readonly int[] firstPlaces;
    private readonly List<int> places = [];
    private readonly List<long> rowIds = [];

    private ClusterOrder(ImmutableArray<SegmentExtent> inputs, TableDefinition table, ReadHorizon horizon, Action pace)
    {
        this.inputs = inputs;
        this.table = table;
        this.horizon = horizon;
        this.pace = pace;
        firstPlaces = new int[inputs.Length];
        for (var i = 1; i < inputs.Length; i++)
        {
            firstPlaces[i] = firstPlaces[i - 1] + inputs[i - 1].Segment.RowCount;
        }
    }

    /// <summary>The rows in their new order, as numbers of <see cref="Rows"/>.</summary>
    public int[] Order { get; private set; } = [];

    /// <summary>Visible rows of all inputs.</summary>
    public int Rows => rowIds.Count;

    public long RowIdOf(int row) => rowIds[row];

    /// <summary>Where a row stands: greater ones are in later inputs, or later in the same. For <see cref="Locate"/>.</summary>
    public int PlaceOf(int row) => places[row];

    /// <summary>The input and the position there that a place means.</summary>
    public (int Input, int Position) Locate(int place)
    {
        var input = Array.BinarySearch(firstPlaces, place);
        // Inputs are never empty, so no two of them begin at one place.
        input = input < 0 ? ~input - 1 : input;
        return (input, place - firstPlaces[input]);
    }

    /// <param name="pace">Called before each piece of work; throws to end it.</param>
    public static ClusterOrder Make(ImmutableArray<SegmentExtent> inputs, TableDefinition table, ReadHorizon horizon, Action pace)
    {
        var order = new ClusterOrder(inputs, table, horizon, pace);
        order.CollectRows();
        order.Sort();
        return order;
    }

    private void CollectRows()
    {
        using var reader = new BlockReader(horizon, table, [ColumnId.RowId]);
        foreach (var (input, block) in Blocks())
        {
            reader.Position(inputs[input], block);
            if (reader.VisibleCount == 0)
            {
                continue;
            }

            var visible = reader.Visible;
            var ids = reader.Load(0, visible);
            var first = firstPlaces[input] + (block * Batch.RowCountMax);
            for (var i = 0; i < reader.VisibleCount; i++)
            {
                var row = visible is null ? i : visible.Rows[i];
                places.Add(first + row);
                rowIds.Add(ids.Get<long>(row));
            }
        }
    }

    private void Sort()
    {
        Order = new int[Rows];
        var prefixes = new ulong[Rows];
        for (var i = 0; i < Order.Length; i++)
        {
            Order[i] = i;
            prefixes[i] = (ulong)rowIds[i] ^ (1UL << 63);
        }

        using var bytes = new NativeBytes();
        var ends = new long[Rows];
        if (!table.ClusteredBy.IsEmpty)
        {
            WriteKeys(bytes, ends, prefixes);
        }

        SortPieces(new KeyOrder(prefixes, bytes, ends, rowIds));
    }

    /// <summary>Sorts pieces and merges them two by two, so that nobody waits long for the end of a million rows.</summary>
    private void SortPieces(KeyOrder comparer)
    {
        for (var first = 0; first < Order.Length; first += SortedPieceRowCount)
        {
            pace();
            Order.AsSpan(first, Math.Min(SortedPieceRowCount, Order.Length - first)).Sort(comparer);
        }

        var merged = Order.Length > SortedPieceRowCount ? new int[Order.Length] : [];
        for (long width = SortedPieceRowCount; width < Order.Length; width *= 2)
        {
            for (long first = 0; first < Order.Length; first += 2 * width)
            {
                Merge((int)first, (int)Math.Min(first + width, Order.Length), (int)Math.Min(first + (2 * width), Order.Length), merged, comparer);
            }

            (Order, merged) = (merged, Order);
        }
    }

    /// <summary>Two neighbouring pieces into one of another array, at the same place.</summary>
    private void Merge(int first, int middle, int end, int[] target, KeyOrder comparer)
    {
        var (left, right) = (first, middle);
        for (var at = first; at < end; at++)
        {
            if (at % SortedPieceRowCount == 0)
            {
                pace();
            }

            target[at] = right == end || (left < middle && comparer.Compare(Order[left], Order[right]) < 0) ? Order[left++] : Order[right++];
        }
    }

    private void WriteKeys(NativeBytes bytes, long[] ends, ulong[] prefixes)
    {
        var parts = table.ClusteredBy.Select(id => new Part(this, table.FindColumn(id)!)).ToArray();
        using var reader = new BlockReader(horizon, table, table.ClusteredBy.AsSpan());
        var key = new KeyBuffer();
        var row = 0;
        try
        {
            foreach (var (input, block) in Blocks())
            {
                reader.Position(inputs[input], block);
                if (reader.VisibleCount == 0)
                {
                    continue;
                }

                var visible = reader.Visible;
                for (var p = 0; p < parts.Length; p++)
                {
                    parts[p].Values = reader.Load(p, visible);
                }

                for (var i = 0; i < reader.VisibleCount; i++, row++)
                {
                    key.Clear();
                    foreach (var part in parts)
                    {
                        part.AddTo(key, visible is null ? i : visible.Rows[i]);
                    }

                    bytes.Append(key.Span);
                    ends[row] = bytes.Length;
                    prefixes[row] = KeyBuffer.PrefixOf(key.Span, 0);
                }
            }
        }
        finally
        {
            foreach (var part in parts)
            {
                part.Dispose();
            }
        }
    }

    private IEnumerable<(int Input, int Block)> Blocks()
    {
        for (var input = 0; input < inputs.Length; input++)
        {
            for (var block = 0; block < inputs[input].Segment.BlockCount; block++)
            {
                pace();
                yield return (input, block);
            }
        }
    }

    /// <summary>Groups for a column of vectors, learnt from a sample of its values that is spread evenly over the rows.</summary>
    private SimilarityGroups Learn(ColumnDefinition column)
    {
        var dimensions = column.Type.Size;
        var sizeBytes = (long)dimensions * sizeof(float);
        var wanted = (int)Math.Min(Rows, Math.Max(1, SimilarityGroups.SampleSizeBytesMax / sizeBytes));
        var sample = new NativeBlock(Math.Max(1, wanted) * sizeBytes);
        try
        {
            return new SimilarityGroups(sample, FillSample(column, sample, sizeBytes, wanted), dimensions, Rows / GroupRowCount, pace);
        }
        finally
        {
            sample.Release();
        }
    }

    /// <returns>How many vectors were taken: fewer than wanted where some are NULL.</returns>
    private int FillSample(ColumnDefinition column, NativeBlock sample, long sizeBytes, int wanted)
    {
        using var reader = new BlockReader(horizon, table, [column.Id]);
        var needed = new Selection();
        var (taken, row) = (0, 0);
        foreach (var (input, block) in Blocks())
        {
            reader.Position(inputs[input], block);
            needed.Count = 0;
            for (var i = 0; i < reader.VisibleCount; i++, row++)
            {
                // The n-th of the sample is row n × rows / wanted.
                if (((long)(row + 1) * wanted / Rows) > ((long)row * wanted / Rows))
                {
                    needed.Add(reader.Visible is { } visible ? visible.Rows[i] : i);
                }
            }

            if (needed.Count == 0)
            {
                continue;
            }

            var values = reader.Load(0, needed);
            foreach (var at in needed.Rows)
            {
                if (!values.IsNull(at) && taken < wanted)
                {
                    values.Get<Bytes>(at).Span.CopyTo(new Span<byte>(sample.Pointer + (taken++ * sizeBytes), (int)sizeBytes));
                }
            }
        }

        return taken;
    }

    /// <summary>One column of the keys.</summary>
    private sealed class Part : IDisposable
    {
        private readonly SimilarityGroups? groups;
        private readonly KeyShape? shape;
        private readonly Column[] one = new Column[1];
        private readonly KeyBuffer buffer = new();

        public Part(ClusterOrder order, ColumnDefinition column)
        {
            if (column.Type.Kind == TypeKind.Vector)
            {
                groups = order.Learn(column);
            }
            else
            {
                shape = KeyShape.Of(order.table, new IndexDefinition(new IndexId(0), "", [new IndexColumn(column.Id)]));
            }
        }

        public Column Values
        {
            set => one[0] = value;
        }

        public void AddTo(KeyBuffer key, int row)
        {
            if (shape is not null)
            {
                shape.Encode(one, row, buffer);
                key.AddRange(buffer.Span[..Math.Min(buffer.Length, PartSizeBytesMax)]);
                return;
            }

            var group = one[0].IsNull(row) ? 0 : groups!.GroupOf((float*)one[0].Get<Bytes>(row).Pointer);
            key.Add((byte)(group >> 8));
            key.Add((byte)group);
        }

        public void Dispose() => groups?.Dispose();
    }

    /// <summary>By key, of which eight bytes mostly decide, then by row id: no two rows are equal.</summary>
    private sealed class KeyOrder(ulong[] prefixes, NativeBytes bytes, long[] ends, List<long> rowIds) : IComparer<int>
    {
        public int Compare(int a, int b)
        {
            var order = prefixes[a].CompareTo(prefixes[b]);
            order = order != 0 ? order : KeyOf(a).SequenceCompareTo(KeyOf(b));
            return order != 0 ? order : rowIds[a].CompareTo(rowIds[b]);
        }

        private ReadOnlySpan<byte> KeyOf(int row)
        {
            var start = row == 0 ? 0 : ends[row - 1];
            return bytes.Slice(start, (int)(ends[row] - start));
        }
    }
}
