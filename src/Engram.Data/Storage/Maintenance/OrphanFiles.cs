using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Deletes files that the manifest which counts does not name: left by a checkpoint that never finished, or replaced by one that did.</summary>
/// <remarks>Run by the only writer, when CURRENT is known to be durable. Log files are the log's business; quarantine/ is the user's.</remarks>
internal static class OrphanFiles
{
    public static void Delete(DataDirectory directory, Manifest manifest)
    {
        var named = new HashSet<string>(manifest.FileNames, StringComparer.Ordinal);
        foreach (var file in directory.List(SegmentFlush.Subdirectory))
        {
            var name = $"{SegmentFlush.Subdirectory}/{file}";
            if (!named.Contains(name))
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
}
