using Engram.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.DependencyInjection;

[assembly: DesignTimeProviderServices("Engram.EntityFrameworkCore.Design.EngramDesignTimeServices")]

namespace Engram.EntityFrameworkCore.Design;

/// <summary>What <c>dotnet ef</c> needs of the provider. Found by name; not for applications.</summary>
public class EngramDesignTimeServices : IDesignTimeServices
{
    /// <inheritdoc/>
    public virtual void ConfigureDesignTimeServices(IServiceCollection serviceCollection)
    {
        serviceCollection.AddEntityFrameworkEngram();
        new EntityFrameworkRelationalDesignServicesBuilder(serviceCollection).TryAddCoreServices();
    }
}
