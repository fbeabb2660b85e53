using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Statistics;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Versions;

/// <content>Sketches of how many different values the segment's columns have: from their file, or made from the rows when there are few, or when ANALYZE asks.</content>
internal sealed partial class OpenSegment
{
    private readonly Lock sketching = new();
    private ImmutableDictionary<ColumnId, byte[]> sketches = ImmutableDictionary<ColumnId, byte[]>.Empty;
    private bool isSketchFileKnown;

    /// <summary>The sketch of a column as the segment stores it; null when there is none, or when the column is read from another file by now.</summary>
    /// <param name="makes">Whether to read the column of a large segment that has none.</param>
    public byte[]? FindSketch(ColumnId column, bool makes = false)
    {
        if (Volatile.Read(ref sketches).TryGetValue(column, out var found))
        {
            return found;
        }

        if (!HasSketch(column))
        {
            return null;
        }

        lock (sketching)
        {
            ReadSketchFile();
            if (!sketches.TryGetValue(column, out found) && (makes || Segment.RowCount < SketchFile.RowCountMin))
            {
                found = MakeSketch(column);
                Volatile.Write(ref sketches, sketches.SetItem(column, found));
            }

            return found;
        }
    }

    /// <summary>Makes sure that the sketches of a large segment are in a file. Called by whoever writes segments, one at a time.</summary>
    /// <param name="isNew">Whether the segment was written just now, so that a file of the name is another's.</param>
    public void WriteSketches(bool isNew)
    {
        if (files is null || Segment.RowCount < SketchFile.RowCountMin)
        {
            return;
        }

        lock (sketching)
        {
            // A file that is there is looked at when somebody plans by it.
            if (isSketchFileKnown || (!isNew && files.Directory.Exists(SketchFile.NameOf(Segment.Info))))
            {
                return;
            }

            isSketchFileKnown = true;
        }

        // Not under the lock, which planners may wait for.
        try
        {
            var made = Volatile.Read(ref sketches);
            foreach (var column in Segment.Info.Columns)
            {
                if (HasSketch(column) && !made.ContainsKey(column))
                {
                    made = made.Add(column, MakeSketch(column));
                }
            }

            SketchFile.Write(files.Directory, Segment, made);
            Volatile.Write(ref sketches, made);
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "Sketch file {Name} could not be written; plans are made without it", SketchFile.NameOf(Segment.Info));
        }
    }

    private bool HasSketch(ColumnId column)
        => column.Value >= 0 && Segment.TryFindColumn(column, out var ordinal) && !Segment.Info.Replacements.Any(r => r.ReplacedColumn == column)
            && Segment.TypeOf(ordinal) is { IsVector: false, Kind: not (TypeKind.Bit or TypeKind.SparseVector) };

    private void ReadSketchFile()
    {
        if (!isSketchFileKnown)
        {
            isSketchFileKnown = true;
            if (files is not null && SketchFile.TryRead(files, Segment) is { } read)
            {
                Volatile.Write(ref sketches, read.SetItems(sketches));
            }
        }
    }

    private byte[] MakeSketch(ColumnId column)
    {
        var registers = new byte[DistinctSketch.RegisterCount];
        Segment.TryFindColumn(column, out var ordinal);
        var view = new Column(Segment.TypeOf(ordinal));
        using var scratch = new ColumnBuffer(Segment.TypeOf(ordinal), Batch.RowCountMax);
        for (var block = 0; block < Segment.BlockCount; block++)
        {
            Segment.Load(ordinal, block, null, view, scratch);
            AddValues(registers, view, Segment.RowsInBlock(block), null);
        }

        return registers;
    }

    /// <summary>Counts the values of some rows of a column, NULL aside.</summary>
    internal static int AddValues(Span<byte> registers, Column column, int rowCount, Selection? rows)
    {
        var added = 0;
        if (column.IsConstant)
        {
            rowCount = Math.Min(1, rowCount);
            rows = null;
        }

        for (var i = 0; i < (rows?.Count ?? rowCount); i++)
        {
            var row = rows is null ? i : rows.Rows[i];
            if (KeyValue.TryHash(column, row, out var hash))
            {
                DistinctSketch.Add(registers, hash);
                added++;
            }
        }

        return added;
    }
}
