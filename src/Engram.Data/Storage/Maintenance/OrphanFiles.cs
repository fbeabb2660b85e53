using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Statistics;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Deletes files that the manifest which counts does not name: left by a checkpoint that never finished, or replaced by one that did.</summary>
/// <remarks>Run by the only writer, when CURRENT is known to be durable. Log files are the log's business; quarantine/ is the user's.</remarks>
internal static class OrphanFiles
{
    /// <param name="directory">Where.</param>
    /// <param name="manifest">The one that counts.</param>
    /// <param name="segmentsInUse">Segments that are needed beside those of the manifest: of loads that run, and attached by the log. Asked after the files were listed, so that
    /// a file that is begun meanwhile is either not listed or named.</param>
    public static void Delete(DataDirectory directory, Manifest manifest, Func<IReadOnlySet<string>> segmentsInUse)
    {
        var files = directory.List(SegmentFlush.Subdirectory);
        var inUse = segmentsInUse();
        var named = new HashSet<string>(inUse, StringComparer.Ordinal);
        named.UnionWith(manifest.FileNames);
        foreach (var file in files)
        {
            var name = $"{SegmentFlush.Subdirectory}/{file}";
            if (!named.Contains(name))
            {
                directory.Delete(name);
            }
        }

        var runs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var table in manifest.Tables)
        {
            var definition = manifest.Catalog.Get(table.Table);
            runs.UnionWith(table.Segments.Select(s => SketchFile.NameOf(s.Info)));
            foreach (var index in definition.Indexes)
            {
                var shape = KeyShape.Of(definition, index);
                runs.UnionWith(table.Segments.Select(s => RunFile.NameOf(s.Info, index.Id, shape.Sources)));
            }

            foreach (var index in definition.VectorIndexes)
            {
                runs.UnionWith(table.Segments.Select(s => GraphFile.NameOf(s.Info, index.Id, index.Columns[0].Column)));
            }

            foreach (var column in manifest.Catalog.Get(table.Table).Columns)
            {
                if (CodeFile.IsCoded(column.Type))
                {
                    runs.UnionWith(table.Segments.Select(s => CodeFile.NameOf(s.Info, column.Id)));
                }
            }
        }

        foreach (var file in directory.List(RunFile.Subdirectory))
        {
            var name = $"{RunFile.Subdirectory}/{file}";
            if (!runs.Contains(name) && !IsOf(inUse, file))
            {
                directory.Delete(name);
            }
        }

        foreach (var file in directory.List(""))
        {
            if (file.StartsWith(Manifest.NamePrefix, StringComparison.Ordinal) && file != Manifest.NameOf(manifest.Generation))
            {
                directory.Delete(file);
            }
        }
    }

    /// <summary>Whether a derived file belongs to one of the segments: a load has its codes before a manifest names it.</summary>
    private static bool IsOf(IReadOnlySet<string> segments, string file)
    {
        var stem = file.IndexOf('.', StringComparison.Ordinal);
        return stem > 0 && segments.Contains($"{SegmentFlush.Subdirectory}/{file[..stem]}.seg");
    }
}
