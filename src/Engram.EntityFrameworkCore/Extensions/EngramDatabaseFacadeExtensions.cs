using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Members of <see cref="DbContext.Database"/> that concern Engram databases.</summary>
public static class EngramDatabaseFacadeExtensions
{
    /// <summary>Whether the context uses the Engram provider. Valid once the context is configured.</summary>
    public static bool IsEngram(this DatabaseFacade database)
        => string.Equals(database.ProviderName, typeof(EngramDbContextOptionsBuilder).Assembly.GetName().Name, StringComparison.Ordinal);
}
