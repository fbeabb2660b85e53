using System.Buffers;
using Engram.Data.Columns;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Scores rows of many blocks together, a few of each.</summary>
/// <remarks>While one vector is scored the next one is asked for from memory: rows that are scored block by block, one or two at a time, have no next one, and each is a wait.</remarks>
internal sealed unsafe partial class VectorSearch
{
    // Rented when first needed.
    private Bytes[] gathered = [];
    private long[] gatheredIds = [];
    private int gatheredCount;

    /// <summary>Notes rows of the scan's block, which are in a segment and have vectors, for <see cref="ScoreGathered"/>.</summary>
    public void Gather(TableScan scan, Selection rows)
    {
        var vectors = scan.Load(vectorOrdinal, rows);
        var isPlain = query is not null && vectors.Type.Kind != TypeKind.HalfVector;
        for (var i = 0; isPlain && vectors.Nulls != null && i < rows.Count; i++)
        {
            isPlain = !vectors.IsNull(rows.Rows[i]);
        }

        if (!isPlain)
        {
            TakeDirectly(scan, rows);
            return;
        }

        if (gatheredCount + rows.Count > Batch.RowCountMax)
        {
            ScoreGathered();
        }

        if (gathered.Length == 0)
        {
            gathered = ArrayPool<Bytes>.Shared.Rent(Batch.RowCountMax);
            gatheredIds = ArrayPool<long>.Shared.Rent(Batch.RowCountMax);
        }

        // Where vectors of segments lie does not change before the snapshot ends, and row ids are copied.
        var rowIds = scan.Load(rowIdOrdinal, rows);
        foreach (var row in rows.Rows)
        {
            gathered[gatheredCount] = vectors.Get<Bytes>(row);
            gatheredIds[gatheredCount++] = rowIds.Get<long>(row);
        }
    }

    /// <summary>Scores what was gathered and offers it to the heap.</summary>
    public void ScoreGathered()
    {
        if (gatheredCount == 0)
        {
            return;
        }

        scored.Count = 0;
        for (var i = 0; i < gatheredCount; i++)
        {
            scored.Add((ushort)i);
            ids[i] = gatheredIds[i];
        }

        gatheredCount = 0;
        fixed (Bytes* vectors = gathered)
        {
            wide.Data = vectors;
            wide.Nulls = null;
            wide.IsConstant = false;
            query!.Score(wide, scored.Rows, scores, norms);
        }

        OfferScored();
    }

    private void ReturnGathered()
    {
        if (gathered.Length > 0)
        {
            ArrayPool<Bytes>.Shared.Return(gathered);
            ArrayPool<long>.Shared.Return(gatheredIds);
        }
    }
}
