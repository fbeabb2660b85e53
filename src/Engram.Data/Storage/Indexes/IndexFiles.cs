using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Indexes;

/// <summary>Where runs are kept, and whom to tell when one is lost.</summary>
internal sealed record IndexFiles(DataDirectory Directory, ILogger Logger);
