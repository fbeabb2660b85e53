using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Engram.EntityFrameworkCore.Tests.Model;

/// <summary>Options that make EF Core build its services anew. It keeps those of twenty different options in a process, and throws at the next: which test that hits is chance.</summary>
internal static class TestOptions
{
    /// <summary>Each context has a model of its own, whatever its type. All tests share these services.</summary>
    public static DbContextOptionsBuilder UseModelOfEachContext(this DbContextOptionsBuilder options) => options.ReplaceService<IModelCacheKeyFactory, EachContext>();

    /// <summary>For options that no other test has: their services are not kept, nor counted.</summary>
    public static T UseOwnServices<T>(this T options)
        where T : DbContextOptionsBuilder
    {
        options.EnableServiceProviderCaching(false).ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
        return options;
    }

    private sealed class EachContext : IModelCacheKeyFactory
    {
        public object Create(DbContext context, bool designTime) => (context, designTime);
    }
}
