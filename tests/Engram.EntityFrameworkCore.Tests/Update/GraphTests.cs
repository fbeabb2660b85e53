using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>Graphs that are built, moved, severed and deleted; each state is read back by a context of its own.</summary>
public sealed class GraphTests : IDisposable
{
    private readonly TestDatabase database = new();

    public GraphTests()
    {
        using var db = Context();
        db.Database.EnsureCreated();
    }

    public void Dispose() => database.Dispose();

    [Fact]
    public void Required_children_that_are_severed_are_deleted_and_optional_ones_stay()
    {
        Save(db => db.Add(new Root { Name = "r", Required = { new RequiredChild { Text = "a" }, new RequiredChild { Text = "b" } }, Optional = { new OptionalChild { Text = "c" }, new OptionalChild { Text = "d" } } }));
        Save(db =>
        {
            var root = db.Set<Root>().Include(r => r.Required).Include(r => r.Optional).Single();
            root.Required.RemoveAll(c => c.Text == "a");
            root.Optional.RemoveAll(c => c.Text == "c");
        });
        Read(db =>
        {
            Assert.Equal("b", Assert.Single(db.Set<RequiredChild>()).Text);
            Assert.Equal(["c:", "d:1"], db.Set<OptionalChild>().OrderBy(c => c.Text).AsEnumerable().Select(c => $"{c.Text}:{c.RootId}"));
        });
        Save(db => db.Remove(db.Set<Root>().Single()));
        Read(db =>
        {
            Assert.Empty(db.Set<RequiredChild>());
            Assert.All(db.Set<OptionalChild>().AsEnumerable(), c => Assert.Null(c.RootId));
        });
    }

    [Fact]
    public void A_child_moves_to_another_parent_and_one_to_one_is_replaced()
    {
        Save(db => db.AddRange(new Root { Name = "1", Required = { new RequiredChild { Text = "a" } }, Single = new SingleChild { Text = "s" } }, new Root { Name = "2" }));
        Save(db =>
        {
            var roots = db.Set<Root>().Include(r => r.Required).Include(r => r.Single).OrderBy(r => r.Name).ToList();
            roots[1].Required.Add(roots[0].Required[0]);
            roots[0].Single = new SingleChild { Text = "new" };
        });
        Read(db =>
        {
            Assert.Equal("2", db.Set<RequiredChild>().Include(c => c.Root).Single().Root!.Name);
            Assert.Equal("new", Assert.Single(db.Set<SingleChild>()).Text);
        });
        Save(db =>
        {
            var roots = db.Set<Root>().Include(r => r.Single).OrderBy(r => r.Name).ToList();
            roots[1].Single = roots[0].Single;
        });
        Read(db => Assert.Equal("2", db.Set<Root>().Single(r => r.Single != null).Name));
    }

    [Fact]
    public void Entities_that_refer_to_themselves_are_saved_in_order_and_a_cycle_of_new_ones_is_refused()
    {
        Save(db =>
        {
            var top = new Node { Name = "top" };
            db.AddRange(new Node { Name = "leaf", Parent = new Node { Name = "middle", Parent = top } }, top);
        });
        Read(db => Assert.Equal("leaf/middle/top", db.Set<Node>().Where(n => n.Name == "leaf").Select(n => n.Name + "/" + n.Parent!.Name + "/" + n.Parent.Parent!.Name).Single()));
        using var context = Context();
        var (a, b) = (new Node { Name = "a" }, new Node { Name = "b" });
        (a.Parent, b.Parent) = (b, a);
        context.AddRange(a, b);
        Assert.Throws<InvalidOperationException>(() => context.SaveChanges());
        Save(db =>
        {
            var leaf = db.Set<Node>().Include(n => n.Parent!.Parent).Single(n => n.Name == "leaf");
            var (middle, top) = (leaf.Parent!, leaf.Parent!.Parent!);
            db.Remove(top);
            middle.Parent = null;
        });
        Read(db => Assert.Equal(["leaf", "middle"], db.Set<Node>().OrderBy(n => n.Name).Select(n => n.Name)));
    }

    [Fact]
    public void Unique_values_are_exchanged_and_a_deleted_row_makes_room_for_another()
    {
        Save(db => db.AddRange(new Named { Id = 1, Name = "a" }, new Named { Id = 2, Name = "b" }));
        Save(db =>
        {
            db.Remove(db.Set<Named>().Single(n => n.Id == 1));
            db.Add(new Named { Id = 3, Name = "a" });
        });
        Save(db =>
        {
            db.Set<Named>().Single(n => n.Id == 3).Name = "c";
            db.Add(new Named { Id = 4, Name = "a" });
        });
        Save(db =>
        {
            var again = db.Set<Named>().Single(n => n.Id == 4);
            db.Remove(again);
            db.Add(new Named { Id = 4, Name = "again" });
        });
        Read(db => Assert.Equal(["2 b", "3 c", "4 again"], db.Set<Named>().OrderBy(n => n.Id).Select(n => n.Id + " " + n.Name)));
    }

