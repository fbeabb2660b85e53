using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Segments;

/// <content>Columns whose newest values lie in files of their own.</content>
/// <remarks>
/// <para>A column of a segment is replaced by writing another file of the same format with the row ids and that column alone; the other columns, embeddings
/// above all, stay where they are. What reads the segment finds the column under an ordinal behind those of its own file.</para>
/// <para>The file and its map belong to the <i>root</i>, the segment that opened it; segments that show it with other replacements share it. It is closed when
/// the last of them is disposed.</para>
/// </remarks>
internal sealed partial class Segment
{
    /// <summary>In a replacement, behind the row id.</summary>
    private const int ReplacedOrdinal = 1;

    private int shares = 1;
    private int isReleased;

    /// <summary>Takes the replacements over, and shares the file of another segment.</summary>
    private Segment(Segment root, SegmentInfo info, Segment[] replacements)
    {
        this.root = root;
        this.replacements = replacements;
        directoryPath = root.directoryPath;
        Info = info;
        file = root.file;
        footer = root.footer;
        header = root.header;
        pagesVerified = root.pagesVerified;
        types = [.. root.types, .. replacements.Select(r => r.types[ReplacedOrdinal])];
        ordinals = new Dictionary<ColumnId, int>(root.ordinals);
        for (var i = 0; i < replacements.Length; i++)
        {
            ordinals[replacements[i].Info.ReplacedColumn] = header.ColumnCount + i;
        }

        Definition = root.Definition;
    }

    /// <summary>Bytes in the file of columns that were replaced.</summary>
    public long ReplacedSizeBytes
    {
        get
        {
            var size = 0L;
            foreach (var replacement in replacements)
            {
                if (root.ordinals.TryGetValue(replacement.Info.ReplacedColumn, out var ordinal))
                {
                    size += Columns[ordinal].Length;
                }
            }

            return size;
        }
    }

    /// <summary>The same rows with some columns read from other files, in place of what was read for them before.</summary>
    /// <param name="added">Of columns that are each there once.</param>
    public Segment Replace(DataDirectory directory, IReadOnlyList<SegmentInfo> added)
    {
        var infos = Info.Replacements.Where(r => !added.Any(a => a.ReplacedColumn == r.ReplacedColumn)).Concat(added).OrderBy(r => r.ReplacedColumn.Value).ToImmutableArray();
        var opened = new Segment[infos.Length];
        try
        {
            for (var i = 0; i < opened.Length; i++)
            {
                opened[i] = Array.Find(replacements, r => r.Info == infos[i])?.Share() ?? Open(directory, infos[i]);
            }
        }
        catch
        {
            DisposeAll(opened);
            throw;
        }

        return new Segment(root.Share(), Info with { Replacements = infos }, opened);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref isReleased, 1) != 0)
        {
            return;
        }

        foreach (var replacement in replacements)
        {
            replacement.Unshare();
        }

        root.Unshare();
    }

    /// <summary>Consumes this segment.</summary>
    private Segment OpenReplacements(DataDirectory directory, bool ignoresHeader)
    {
        var opened = new Segment[Info.Replacements.Length];
        try
        {
            for (var i = 0; i < opened.Length; i++)
            {
                opened[i] = Open(directory, Info.Replacements[i], ignoresHeader);
            }

            return new Segment(this, Info, opened);
        }
        catch
        {
            DisposeAll(opened);
            Dispose();
            throw;
        }
    }

    private static void DisposeAll(Segment?[] opened)
    {
        foreach (var segment in opened)
        {
            segment?.Unshare();
        }
    }

    private bool IsReplacement(int ordinal, [NotNullWhen(true)] out Segment? other)
    {
        var at = ordinal - header.ColumnCount;
        other = at >= 0 ? replacements[at] : null;
        return other is not null;
    }

    private Segment Share()
    {
        Interlocked.Increment(ref shares);
        return this;
    }

    private void Unshare()
    {
        if (Interlocked.Decrement(ref shares) > 0)
        {
            return;
        }

        lock (mapGate)
        {
            isDisposed = true;
            map?.Dispose();
            file.Dispose();
        }
    }
}
