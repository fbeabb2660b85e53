using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Codes;

/// <summary>Makes the codes of a segment's vectors while the segment is written, from the blocks as they pass, so that nobody reads them from the disk again for it.</summary>
/// <remarks>Codes are derived: when a file of theirs cannot be written, the segment is written on without, and whoever writes segments tries once more when it is whole.</remarks>
internal sealed class CodeTap : BlockTap
{
    private readonly IndexFiles files;
    private readonly string segment;
    private readonly CodeOutput?[] outputs;

    private CodeTap(IndexFiles files, string segment, CodeOutput?[] outputs)
    {
        this.files = files;
        this.segment = segment;
        this.outputs = outputs;
    }

    /// <summary>Of a segment that is about to be written; null when none of its columns has codes.</summary>
    /// <param name="files">Where codes go; null for none.</param>
    /// <param name="segment">The name of its file.</param>
    /// <param name="table">Whose columns it has, in their order.</param>
    public static CodeTap? Create(IndexFiles? files, string segment, TableDefinition table)
    {
        if (files is null || !table.Columns.Any(c => CodeFile.IsCoded(c.Type)))
        {
            return null;
        }

        var tap = new CodeTap(files, segment, new CodeOutput?[table.Columns.Length]);
        for (var i = 0; i < tap.outputs.Length; i++)
        {
            var (id, type) = (table.Columns[i].Id, table.Columns[i].Type);
            if (CodeFile.IsCoded(type))
            {
                tap.Try(i, () =>
                {
                    var name = CodeFile.NameOf(segment, id);
                    // What has the name was left by a writer that failed, and is another segment's.
                    files.Directory.Delete(name);
                    tap.outputs[i] = new CodeOutput(files.Directory, name, id, type.Size);
                });
            }
        }

        return tap;
    }

    public override bool Takes(int column) => outputs[column] is not null;

    public override void Take(int column, Column values, int rows) => Try(column, () => outputs[column]!.Add(values, rows));

    public override void Finish(SegmentInfo info)
    {
        for (var i = 0; i < outputs.Length; i++)
        {
            if (outputs[i] is { } output)
            {
                Try(i, () => output.Finish(info));
            }
        }
    }

    public override void Dispose()
    {
        for (var i = 0; i < outputs.Length; i++)
        {
            Close(i);
        }
    }

    private void Try(int column, Action action)
    {
        try
        {
            action();
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "Codes of a column could not be written beside {Segment}", segment);
            Close(column);
        }
    }

    private void Close(int column)
    {
        var output = outputs[column];
        outputs[column] = null;
        try
        {
            output?.Dispose();
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "An unfinished code file of {Segment} could not be deleted; the next opening does", segment);
        }
    }
}
