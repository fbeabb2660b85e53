using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Update;

public sealed class SaveChangesTests : IDisposable
{
    private readonly LedgerDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public void A_thousand_rows_get_their_keys_in_order_from_one_statement()
    {
        using var context = database.CreateContext();
        var accounts = Enumerable.Range(0, 1000).Select(i => new Account { Name = $"a{i}", Balance = i }).ToList();
        context.AddRange(accounts);
        Assert.Equal(1000, context.SaveChanges());

        Assert.Single(database.Commands);
        Assert.Equal(Enumerable.Range(1, 1000), accounts.Select(a => a.Id));
        Assert.All(accounts, a => Assert.Equal("EUR", a.Currency));

        using var other = database.CreateContext();
        Assert.Equal(accounts.Select(a => (a.Id, a.Name)), other.Accounts.OrderBy(a => a.Id).AsEnumerable().Select(a => (a.Id, a.Name)));
    }

    [Fact]
    public void Inserts_are_one_statement_a_table_and_return_what_was_generated()
    {
        using var context = database.CreateContext();
        context.AddRange(new Account { Name = "a" }, new Account { Name = "b" }, new Account { Name = "c", Currency = "USD" });
        context.SaveChanges();
        Assert.Equal(
            """
            INSERT INTO "Accounts" ("Balance", "Name", "Version")
            VALUES (@p0, @p1, @p2),
            (@p3, @p4, @p5)
            RETURNING "Id", "Currency";
            INSERT INTO "Accounts" ("Balance", "Currency", "Name", "Version")
            VALUES (@p6, @p7, @p8, @p9)
            RETURNING "Id";
            """.ReplaceLineEndings("\n"),
            database.Commands.Single());
        Assert.Equal(["EUR", "EUR", "USD"], context.Accounts.OrderBy(a => a.Name).Select(a => a.Currency));
    }

    [Fact]
    public void An_update_writes_what_changed_and_checks_its_row()
    {
        var id = AddAccounts(1)[0].Id;
        using var context = database.CreateContext();
        var account = context.Accounts.Single(a => a.Id == id);
        account.Balance = 7;
        account.Version++;
        database.Commands.Clear();
        context.SaveChanges();
        Assert.Equal(
            """
            UPDATE "Accounts" SET "Balance" = @p0, "Version" = @p1
            WHERE "Id" = @p2 AND "Version" = @p3
            RETURNING 1;
            """.ReplaceLineEndings("\n"),
            database.Commands.Single());
    }

    [Fact]
    public void A_conflict_names_its_entry_among_many()
    {
        AddAccounts(20);
        using var mine = database.CreateContext();
        var accounts = mine.Accounts.OrderBy(a => a.Id).ToList();
        using (var theirs = database.CreateContext())
        {
            var account = theirs.Accounts.Single(a => a.Id == accounts[13].Id);
            account.Version = 99;
            theirs.SaveChanges();
        }

        accounts.ForEach(a => a.Balance = 1);
        var conflict = Assert.Throws<DbUpdateConcurrencyException>(() => mine.SaveChanges());
        Assert.Same(accounts[13], Assert.Single(conflict.Entries).Entity);

        // Nothing of it was kept.
        using var after = database.CreateContext();
        Assert.Equal(0, after.Accounts.Count(a => a.Balance == 1));

        // As the documentation of EF Core resolves it: take the database's values for the original ones, and save again.
        var entry = conflict.Entries[0];
        entry.OriginalValues.SetValues(entry.GetDatabaseValues()!);
        Assert.Equal(20, mine.SaveChanges());
    }

