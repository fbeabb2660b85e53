using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Catalog;

/// <summary>The state of a database at a checkpoint: its schema, and the files that hold its rows.</summary>
/// <param name="Generation">Counts manifests from 1; part of the file's name.</param>
/// <param name="Lsn">Everything up to this commit is in the segments and overlays named here; later commits are in the log.</param>
/// <param name="Catalog">The schema as of <paramref name="Lsn"/>.</param>
/// <param name="Tables">One entry for each table of the catalog that has ever had a row, ascending by id.</param>
internal sealed record Manifest(
    long Generation, Lsn Lsn, DatabaseCatalog Catalog, ImmutableArray<TableManifest> Tables)
{
    /// <summary>The file of the manifest of one generation.</summary>
    public static string NameOf(long generation) => string.Create(CultureInfo.InvariantCulture, $"{NamePrefix}{generation:D8}");

    public const string NamePrefix = "MANIFEST-";

    /// <summary>The files that it names, relative to the database directory.</summary>
    public IEnumerable<string> FileNames
        => Tables.SelectMany(t => t.Segments).SelectMany(s => s.FileNames);
}

/// <summary>One table's counters and segments.</summary>
/// <param name="RowIdNext">The row id that the next inserted row gets.</param>
/// <param name="IdentityNext">The next number of each identity column that has given one, ascending by column id.</param>
/// <param name="Segments">In storage order, which is the order of a scan.</param>
internal sealed record TableManifest(
    TableId Table, long RowIdNext, ImmutableArray<(ColumnId Column, long Next)> IdentityNext, ImmutableArray<SegmentManifest> Segments);

/// <summary>A segment, and the file with the deletes and patches of its rows when there are any.</summary>
/// <param name="OverlayName">Relative to the database directory; null when no row of the segment was deleted or changed.</param>
/// <param name="OverlayChecksum">The overlay's checksum, 0 when there is none.</param>
internal sealed record SegmentManifest(SegmentInfo Info, string? OverlayName, uint OverlayChecksum)
{
    /// <summary>The files that it names, relative to the database directory.</summary>
    public IEnumerable<string> FileNames
    {
        get
        {
            var names = Info.Files.Select(f => f.Name);
            return OverlayName is { } overlay ? names.Append(overlay) : names;
        }
    }
}
