using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;

namespace Engram.Data.Storage.Versions;

/// <summary>The rows of one table that came after the last flush was begun: chunks in the order of their row ids, and their keys.</summary>
/// <remarks>One writer, readers without a lock. A flush freezes it (nothing is appended any more, versions still are) and starts another.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "Freed when the last reference is released.")]
internal sealed class DeltaTable : Counted
{
    private const int ChunkCapacityMin = 32;

    private readonly Arena memory = new();
    private ImmutableDictionary<IndexId, DeltaIndex> indexes = ImmutableDictionary<IndexId, DeltaIndex>.Empty;
    private DeltaChunk[] chunks = [];
    private int chunkCount;
    private TableDefinition? chunkDefinition;

    /// <summary>Native memory held, in bytes.</summary>
    public long SizeBytes => memory.SizeBytes;

    /// <summary>Counts the memory as that of new rows. Called by the holder of the write lock.</summary>
    public void ChargeTo(MemoryBudget? budget) => memory.ChargeTo(budget);

    public int ChunkCount => Volatile.Read(ref chunkCount);

    /// <summary>Whether there is anything here that a flush would move on: rows, or keys that updates gave to rows elsewhere.</summary>
    public bool IsEmpty => ChunkCount == 0 && Volatile.Read(ref indexes).Values.All(i => i.Log.Count == 0);

    public DeltaChunk Chunk(int index) => Volatile.Read(ref chunks)[index];

    public long RowCount
    {
        get
        {
            long rows = 0;
            for (var i = 0; i < ChunkCount; i++)
            {
                rows += Chunk(i).Count;
            }

            return rows;
        }
    }

    /// <summary>The keys of the rows here, and of rows elsewhere whose key changed while this was the active delta. Null until one was added.</summary>
    public DeltaIndex? FindIndex(IndexId id) => Volatile.Read(ref indexes).GetValueOrDefault(id);

    public DeltaIndex GetOrAddIndex(IndexId id)
    {
        if (FindIndex(id) is { } index)
        {
            return index;
        }

        index = new DeltaIndex(memory);
        Volatile.Write(ref indexes, indexes.Add(id, index));
        return index;
    }

    /// <summary>The chunk that takes the next rows, with room for at least one. A changed table definition starts a new one.</summary>
    public DeltaChunk Writable(TableDefinition table, int rowsWanted)
    {
        if (chunkCount > 0 && !chunks[chunkCount - 1].IsFull && ReferenceEquals(chunkDefinition, table))
        {
            return chunks[chunkCount - 1];
        }

        return AddChunk(table, rowsWanted);
    }

    /// <summary>A new chunk behind the others, with room for all the rows that are wanted, up to a full block.</summary>
    public DeltaChunk AddChunk(TableDefinition table, int rowsWanted)
    {
        // Small tables stay small: capacities grow from 32 rows to a full block.
        var capacity = chunkCount == 0 ? ChunkCapacityMin : chunks[chunkCount - 1].Capacity * 4;
        capacity = Math.Min(Batch.RowCountMax, Math.Max(capacity, rowsWanted));
        var chunk = new DeltaChunk(table, capacity, memory);
        chunkDefinition = table;
        var all = chunks;
        if (chunkCount == all.Length)
        {
            all = new DeltaChunk[Math.Max(4, all.Length * 2)];
            chunks.CopyTo(all, 0);
        }

        all[chunkCount] = chunk;
        Volatile.Write(ref chunks, all);
        Volatile.Write(ref chunkCount, chunkCount + 1);
        return chunk;
    }

    /// <summary>Finds a row; null when it is not here.</summary>
    public DeltaChunk? Find(long rowId, out int row)
    {
        var low = 0;
        var high = ChunkCount - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var chunk = Chunk(middle);
            var rows = chunk.Count;
            if (rows == 0 || rowId < chunk.RowIdAt(0))
            {
                high = middle - 1;
            }
            else if (rowId > chunk.RowIdAt(rows - 1))
            {
                low = middle + 1;
            }
            else
            {
                row = chunk.Find(rowId);
                return row < 0 ? null : chunk;
            }
        }

        row = -1;
        return null;
    }

    protected override void Free()
    {
        for (var i = 0; i < chunkCount; i++)
        {
            chunks[i].Free();
        }

        memory.Dispose();
    }
}
