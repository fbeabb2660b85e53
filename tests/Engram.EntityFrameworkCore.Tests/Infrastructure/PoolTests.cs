using System.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Tests.Infrastructure;

/// <summary>Contexts of <c>AddDbContextPool</c>: the next scope gets one as if it were new, whatever the last one left in it.</summary>
public sealed class PoolTests : IDisposable
{
    private readonly TestDatabase database = TestDatabase.Create();

    public void Dispose() => database.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_context_comes_back_without_what_it_was_left_with(bool isAsync)
    {
        await using var services = Pooled(poolSize: 8);
        MemoryContext first;
        await using (var scope = services.CreateAsyncScope())
        {
            first = scope.ServiceProvider.GetRequiredService<MemoryContext>();
            first.Add(new Note { Tags = ["kept"] });
            first.SaveChanges();
            first.Database.SetCommandTimeout(77);
            first.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
            first.Database.BeginTransaction();
            first.Add(new Note { Tags = ["never committed"] });
            first.SaveChanges();
        }

        using (var scope = services.CreateScope())
        {
            var second = scope.ServiceProvider.GetRequiredService<MemoryContext>();
            Assert.Same(first, second);
            Assert.Null(second.Database.CurrentTransaction);
            Assert.Null(second.Database.GetCommandTimeout());
            Assert.Equal(ConnectionState.Closed, second.Database.GetDbConnection().State);
            Assert.Equal(QueryTrackingBehavior.TrackAll, second.ChangeTracker.QueryTrackingBehavior);
            Assert.Empty(second.ChangeTracker.Entries());
            var note = isAsync ? await second.Notes.SingleAsync() : second.Notes.Single();
            Assert.Equal(["kept"], note.Tags);
        }
    }

    [Fact]
    public void What_does_not_fit_into_the_pool_is_disposed()
    {
        using var services = Pooled(poolSize: 1);
        var contexts = new List<MemoryContext>();
        using (var one = services.CreateScope())
        using (var other = services.CreateScope())
        {
            contexts.Add(one.ServiceProvider.GetRequiredService<MemoryContext>());
            contexts.Add(other.ServiceProvider.GetRequiredService<MemoryContext>());
            Assert.NotSame(contexts[0], contexts[1]);
            Assert.All(contexts, c => Assert.Empty(c.Notes));
        }

        using var last = services.CreateScope();
        Assert.Same(contexts[1], last.ServiceProvider.GetRequiredService<MemoryContext>());
        Assert.Empty(contexts[1].Notes);
        Assert.Throws<ObjectDisposedException>(() => contexts[0].Notes.Any());
    }

    [Fact]
    public async Task Scopes_on_many_threads_each_have_a_context_of_their_own()
    {
        await using var services = Pooled(poolSize: 2);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
        {
            for (var round = 0; round < 5; round++)
            {
                await using var scope = services.CreateAsyncScope();
                var context = scope.ServiceProvider.GetRequiredService<MemoryContext>();
                Assert.Empty(context.ChangeTracker.Entries());
                context.Add(new Note { Tags = [$"{n}.{round}"] });
                await context.SaveChangesAsync();
            }
        })));

        using var check = database.CreateContext();
        Assert.Equal(20, check.Notes.AsEnumerable().SelectMany(n => n.Tags).Distinct().Count());
    }

    private ServiceProvider Pooled(int poolSize)
        => new ServiceCollection().AddDbContextPool<MemoryContext>(o => o.UseEngram(database.ConnectionString), poolSize).BuildServiceProvider(validateScopes: true);
}