    [Fact]
    public void Many_to_many_links_come_and_go_with_their_values()
    {
        Save(db => db.AddRange(new Left { Id = 1, Rights = { new Right { Id = 10 }, new Right { Id = 11 } } }, new Left { Id = 2 }));
        Save(db =>
        {
            var lefts = db.Set<Left>().Include(l => l.Rights).OrderBy(l => l.Id).ToList();
            lefts[1].Rights.Add(lefts[0].Rights.Single(r => r.Id == 11));
            lefts[0].Rights.RemoveAll(r => r.Id == 10);
        });
        Read(db => Assert.Equal(["1-11 note", "2-11 note"], db.Set<Link>().OrderBy(l => l.LeftId).Select(l => l.LeftId + "-" + l.RightId + " " + l.Note)));
        Save(db => db.Remove(db.Set<Right>().Single(r => r.Id == 11)));
        Read(db => Assert.Empty(db.Set<Link>()));
    }

    [Fact]
    public void Split_shared_and_owned_rows_are_written_to_their_tables()
    {
        Save(db => db.Add(new Person { Name = "n", Biography = "b", Home = new Address { Street = "s", Zip = new Zip { Code = "1" } }, Work = new Work { Title = "t", Person = null! } }));
        Save(db =>
        {
            var person = db.Set<Person>().Include(p => p.Work).Single();
            person.Biography = "longer";
            person.Home!.Street = "elsewhere";
            person.Work!.Title = "boss";
        });
        Read(db =>
        {
            var person = db.Set<Person>().Include(p => p.Work).Single();
            Assert.Equal("n longer elsewhere 1 boss", $"{person.Name} {person.Biography} {person.Home!.Street} {person.Home.Zip!.Code} {person.Work!.Title}");
        });
        Save(db =>
        {
            var person = db.Set<Person>().Single();
            person.Home = null;
            person.Biography = "";
        });
        Read(db => Assert.Null(db.Set<Person>().Single().Home));
        Save(db => db.RemoveRange(db.Set<Person>().Include(p => p.Work)));
        Read(db => Assert.Equal(0, db.Database.SqlQueryRaw<long>("SELECT (SELECT count(*) FROM \"Biographies\") + (SELECT count(*) FROM \"Persons\") AS \"Value\"").Single()));
    }

    [Fact]
    public void Generated_values_are_read_back_on_insert_and_update_and_explicit_ones_are_kept()
    {
        using var db = Context();
        var (one, two) = (new Generated { Amount = 2 }, new Generated { Amount = 3, Status = "given", Flag = false, Level = 0 });
        db.AddRange(one, two);
        db.SaveChanges();
        Assert.Equal((4, "new", true, 5), (one.Double, one.Status, one.Flag, one.Level));
        Assert.Equal((6, "given", false, 5), (two.Double, two.Status, two.Flag, two.Level));
        one.Amount = 10;
        db.SaveChanges();
        Assert.Equal(20, one.Double);
        Read(fresh => Assert.Equal([(2, "given"), (1, "new")], fresh.Set<Generated>().OrderBy(g => g.Double).AsEnumerable().Select(g => (g.Id, g.Status!))));
        db.Entry(one).Property(g => g.Double).CurrentValue = 99;
        db.SaveChanges();
        Read(fresh => Assert.Equal(20, fresh.Find<Generated>(one.Id)!.Double));
    }

    [Fact]
    public async Task A_conflict_is_resolved_by_either_side_and_a_deleted_row_is_told()
    {
        Save(db => db.Add(new Named { Id = 1, Name = "a" }));
        await using var mine = Context();
        var entity = await mine.Set<Named>().SingleAsync();
        Save(db => db.Set<Named>().Single().Name = "theirs");
        entity.Name = "mine";
        var entry = Assert.Single((await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => mine.SaveChangesAsync())).Entries);
        var stored = (await entry.GetDatabaseValuesAsync())!;
        Assert.Equal("theirs", stored.GetValue<string>(nameof(Named.Name)));
        entry.OriginalValues.SetValues(stored);
        await mine.SaveChangesAsync();
        Read(db => Assert.Equal("mine", db.Set<Named>().Single().Name));

