using Engram.EntityFrameworkCore.Design;
using Engram.EntityFrameworkCore.Scaffolding;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Design.Internal;
using Microsoft.EntityFrameworkCore.Scaffolding;
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
        new EntityFrameworkRelationalDesignServicesBuilder(serviceCollection)
            .TryAdd<IAnnotationCodeGenerator, ModelCode>()
            .TryAdd<ICSharpRuntimeAnnotationCodeGenerator, CompiledModelCode>()
            .TryAdd<IDatabaseModelFactory, DatabaseModelReader>()
            .TryAdd<IProviderConfigurationCodeGenerator, OptionsCode>()
            .TryAddCoreServices();
    }
}
