using System.Data.Common;
using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.Logging;

namespace Engram.EntityFrameworkCore.Tests.Query;

/// <summary>How results come out of a query row by row: what interceptors, other threads, cancellation and failures within a row see of it.</summary>
public sealed class EnumerationTests : IDisposable
{
    private const int Shelves = 1000;

    private readonly EngramConnection connection = new("Data Source=:memory:");

    public EnumerationTests()
    {
        connection.Open();
        using var context = Create();
        context.Database.EnsureCreated();
        context.Database.ExecuteSql($"""
            INSERT INTO "Shelves" SELECT i FROM generate_series(1, {Shelves}) AS s(i);
            INSERT INTO "Books" ("ShelfId", "Title") SELECT i, i || '.' || n FROM generate_series(1, {Shelves}) AS s(i), LATERAL generate_series(0, i % 5 - 1) AS b(n)
            """);
    }

    public void Dispose() => connection.Dispose();

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Results_of_several_rows_are_whole_over_all_batches(bool isAsync, bool isOwnDetector)
    {
        var detector = new CountingDetector();
        await using var context = Create(o =>
        {
            if (isOwnDetector)
            {
                CountingDetector.Current.Value = detector;
                o.UseOwnServices().ReplaceService<IConcurrencyDetector, CountingDetector>();
            }
        });
        var query = context.Shelves.Include(s => s.Books).OrderBy(s => s.Id);
        var shelves = isAsync ? await query.ToListAsync() : query.ToList();
        Assert.Equal(Enumerable.Range(1, Shelves), shelves.Select(s => s.Id));
        Assert.All(shelves, s => Assert.Equal(Enumerable.Range(0, s.Id % 5).Select(n => $"{s.Id}.{n}"), s.Books.Select(b => b.Title).Order()));
        // One of the application's own is asked for each result, and once more for the end.
        Assert.Equal(isOwnDetector ? Shelves + 1 : 0, detector.Entries);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_thread_that_uses_the_context_within_a_row_is_told(bool isAsync)
    {
        var row = 0;
        Exception? told = null;
        await using var context = Create(o => o.UseOwnServices().AddInterceptors(new OnRow(c =>
        {
            if (++row == 3)
            {
                told = InForeignFlow(() => _ = c.Set<Book>().Count());
            }
        })));
        var query = context.Shelves.OrderBy(s => s.Id).Take(5);
        Assert.Equal([1, 2, 3, 4, 5], (isAsync ? await query.ToListAsync() : query.ToList()).Select(s => s.Id));
        Assert.Equal(CoreStrings.ConcurrentMethodInvocation, Assert.IsType<InvalidOperationException>(told).Message);
        Assert.Null(InForeignFlow(() => _ = context.Books.Count()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_same_thread_may_query_within_a_row_and_between_rows(bool isAsync)
    {
        var counts = new List<int>();
        await using var context = Create(o => o.UseOwnServices().AddInterceptors(new OnRow(c =>
        {
            counts.Add(c.Set<Book>().AsNoTracking().Count(b => b.ShelfId == 4));
        })));
        var query = context.Shelves.AsNoTracking().OrderBy(s => s.Id).Take(4);
        var between = new List<int>();
        if (isAsync)
        {
            await foreach (var shelf in query.AsAsyncEnumerable())
            {
                between.Add(await context.Books.AsNoTracking().CountAsync(b => b.ShelfId == shelf.Id));
            }
        }
        else
        {
            foreach (var shelf in query)
            {
                between.Add(context.Books.AsNoTracking().Count(b => b.ShelfId == shelf.Id));
            }
        }

        Assert.Equal([4, 4, 4, 4], counts);
        Assert.Equal([1, 2, 3, 4], between);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_function_of_the_application_may_have_another_thread_use_the_context_for_each_row(bool isAsync)
    {
        await using var context = Create();
        var query = context.Shelves.Where(s => s.Id <= 4).OrderBy(s => s.Id).Select(s => new { s.Id, Books = CountElsewhere(context, s.Id) });
        Assert.Equal([1, 2, 3, 4], (isAsync ? await query.ToListAsync() : query.ToList()).Select(s => s.Books));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 3)]
    [InlineData(true, 3)]
    public async Task What_a_row_throws_is_logged_and_ends_the_enumeration(bool isAsync, int failing)
    {
        var events = new List<EventId>();
        var row = 0;
        await using var context = Create(o => o.UseOwnServices()
            .AddInterceptors(new OnRow(_ =>
            {
                if (++row == failing)
                {
                    throw new InvalidDataException("not this one");
                }
            }))
            .LogTo((id, _) => IsOfIteration(id), e => events.Add(e.EventId)));
        var read = new List<int>();
        var failure = await Record.ExceptionAsync(async () =>
        {
            if (isAsync)
            {
                await foreach (var shelf in context.Shelves.OrderBy(s => s.Id).AsAsyncEnumerable())
                {
                    read.Add(shelf.Id);
                }
            }
            else
            {
                foreach (var shelf in context.Shelves.OrderBy(s => s.Id))
                {
                    read.Add(shelf.Id);
                }
            }
        });
        Assert.Equal("not this one", Assert.IsType<InvalidDataException>(failure).Message);
        Assert.Equal(Enumerable.Range(1, failing - 1), read);
        Assert.Equal([CoreEventId.QueryIterationFailed], events);
        Assert.Equal(Shelves, await context.Shelves.CountAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_cancellation_between_rows_is_a_cancelled_task(int last)
    {
        var events = new List<EventId>();
        using var source = new CancellationTokenSource();
        await using var context = Create(o => o.LogTo((id, _) => IsOfIteration(id), e => events.Add(e.EventId)));
        await using var rows = context.Shelves.OrderBy(s => s.Id).AsAsyncEnumerable().GetAsyncEnumerator(source.Token);
        for (var i = 0; i < last; i++)
        {
            Assert.True(await rows.MoveNextAsync());
        }

        await source.CancelAsync();
        var next = rows.MoveNextAsync().AsTask();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        Assert.True(next.IsCanceled);
        Assert.Equal([CoreEventId.QueryCanceled], events);
    }

    [Fact]
    public async Task Whoever_listens_is_told_how_many_rows_were_read()
    {
        var counter = new ReadCounter();
        await using var context = Create(o => o.AddInterceptors(counter));
        Assert.Equal(7, (await context.Shelves.Take(7).ToListAsync()).Count);
        Assert.Equal(7, context.Shelves.Take(7).ToList().Count);
        // The eighth finds the end.
        Assert.Equal([8, 8], counter.Counts);
    }

    private static int CountElsewhere(LibraryContext context, int shelf)
    {
        var count = 0;
        var thread = new Thread(() => count = context.Books.Count(b => b.ShelfId == shelf));
        thread.Start();
        thread.Join();
        return count;
    }

    private static bool IsOfIteration(EventId id) => id == CoreEventId.QueryIterationFailed || id == CoreEventId.QueryCanceled;

    /// <summary>What an action throws on another thread, of a flow of execution of its own.</summary>
    private static Exception? InForeignFlow(Action action)
    {
        Exception? thrown = null;
        var thread = new Thread(() => thrown = Record.Exception(action));
        thread.UnsafeStart();
        thread.Join();
        return thrown;
    }

    private LibraryContext Create(Action<DbContextOptionsBuilder>? configure = null)
    {
        var options = new DbContextOptionsBuilder<LibraryContext>().UseEngram(connection);
        configure?.Invoke(options);
        return new LibraryContext(options.Options);
    }

    private sealed class LibraryContext(DbContextOptions<LibraryContext> options) : DbContext(options)
    {
        public DbSet<Shelf> Shelves => Set<Shelf>();

        public DbSet<Book> Books => Set<Book>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Shelf>().Property(s => s.Id).ValueGeneratedNever();
    }

    private sealed class Shelf
    {
        public int Id { get; set; }

        public List<Book> Books { get; set; } = [];
    }

    private sealed class Book
    {
        public int Id { get; set; }

        public int ShelfId { get; set; }

        public required string Title { get; set; }
    }

    /// <summary>Runs something with the context of each shelf, while it is made.</summary>
    private sealed class OnRow(Action<DbContext> action) : IMaterializationInterceptor
    {
        public object InitializedInstance(MaterializationInterceptionData materializationData, object entity)
        {
            if (entity is Shelf)
            {
                action(materializationData.Context);
            }

            return entity;
        }
    }

    private sealed class ReadCounter : DbCommandInterceptor
    {
        public List<int> Counts { get; } = [];

        public override InterceptionResult DataReaderDisposing(DbCommand command, DataReaderDisposingEventData eventData, InterceptionResult result)
        {
            Counts.Add(eventData.ReadCount);
            return result;
        }
    }

    /// <summary>An application's own, which allows everything.</summary>
    private sealed class CountingDetector : IConcurrencyDetector
    {
        public static AsyncLocal<CountingDetector?> Current { get; } = new();

        public int Entries { get; private set; }

        public ConcurrencyDetectorCriticalSectionDisposer EnterCriticalSection()
        {
            Current.Value!.Entries++;
            return new ConcurrencyDetectorCriticalSectionDisposer(this);
        }

        public void ExitCriticalSection()
        {
        }
    }
}