        Save(db => db.Remove(db.Set<Named>().Single()));
        entity.Name = "again";
        entry = Assert.Single((await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => mine.SaveChangesAsync())).Entries);
        Assert.Null(await entry.GetDatabaseValuesAsync());
        await entry.ReloadAsync();
        Assert.Equal(EntityState.Detached, entry.State);
        Assert.Equal(0, await mine.SaveChangesAsync());
    }

    [Fact]
    public void Converted_values_are_saved_compared_and_found()
    {
        Save(db => db.AddRange(
            new Converted { Id = 1, Url = new Uri("http://a/"), Tags = ["x", "y"], Kind = Kind.Second, Stamp = new DateTime(2024, 2, 29, 1, 2, 3, DateTimeKind.Utc), Money = new Money(1.50m), Maybe = null },
            new Converted { Id = 2, Url = new Uri("http://b/"), Tags = [], Kind = Kind.First | Kind.Second, Stamp = default, Money = new Money(0), Maybe = true }));
        Save(db => db.Set<Converted>().Single(c => c.Id == 1).Tags.Add("z"));
        Read(db =>
        {
            var one = db.Set<Converted>().Single(c => c.Url == new Uri("http://a/") && c.Money == new Money(1.50m) && c.Maybe == null && c.Kind == Kind.Second);
            Assert.Equal(("x|y|z", DateTimeKind.Utc), (string.Join('|', one.Tags), one.Stamp.Kind));
            Assert.Equal(2, db.Set<Converted>().Single(c => c.Maybe == true && c.Kind != Kind.Second).Id);
            Assert.Equal("second", db.Database.SqlQueryRaw<string>("SELECT \"Kind\" AS \"Value\" FROM \"Converted\" WHERE \"Id\" = 1").Single());
        });
    }

    [Fact]
    public async Task Interceptors_see_and_replace_saves_and_commands()
    {
        var seen = new Watcher();
        await using var db = Context(seen);
        db.Add(new Named { Id = 1, Name = "a" });
        await db.SaveChangesAsync();
        Assert.Equal(["saving", "command INSERT", "saved 1"], seen.Events);
        seen.Suppressed = 7;
        db.Add(new Named { Id = 2, Name = "b" });
        Assert.Equal(7, await db.SaveChangesAsync());
        Assert.Equal(1, await db.Set<Named>().CountAsync());
        seen.Suppressed = null;
        db.ChangeTracker.Clear();
        db.Add(new Named { Id = 1, Name = "again" });
        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
        Assert.Contains("failed DbUpdateException", seen.Events);
    }

    [Fact]
    public void Two_databases_stay_apart()
    {
        using var other = new TestDatabase();
        using (var db = new GraphContext(new DbContextOptionsBuilder<GraphContext>().UseEngram(other.ConnectionString).Options))
        {
            db.Database.EnsureCreated();
            db.Add(new Named { Id = 1, Name = "other" });
            db.SaveChanges();
        }

        Save(db => db.Add(new Named { Id = 1, Name = "here" }));
        Read(db =>
        {
            Assert.Equal("here", db.Set<Named>().Single().Name);
            db.Database.SetConnectionString(other.ConnectionString);
            Assert.Equal("other", db.Set<Named>().AsNoTracking().Single().Name);
        });
    }

    private GraphContext Context(params IInterceptor[] interceptors)
        => new(new DbContextOptionsBuilder<GraphContext>().UseEngram(database.ConnectionString).AddInterceptors(interceptors).Options);

    private void Save(Action<GraphContext> change)
    {
        using var db = Context();
        change(db);
        db.SaveChanges();
    }

    private void Read(Action<GraphContext> read)
    {
        using var db = Context();
        read(db);
    }

    private sealed class Watcher : DbCommandInterceptor, ISaveChangesInterceptor
    {
        public List<string> Events { get; } = [];

        public int? Suppressed { get; set; }

        public ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken)
        {
            Events.Add("saving");
            return new(Suppressed is { } rows ? InterceptionResult<int>.SuppressWithResult(rows) : result);
        }

        public ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken)
        {
            Events.Add($"saved {result}");
            return new(result);
        }

        public Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken)
        {
            Events.Add("failed " + eventData.Exception.GetType().Name);
            return Task.CompletedTask;
        }

        public override ValueTask<InterceptionResult<System.Data.Common.DbDataReader>> ReaderExecutingAsync(
            System.Data.Common.DbCommand command, CommandEventData eventData, InterceptionResult<System.Data.Common.DbDataReader> result, CancellationToken cancellationToken)
        {
            Events.Add("command " + command.CommandText.Split(' ')[0]);
            return new(result);
        }
    }
}
