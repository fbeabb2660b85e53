using Engram.Data;
using Engram.EntityFrameworkCore.Design;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Tests.Infrastructure;

public sealed class RegistrationTests
{
    private const string ConnectionString = "Data Source=never-opened.engram";

    [Fact]
    public void The_provider_is_known_by_its_name()
    {
        using var db = MemoryContext.ForSql();
        Assert.True(db.Database.IsEngram());
        Assert.True(db.Database.IsRelational());
        Assert.Equal("Engram.EntityFrameworkCore", db.Database.ProviderName);
    }

    [Fact]
    public void Every_overload_gives_the_context_its_connection()
    {
        using var connection = new EngramConnection(ConnectionString);
        using var source = new EngramDataSource(ConnectionString);
        foreach (var options in new[]
        {
            new DbContextOptionsBuilder<MemoryContext>().UseEngram(ConnectionString).Options,
            new DbContextOptionsBuilder<MemoryContext>().UseEngram(connection).Options,
            new DbContextOptionsBuilder<MemoryContext>().UseEngram(connection, contextOwnsConnection: false, o => o.CommandTimeout(5)).Options,
            new DbContextOptionsBuilder<MemoryContext>().UseEngram(source).Options,
        })
        {
            using var db = new MemoryContext(options);
            Assert.IsType<EngramConnection>(db.Database.GetDbConnection());
            Assert.Equal(ConnectionString, db.Database.GetConnectionString());
        }

        using var late = new MemoryContext(new DbContextOptionsBuilder<MemoryContext>().UseEngram().Options);
        late.Database.SetConnectionString(ConnectionString);
        Assert.Equal(ConnectionString, late.Database.GetDbConnection().ConnectionString);
    }

    [Fact]
    public void AddEngram_registers_a_context()
    {
        using var services = new ServiceCollection().AddEngram<MemoryContext>(ConnectionString, o => o.MaxBatchSize(7)).BuildServiceProvider();
        using var scope = services.CreateScope();
        Assert.True(scope.ServiceProvider.GetRequiredService<MemoryContext>().Database.IsEngram());
    }

    [Fact]
    public void Pools_and_factories_make_contexts()
    {
        using var services = new ServiceCollection()
            .AddPooledDbContextFactory<MemoryContext>(o => o.UseEngram(ConnectionString)).BuildServiceProvider();
        var factory = services.GetRequiredService<IDbContextFactory<MemoryContext>>();
        MemoryContext first;
        using (first = factory.CreateDbContext())
        {
            Assert.True(first.Database.IsEngram());
        }

        using var second = factory.CreateDbContext();
        Assert.Same(first, second);
    }

    [Fact]
    public void Design_time_services_are_found_by_the_assembly_attribute()
    {
        var attribute = (DesignTimeProviderServicesAttribute)typeof(EngramDesignTimeServices).Assembly
            .GetCustomAttributes(typeof(DesignTimeProviderServicesAttribute), false).Single();
        Assert.Equal(typeof(EngramDesignTimeServices).FullName, attribute.TypeName);

        var services = new ServiceCollection();
        new EngramDesignTimeServices().ConfigureDesignTimeServices(services);
        using var provider = services.BuildServiceProvider();
        Assert.NotNull(provider.GetService<Microsoft.EntityFrameworkCore.Storage.IRelationalTypeMappingSource>());
    }
}