    [Fact]
    public async Task A_row_that_is_gone_is_a_conflict_too()
    {
        AddAccounts(3);
        using var mine = database.CreateContext();
        var accounts = await mine.Accounts.OrderBy(a => a.Id).ToListAsync();
        await using (var theirs = database.CreateContext())
        {
            theirs.Remove(await theirs.Accounts.SingleAsync(a => a.Id == accounts[1].Id));
            await theirs.SaveChangesAsync();
        }

        mine.RemoveRange(accounts);
        var conflict = await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => mine.SaveChangesAsync());
        Assert.Same(accounts[1], Assert.Single(conflict.Entries).Entity);
    }

    [Fact]
    public void Children_are_saved_with_their_parent_and_go_with_it()
    {
        using (var context = database.CreateContext())
        {
            var account = new Account { Name = "parent" };
            account.Entries.AddRange([new Entry { Amount = 1.5m }, new Entry { Amount = 2.5m }]);
            context.Add(account);
            Assert.Equal(3, context.SaveChanges());
            Assert.All(account.Entries, e => Assert.Equal(account.Id, e.AccountId));
        }

        using (var context = database.CreateContext())
        {
            // The children are not loaded: the database removes them.
            context.Remove(context.Accounts.Single());
            context.SaveChanges();
            Assert.Equal(0, context.Entries.Count());
        }
    }

    [Fact]
    public void A_failure_keeps_nothing_and_says_what_and_where()
    {
        AddAccounts(2);
        using var context = database.CreateContext();
        context.AddRange(new Account { Name = "new" }, new Account { Name = "a1" });
        var failure = Assert.Throws<DbUpdateException>(() => context.SaveChanges());
        var inner = Assert.IsType<Engram.Data.EngramException>(failure.InnerException);
        Assert.Equal("23505", inner.SqlState);
        Assert.Equal(2, database.CreateContext().Accounts.Count());

        using var orphan = database.CreateContext();
        orphan.Add(new Entry { AccountId = 4711 });
        failure = Assert.Throws<DbUpdateException>(() => orphan.SaveChanges());
        Assert.Equal("23503", Assert.IsType<Engram.Data.EngramException>(failure.InnerException).SqlState);
    }

    [Fact]
    public void A_failure_within_a_transaction_keeps_what_was_saved_before_it()
    {
        using var context = database.CreateContext();
        using (var transaction = context.Database.BeginTransaction())
        {
            context.Add(new Account { Name = "first" });
            context.SaveChanges();
            var second = context.Add(new Account { Name = "first" });
            Assert.Throws<DbUpdateException>(() => context.SaveChanges());
            second.Entity.Name = "second";
            context.SaveChanges();
            transaction.Commit();
        }

        Assert.Equal(["first", "second"], context.Accounts.OrderBy(a => a.Id).Select(a => a.Name));
    }

    [Fact]
    public void A_transaction_that_is_not_committed_leaves_nothing()
    {
        using (var context = database.CreateContext())
        using (context.Database.BeginTransaction())
        {
            context.Add(new Account { Name = "lost" });
            context.SaveChanges();
            Assert.Equal(1, context.Accounts.Count());
        }

        using var after = database.CreateContext();
        Assert.Equal(0, after.Accounts.Count());
    }

    [Fact]
    public void Savepoints_undo_a_part()
    {
        using var context = database.CreateContext();
        using var transaction = context.Database.BeginTransaction();
        context.Add(new Account { Name = "kept" });
        context.SaveChanges();
        transaction.CreateSavepoint("before");
        context.Accounts.ExecuteUpdate(s => s.SetProperty(a => a.Balance, 5m));
        transaction.RollbackToSavepoint("before");
        transaction.Commit();
        Assert.Equal(0m, context.Accounts.Select(a => a.Balance).Single());
    }

    [Fact]
    public void Two_contexts_share_a_transaction()
    {
        using var connection = new Engram.Data.EngramConnection(database.ConnectionString);
        connection.Open();
        using (var transaction = connection.BeginTransaction())
        {
            using var first = database.CreateContext(connection);
            using var second = database.CreateContext(connection);
            first.Database.UseTransaction(transaction);
            second.Database.UseTransaction(transaction);
            first.Add(new Account { Name = "shared" });
            first.SaveChanges();
            Assert.Equal("shared", second.Accounts.Single().Name);

            // Two readers on one connection, one within the other.
            foreach (var account in first.Accounts.AsNoTracking().AsEnumerable())
            {
                Assert.Equal(account.Name, second.Accounts.AsNoTracking().Single(a => a.Id == account.Id).Name);
            }

            transaction.Commit();
        }

        using var after = database.CreateContext();
        Assert.Equal(1, after.Accounts.Count());
    }

    [Fact]
    public void Composite_keys_and_updates_by_query()
    {
        using var context = database.CreateContext();
        context.AddRange(new Tag { Scope = "a", Name = "x", Count = 1 }, new Tag { Scope = "a", Name = "y", Count = 2 }, new Tag { Scope = "b", Name = "x", Count = 3 });
        context.SaveChanges();
        Assert.Equal(2, context.Tags.Where(t => t.Scope == "a").ExecuteUpdate(s => s.SetProperty(t => t.Count, t => t.Count + 10)));
        Assert.Equal(1, context.Tags.Where(t => t.Count == 3).ExecuteDelete());
        Assert.Equal([11, 12], context.Tags.OrderBy(t => t.Name).Select(t => t.Count));
    }

    [Fact]
    public void Raw_SQL_is_queried_and_executed()
    {
        AddAccounts(5);
        using var context = database.CreateContext();
        var name = "a3";
        Assert.Equal(1, context.Database.ExecuteSql($"""UPDATE "Accounts" SET "Balance" = {12.5m} WHERE "Name" = {name}"""));
        Assert.Equal(12.5m, context.Accounts.FromSql($"""SELECT * FROM "Accounts" WHERE "Name" = {name}""").Single(a => a.Version == 0).Balance);
        Assert.Equal([1, 2], context.Database.SqlQuery<int>($"""SELECT "Id" AS "Value" FROM "Accounts" """).Where(i => i < 3).OrderBy(i => i));
    }

    [Fact]
    public void Contexts_of_a_pool_start_clean()
    {
        var options = new DbContextOptionsBuilder<LedgerContext>().UseEngram(database.ConnectionString).Options;
        var factory = new Microsoft.EntityFrameworkCore.Infrastructure.PooledDbContextFactory<LedgerContext>(options);
        using (var context = factory.CreateDbContext())
        {
            context.Database.BeginTransaction();
            context.Add(new Account { Name = "pooled" });
            context.SaveChanges();
        }

        using var again = factory.CreateDbContext();
        Assert.Empty(again.ChangeTracker.Entries());
        Assert.Null(again.Database.CurrentTransaction);
        Assert.Equal(0, again.Accounts.Count());
    }

    private List<Account> AddAccounts(int count)
    {
        using var context = database.CreateContext();
        var accounts = Enumerable.Range(0, count).Select(i => new Account { Name = $"a{i}" }).ToList();
        context.AddRange(accounts);
        context.SaveChanges();
        return accounts;
    }
}
