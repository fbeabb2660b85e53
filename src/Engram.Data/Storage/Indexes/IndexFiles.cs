using Engram.Data.Columns;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Indexes;

/// <summary>Where runs, codes and graphs are kept, and whom to tell when one is lost.</summary>
/// <param name="directory">Where.</param>
/// <param name="logger">Whom to tell.</param>
/// <param name="conditions">Makes the conditions of partial indexes; null when nobody can: then their runs have all rows.</param>
internal sealed class IndexFiles(DataDirectory directory, ILogger logger, IndexConditionFactory? conditions = null)
{
    public IndexConditionFactory? Conditions => conditions;

    public DataDirectory Directory => directory;

    public ILogger Logger => logger;

    /// <summary>What codes are counted to that are made in memory; null where nothing is counted.</summary>
    public MemoryBudget? Memory { get; set; }

    /// <summary>Called, on any thread, when codes or a graph were made in memory and should be written to a file; null where nobody writes.</summary>
    public Action? Made { get; set; }
}
