using System.Collections.Immutable;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Segments;

/// <summary>What the manifest knows about a segment, enough to tell whether the file is the one that was written.</summary>
/// <param name="Name">Relative to the database directory.</param>
/// <param name="Table">Whose rows it holds.</param>
/// <param name="RowCount">Rows, deleted or not: 1 to <see cref="RowCountMax"/>.</param>
/// <param name="RowIdMin">The row id of the first row.</param>
/// <param name="RowIdMax">The row id of the last row; ids ascend in between, not necessarily without gaps.</param>
/// <param name="FileLength">The exact length in bytes.</param>
/// <param name="RootChecksum">The checksum of the footer, which has the checksums of everything else.</param>
/// <param name="Columns">Which columns are stored, <see cref="ColumnId.RowId"/> among them.</param>
internal sealed record SegmentInfo(
    string Name, TableId Table, int RowCount, long RowIdMin, long RowIdMax, long FileLength, uint RootChecksum, ImmutableArray<ColumnId> Columns)
{
    public const int RowCountMax = 1024 * 1024;

    /// <summary>Files with newer values of one column each, for the same rows in the same blocks: what they hold counts, and not what this one holds of that column, if
    /// anything. Ascending by column; their own <see cref="Columns"/> are the row id and that column.</summary>
    public ImmutableArray<SegmentInfo> Replacements { get; init; } = [];

    /// <summary>This file and its replacements, each by itself.</summary>
    public IEnumerable<SegmentInfo> Files => Replacements.IsEmpty ? [this] : Replacements.Insert(0, this with { Replacements = [] });

    /// <summary>The column of a replacement.</summary>
    public ColumnId ReplacedColumn => Columns[^1];
}
