using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>The manifest that counts, and the slot of CURRENT that says so.</summary>
internal sealed record PublishedManifest(Manifest Manifest, Current Current);

/// <summary>Which files are the database, and the step from one set of them to the next. For the one maintenance job that runs.</summary>
/// <remarks>
/// Everything that a new manifest names is synced and checked before <see cref="Publish"/>. When that fails before CURRENT was touched, nothing has changed, and the
/// files that were written are deleted. When CURRENT itself fails, either manifest may count from now on: the log is poisoned, because only recovery can tell.
/// </remarks>
/// <param name="segmentsInUse">Segments that are needed beside those of the manifest; see <see cref="OrphanFiles.Delete"/>.</param>
internal sealed class PublishedFiles(
    DataDirectory directory, WalWriter wal, ILogger logger, PublishedManifest published, Func<IReadOnlySet<string>> segmentsInUse)
{
    private PublishedManifest published = published;

    public PublishedManifest Published => Volatile.Read(ref published);

    public Manifest Manifest => Published.Manifest;

    /// <summary>Writes a manifest and makes it the one that counts.</summary>
    public void Publish(Manifest next)
    {
        uint checksum;
        try
        {
            checksum = ManifestFile.Write(directory, next);
        }
        catch
        {
            DeleteUnnamed();
            throw;
        }

        try
        {
            Volatile.Write(ref published, new PublishedManifest(next, CurrentFile.Publish(directory, published.Current, next.Generation, checksum)));
        }
        catch (Exception e)
        {
            // Writing on could make both wrong.
            wal.Poison(e);
            throw;
        }
    }

    /// <summary>Deletes files that the manifest which counts does not name.</summary>
    public void DeleteOrphans() => OrphanFiles.Delete(directory, Manifest, segmentsInUse);

    /// <summary>After a failure before anything was named: what was written takes room, perhaps the very room that was missing.</summary>
    public void DeleteUnnamed()
    {
        try
        {
            DeleteOrphans();
        }
        catch (EngramException e)
        {
            // The next job or opening tries again. What led here matters more.
            logger.LogWarning(e, "Files that a checkpoint or compaction of {Path} began could not be deleted", directory.Path);
        }
    }
}
