using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Storage;

public sealed class DatabaseCreatorTests : IDisposable
{
    private readonly TestDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task A_database_is_created_once_and_deleted_once()
    {
        await using var context = database.CreateContext();
        Assert.True(await context.Database.EnsureCreatedAsync());
        Assert.False(await context.Database.EnsureCreatedAsync());
        Assert.True(await context.Database.CanConnectAsync());
        Assert.Equal(0, await context.Episodes.CountAsync());
        Assert.True(await context.Database.EnsureDeletedAsync());
        Assert.False(Directory.Exists(database.DatabasePath));
        Assert.False(await context.Database.EnsureDeletedAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Contexts_that_create_a_database_together_create_it_once(bool isAsync)
    {
        var created = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            await using var context = database.CreateContext();
            return isAsync ? await context.Database.EnsureCreatedAsync() : context.Database.EnsureCreated();
        })));
        Assert.Single(created, isCreated => isCreated);
        await using var after = database.CreateContext();
        Assert.Equal(0, await after.Notes.CountAsync());
    }

    [Fact]
    public void A_connection_string_without_a_database_is_told()
    {
        using var connection = new EngramConnection("Enlist=false");
        using var context = new MemoryContext(new DbContextOptionsBuilder<MemoryContext>().UseEngram(connection).Options);
        Assert.Contains("names no database", Assert.Throws<InvalidOperationException>(() => context.Database.EnsureCreated()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_temporary_table_is_none_of_the_database()
    {
        using var connection = new EngramConnection("Data Source=:memory:");
        connection.Open();
        using var context = new MemoryContext(new DbContextOptionsBuilder<MemoryContext>().UseEngram(connection).Options);
        context.Database.ExecuteSqlRaw("CREATE TEMPORARY TABLE passing (id integer)");
        Assert.True(context.Database.EnsureCreated());
        Assert.Equal(0, context.Notes.Count());
    }

    [Fact]
    public void Asking_creates_nothing()
    {
        using var context = database.CreateContext();
        Assert.False(context.Database.CanConnect());
        Assert.False(context.Database.EnsureDeleted());
        Assert.False(Directory.Exists(database.DatabasePath));
    }

    [Fact]
    public void Tables_are_created_in_a_database_that_has_none()
    {
        using (var connection = new EngramConnection(database.ConnectionString))
        {
            connection.Open();
        }

        using var context = database.CreateContext();
        Assert.True(context.Database.EnsureCreated());
        Assert.Equal(0, context.Episodes.Count());
    }

    [Fact]
    public void A_created_database_can_be_deleted_and_created_again()
    {
        using var context = database.CreateContext();
        for (var i = 0; i < 3; i++)
        {
            Assert.True(context.Database.EnsureCreated());
            context.Add(new Note());
            context.SaveChanges();
            context.ChangeTracker.Clear();
            Assert.Equal(1, context.Notes.AsNoTracking().Single().Id);
            Assert.True(context.Database.EnsureDeleted());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_context_whose_connection_is_open_deletes_its_database(bool isGiven)
    {
        await using var connection = new EngramConnection(database.ConnectionString);
        await using var context = isGiven ? new MemoryContext(new DbContextOptionsBuilder<MemoryContext>().UseEngram(connection).Options) : database.CreateContext();
        await context.Database.OpenConnectionAsync();
        Assert.True(await context.Database.EnsureCreatedAsync());
        await using (var transaction = await context.Database.BeginTransactionAsync())
        {
            Assert.Equal("55006", (await Assert.ThrowsAsync<EngramException>(() => context.Database.EnsureDeletedAsync())).SqlState);
        }

        Assert.True(await context.Database.EnsureDeletedAsync());
        Assert.False(Directory.Exists(database.DatabasePath));
        Assert.True(await context.Database.EnsureCreatedAsync());
        Assert.Equal(0, await context.Notes.CountAsync());
        await context.Database.CloseConnectionAsync();
        Assert.True(await context.Database.EnsureDeletedAsync());
    }

    [Fact]
    public void What_does_not_delete_a_database_leaves_its_connection_open()
    {
        using var connection = new EngramConnection(database.ConnectionString);
        connection.Open();
        using var context = new MemoryContext(new DbContextOptionsBuilder<MemoryContext>().UseEngram(connection).Options);
        context.Database.EnsureCreated();
        context.Database.ExecuteSql($"CREATE TEMPORARY TABLE kept (id int)");
        using (var transaction = connection.BeginTransaction())
        {
            Assert.Contains("transaction", AssertRefused(context), StringComparison.Ordinal);
            transaction.Commit();
        }

        context.Database.ExecuteSql($"BEGIN");
        Assert.Contains("transaction", AssertRefused(context), StringComparison.Ordinal);
        context.Database.ExecuteSql($"COMMIT");
        using (var other = new EngramConnection(database.ConnectionString))
        {
            other.Open();
            Assert.Contains("2 connections", AssertRefused(context), StringComparison.Ordinal);
        }

        Assert.Equal(System.Data.ConnectionState.Open, connection.State);
        Assert.Equal(1, context.Database.ExecuteSql($"INSERT INTO kept VALUES (1)"));
        Assert.True(context.Database.EnsureDeleted());
        Assert.False(Directory.Exists(database.DatabasePath));

        static string AssertRefused(MemoryContext context)
        {
            var refused = Assert.Throws<EngramException>(() => context.Database.EnsureDeleted());
            Assert.Equal("55006", refused.SqlState);
            return refused.Message;
        }
    }

    [Fact]
    public void A_database_in_memory_lives_as_long_as_its_connection()
    {
        using var connection = new EngramConnection("Data Source=:memory:");
        connection.Open();
        using var context = new MemoryContext(new DbContextOptionsBuilder<MemoryContext>().UseEngram(connection).Options);
        Assert.True(context.Database.EnsureCreated());
        context.Add(new Note { Tags = ["x"] });
        context.SaveChanges();
        Assert.Equal(["x"], context.Notes.AsNoTracking().Single().Tags);
        Assert.True(context.Database.EnsureDeleted());
        Assert.True(context.Database.EnsureCreated());
        Assert.Equal(0, context.Notes.Count());
    }

    [Fact]
    public void A_data_source_keeps_a_private_database_for_its_contexts()
    {
        using var source = new EngramDataSource("Data Source=:memory:");
        var options = new DbContextOptionsBuilder<MemoryContext>().UseEngram(source).Options;
        using (var context = new MemoryContext(options))
        {
            Assert.True(context.Database.EnsureCreated());
            context.Add(new Note());
            context.SaveChanges();
        }

        using var other = new MemoryContext(options);
        Assert.False(other.Database.EnsureCreated());
        Assert.Equal(1, other.Notes.Count());
    }
}
