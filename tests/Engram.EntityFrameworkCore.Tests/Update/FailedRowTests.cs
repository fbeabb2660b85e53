using System.Data.Common;
using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>A failure names the entry that it is about, wherever in a batch its row stands.</summary>
public sealed class FailedRowTests : IDisposable
{
    private readonly TestDatabase database = new();

    public FailedRowTests()
    {
        using var context = Context();
        context.Database.EnsureCreated();
        context.AddRange(Enumerable.Range(1, 4).Select(i => new Place { Id = i, Name = $"place {i}" }));
        context.SaveChanges();
    }

    public void Dispose() => database.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Of_many_inserted_rows_the_one_that_is_there_already(int failing)
    {
        using var context = Context();
        context.AddRange(Enumerable.Range(0, 3).Select(i => new Place { Id = 10 + i, Name = i == failing ? "place 3" : $"new {i}" }));
        AssertFailed(10 + failing, Assert.Throws<DbUpdateException>(() => context.SaveChanges()), SqlStateOfDuplicate);
        AssertFailed(10 + failing, await Assert.ThrowsAsync<DbUpdateException>(() => context.SaveChangesAsync()), SqlStateOfDuplicate);
        AssertUnchanged();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_many_updated_rows_the_one_that_collides(int failing)
    {
        using var context = Context();
        var places = context.Places.OrderBy(p => p.Id).Take(3).ToList();
        places.ForEach(p => p.Name = p.Id == failing + 1 ? "place 4" : $"renamed {p.Id}");
        AssertFailed(failing + 1, Assert.Throws<DbUpdateException>(() => context.SaveChanges()), SqlStateOfDuplicate);
        AssertUnchanged();
    }

    [Fact]
    public void An_inserted_row_after_updates_and_deletes()
    {
        using var context = Context();
        context.Places.Single(p => p.Id == 1).Name = "renamed";
        context.Remove(context.Places.Single(p => p.Id == 2));
        context.AddRange(new Place { Id = 10, Name = "new" }, new Place { Id = 11, Name = "place 4" }, new Place { Id = 12, Name = "newer" });
        AssertFailed(11, Assert.Throws<DbUpdateException>(() => context.SaveChanges()), SqlStateOfDuplicate);
        AssertUnchanged();
    }

    /// <summary>What stands behind a row that is gone still runs when the reader is closed, and fails.</summary>
    [Fact]
    public async Task A_row_that_is_gone_is_told_and_not_what_fails_behind_it()
    {
        using var context = Context();
        var gone = context.Places.Single(p => p.Id == 1);
        gone.Name = "renamed";
        context.Places.Single(p => p.Id == 2).Name = "place 3";
        using (var other = Context())
        {
            other.Places.Where(p => p.Id == 1).ExecuteDelete();
        }

        Assert.Same(gone, Assert.Single(Assert.Throws<DbUpdateConcurrencyException>(() => context.SaveChanges()).Entries).Entity);
        Assert.Same(gone, Assert.Single((await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => context.SaveChangesAsync())).Entries).Entity);
        context.Entry(gone).State = EntityState.Detached;
        AssertFailed(2, Assert.Throws<DbUpdateException>(() => context.SaveChanges()), SqlStateOfDuplicate);
    }

    [Fact]
    public void A_text_that_is_too_long_and_a_parent_that_is_not_there()
    {
        using var context = Context();
        context.AddRange(new Place { Id = 10, Name = "new" }, new Place { Id = 11, Name = new string('x', 21) });
        AssertFailed(11, Assert.Throws<DbUpdateException>(() => context.SaveChanges()), "22001");

        using var other = Context();
        other.AddRange(new Place { Id = 10, Name = "new", WithinId = 1 }, new Place { Id = 11, Name = "newer", WithinId = 99 }, new Place { Id = 12, Name = "newest" });
        AssertFailed(11, Assert.Throws<DbUpdateException>(() => other.SaveChanges()), "23503");
        AssertUnchanged();
    }

    [Fact]
    public async Task A_transaction_of_the_applications_goes_on_with_what_it_had()
    {
        using (var context = Context())
        {
            await using var transaction = await context.Database.BeginTransactionAsync();
            context.Database.AutoSavepointsEnabled = false;
            context.Add(new Place { Id = 10, Name = "before" });
            await context.SaveChangesAsync();
            context.AddRange(new Place { Id = 11, Name = "new" }, new Place { Id = 12, Name = "place 1" });
            AssertFailed(12, await Assert.ThrowsAsync<DbUpdateException>(() => context.SaveChangesAsync()), SqlStateOfDuplicate);
            await transaction.CommitAsync();
        }

        using var after = Context();
        Assert.Equal([1, 2, 3, 4, 10], after.Places.OrderBy(p => p.Id).Select(p => p.Id));
    }

