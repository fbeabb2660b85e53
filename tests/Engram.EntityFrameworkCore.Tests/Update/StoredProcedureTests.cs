using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>Entities that a model saves by stored procedures: read as others are, and refused with a reason when they are saved.</summary>
public sealed class StoredProcedureTests : IDisposable
{
    private readonly TestDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task Saving_by_a_stored_procedure_is_refused_by_name()
    {
        await using var context = new ThingContext(new DbContextOptionsBuilder().UseEngram(database.ConnectionString).Options);
        await context.Database.EnsureCreatedAsync();
        Assert.Empty(context.Set<Thing>());
        context.AddRange(new Thing { Name = "a" }, new Thing { Name = "b" });
        Assert.Contains("'Thing_Insert'", Assert.Throws<InvalidOperationException>(() => context.SaveChanges()).Message, StringComparison.Ordinal);
        context.ChangeTracker.Clear();
        context.Remove(new Thing { Id = 1 });
        Assert.Contains("'remove_thing'", (await Assert.ThrowsAsync<InvalidOperationException>(() => context.SaveChangesAsync())).Message, StringComparison.Ordinal);
        Assert.Null(context.Database.CurrentTransaction);
    }

    private sealed class ThingContext(DbContextOptions options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
            => modelBuilder.Entity<Thing>()
                .InsertUsingStoredProcedure(s => s.HasParameter(t => t.Name).HasResultColumn(t => t.Id))
                .DeleteUsingStoredProcedure("remove_thing", s => s.HasOriginalValueParameter(t => t.Id));
    }

    private sealed class Thing
    {
        public int Id { get; set; }

        public string? Name { get; set; }
    }
}
