using Engram.Data.Columns;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Transactions;

/// <summary>Columns that are computed for segments; <see cref="ColumnFill"/> tells how.</summary>
internal sealed partial class WriteTransaction
{
    private readonly List<FilledSegment> filled = [];

    public override ColumnFill BeginFill(TableId table, ColumnId column)
    {
        CheckActive();
        var definition = catalog.Get(table);
        if (definition.Indexes.Any(i => i.FilterColumns.Contains(column) || i.Columns.Any(c => c.Column == column)))
        {
            throw Error.Internal($"column {column} of {definition} gets its values when indexes of it are there, whose entries would be of other keys");
        }

        return new SegmentColumnFill(this, store, definition, Column(table, column));
    }

    /// <summary>Shows segments with a column that they did not have.</summary>
    public void AttachColumns(TableId table, IReadOnlyList<(SegmentExtent Extent, SegmentInfo File)> files)
    {
        CheckActive();
        var segments = store.VersionOf(table).Segments;
        foreach (var (extent, file) in files)
        {
            var after = extent.WithColumns(store.Directory, [file]);
            extent.AddReference();
            filled.Add(new FilledSegment(table, extent, after, file));
            segments = segments.Replace(extent, after);
        }

        store.ShowSegments(table, segments);
        // What is known of the table refers to the segments that it had.
        ForgetChanges();
        written.Add(table);
        RedoRecord.WriteAttachColumns(Redo, table, [.. files.Select(f => (f.Extent.Segment.Info.Name, f.File))]);
    }

    /// <summary>Deletes a file that nothing will name. When that fails the next checkpoint or opening does it.</summary>
    public void DeleteColumnFile(string name)
    {
        try
        {
            store.Directory.Delete(name);
        }
        catch (EngramException e)
        {
            store.Logger.LogWarning(e, "A column's file of {Path} that was given up could not be deleted", store.Directory.Path);
        }

        store.Loads.Leave(name);
    }

    /// <summary>Shows segments again without the columns that they got after the first <paramref name="kept"/>.</summary>
    private void DetachColumns(int kept)
    {
        for (var i = filled.Count - 1; i >= kept; i--)
        {
            var (table, before, after, file) = filled[i];
            store.ShowSegments(table, store.VersionOf(table).Segments.Replace(after, before));
            before.Release();
            after.Release();
            DeleteColumnFile(file.Name);
        }

        if (filled.Count > kept)
        {
            filled.RemoveRange(kept, filled.Count - kept);
            ForgetChanges();
        }
    }

    private void ForgetFilled()
    {
        foreach (var segment in filled)
        {
            segment.Before.Release();
            segment.After.Release();
        }

        filled.Clear();
    }

    /// <summary>Both hold a reference, so that either can be shown until the transaction ends.</summary>
    private sealed record FilledSegment(TableId Table, SegmentExtent Before, SegmentExtent After, SegmentInfo File);
}