    [Fact]
    public void Without_a_transaction_the_rows_before_stay_and_the_failing_row_is_named()
    {
        using (var context = Context())
        {
            context.Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
            context.Places.Single(p => p.Id == 1).Name = "renamed";
            context.AddRange(new Place { Id = 10, Name = "new" }, new Place { Id = 11, Name = "place 4" });
            AssertFailed(11, Assert.Throws<DbUpdateException>(() => context.SaveChanges()), SqlStateOfDuplicate);
        }

        using var after = Context();
        Assert.Equal(["renamed", "place 2", "place 3", "place 4", "new"], after.Places.OrderBy(p => p.Id).Select(p => p.Name));
    }

    [Theory]
    [InlineData("a1", "b0", "a0", "b2")]
    [InlineData("a0", "b1", "a2", "b0")]
    public async Task The_row_is_named_that_the_message_is_about(string row2, string number2, string row3, string number3)
    {
        using var context = Context();
        context.Add(new Seat { Id = 1, Row = "a0", Number = "b0" });
        context.SaveChanges();
        // Row by row, seat 2 is the first that does not fit; index by index, it depends on which index is looked at first.
        context.AddRange(new Seat { Id = 2, Row = row2, Number = number2 }, new Seat { Id = 3, Row = row3, Number = number3 });
        AssertSeat(Assert.Throws<DbUpdateException>(() => context.SaveChanges()));
        AssertSeat(await Assert.ThrowsAsync<DbUpdateException>(() => context.SaveChangesAsync()));

        static void AssertSeat(DbUpdateException e)
        {
            var seat = Assert.IsType<Seat>(Assert.Single(e.Entries).Entity);
            var taken = seat.Row == "a0" ? seat.Row : seat.Number;
            Assert.Contains($"'{taken}'", Assert.IsType<EngramException>(e.InnerException).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_search_that_is_cancelled_leaves_the_failure_as_it_is()
    {
        using var source = new CancellationTokenSource();
        using var context = new PlaceContext(
            new DbContextOptionsBuilder().UseEngram(database.ConnectionString).AddInterceptors(new CancelsAtFailure(source)).Options);
        context.AddRange(new Place { Id = 10, Name = "new" }, new Place { Id = 11, Name = "place 4" });
        var e = await Assert.ThrowsAsync<DbUpdateException>(() => context.SaveChangesAsync(source.Token));
        Assert.True(source.IsCancellationRequested);
        Assert.Equal(SqlStateOfDuplicate, Assert.IsType<EngramException>(e.InnerException).SqlState);
        Assert.Equal([10, 11], e.Entries.Select(entry => Assert.IsType<Place>(entry.Entity).Id));
        AssertUnchanged();
    }

    private const string SqlStateOfDuplicate = "23505";

    private static void AssertFailed(int id, DbUpdateException e, string sqlState)
    {
        Assert.Equal(sqlState, Assert.IsType<EngramException>(e.InnerException).SqlState);
        Assert.Equal(id, Assert.IsType<Place>(Assert.Single(e.Entries).Entity).Id);
    }

    private void AssertUnchanged()
    {
        using var context = Context();
        Assert.Equal(["place 1", "place 2", "place 3", "place 4"], context.Places.OrderBy(p => p.Id).Select(p => p.Name));
    }

    private PlaceContext Context() => new(new DbContextOptionsBuilder().UseEngram(database.ConnectionString).Options);

    private sealed class PlaceContext(DbContextOptions options) : DbContext(options)
    {
        public DbSet<Place> Places => Set<Place>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Place>(p =>
            {
                p.Property(x => x.Id).ValueGeneratedNever();
                p.Property(x => x.Name).HasMaxLength(20);
                p.HasIndex(x => x.Name).IsUnique();
                p.HasOne<Place>().WithMany().HasForeignKey(x => x.WithinId);
            });
            modelBuilder.Entity<Seat>(s =>
            {
                s.Property(x => x.Id).ValueGeneratedNever();
                s.HasIndex(x => x.Row).IsUnique();
                s.HasIndex(x => x.Number).IsUnique();
            });
        }
    }

    private sealed class CancelsAtFailure(CancellationTokenSource source) : DbCommandInterceptor
    {
        public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
            => source.CancelAsync();
    }

    private sealed class Seat
    {
        public int Id { get; set; }

        public required string Row { get; set; }

        public required string Number { get; set; }
    }

    private sealed class Place
    {
        public int Id { get; set; }

        public required string Name { get; set; }

        public int? WithinId { get; set; }
    }
}
