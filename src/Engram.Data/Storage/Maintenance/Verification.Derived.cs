using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <content>Runs of indexes, codes and graphs of vectors: nothing is lost with them, and what is found damaged is made anew at once.</content>
internal sealed partial class Verification
{
    private readonly List<DerivedFile> derived = [];

    /// <summary>Opens those files that are there. A file is renamed to its name when it is whole.</summary>
    private void FindDerived()
    {
        foreach (var table in published.Manifest.Tables)
        {
            var definition = Catalog.Get(table.Table);
            foreach (var segment in table.Segments)
            {
                foreach (var index in definition.Indexes)
                {
                    var shape = KeyShape.Of(definition, index);
                    derived.Add(new DerivedFile(
                        definition, segment.Info, RunFile.NameOf(segment.Info, index.Id, shape.Sources), open => RunFile.FindWrong(files, open, index.Id, shape, store.Options.IndexConditions),
                        e => e.RemakeRun(index.Id, shape)));
                }

                foreach (var column in definition.Columns.Where(c => CodeFile.IsCoded(c.Type)))
                {
                    var size = column.Type.Size;
                    derived.Add(new DerivedFile(
                        definition, segment.Info, CodeFile.NameOf(segment.Info, column.Id), open => HasVectors(open, column.Id, size) ? CodeFile.FindWrong(files, open, column.Id, size) : null, e => e.RemakeCodes(column.Id, size)));
                }

                foreach (var index in definition.VectorIndexes)
                {
                    if (GraphShapes.Of(definition, index) is { } shape)
                    {
                        derived.Add(new DerivedFile(
                            definition, segment.Info, GraphFile.NameOf(segment.Info, index.Id, shape.Column),
                            open => HasVectors(open, shape.Column, shape.Dimensions) ? GraphFile.FindWrong(files, open, index.Id, shape) : null,
                            e => e.RemakeGraph(index.Id, shape)));
                    }
                }
            }
        }

        derived.RemoveAll(d => !files.TryHold(d.Name));
    }

    private async Task CheckDerivedAsync(CancellationToken cancellationToken)
    {
        foreach (var file in derived)
        {
            Attempt(file.Name, file.Table, () =>
            {
                // Of a segment that is damaged itself nothing can be said.
                using var segment = file.Segment.Files.Any(f => damaged.Contains(f.Name)) ? null : Segment.Open(files, file.Segment);
                if (segment is null || file.FindWrong(segment) is not { } wrong)
                {
                    return;
                }

                Report(file.Name, $"{wrong}. It is derived from '{file.Segment.Name}': queries find the same without it, and it is made anew", file.Table);
                foreach (var extent in snapshot.Root.Tables.GetValueOrDefault(file.Table.Id)?.Segments.Where(s => s.Segment.Info.Name == file.Segment.Name) ?? [])
                {
                    file.Remake(extent);
                }
            });
            await pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool HasVectors(Segment segment, ColumnId column, int dimensions)
        => segment.TryFindColumn(column, out var ordinal) && segment.TypeOf(ordinal).Size == dimensions;

    /// <param name="FindWrong">What is wrong with the file, or null.</param>
    /// <param name="Remake">Has another made.</param>
    private sealed record DerivedFile(
        TableDefinition Table, SegmentInfo Segment, string Name, Func<Segment, string?> FindWrong, Action<SegmentExtent> Remake);
}
