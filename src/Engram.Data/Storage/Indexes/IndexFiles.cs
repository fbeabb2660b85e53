using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Indexes;

/// <summary>Where runs, codes and graphs are kept, and whom to tell when one is lost.</summary>
internal sealed class IndexFiles(DataDirectory directory, ILogger logger)
{
    public DataDirectory Directory => directory;

    public ILogger Logger => logger;

    /// <summary>Called, on any thread, when codes or a graph were made in memory and should be written to a file; null where nobody writes.</summary>
    public Action? Made { get; set; }
}
