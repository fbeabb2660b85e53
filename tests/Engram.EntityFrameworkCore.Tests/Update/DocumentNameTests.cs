using System.Reflection;
using System.Text;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Update;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>Documents whose members have names that look like paths, and lists whose elements are converted.</summary>
public sealed class DocumentNameTests : IDisposable
{
    private readonly TestDatabase database = new();

    public DocumentNameTests()
    {
        using var db = Context();
        db.Database.EnsureCreated();
        db.Add(new Shelf
        {
            Id = 1,
            Owned = new Box { Text = "t", Number = 7, Labels = [Label.Old], Items = [new Item { Text = "a" }, new Item { Text = "b" }] },
            Complex = new Lid { Text = "l", Labels = [Label.New] },
            Labels = [Label.Old, Label.New],
        });
        db.SaveChanges();
    }

    public void Dispose() => database.Dispose();

    [Fact]
    public void A_part_is_changed_whatever_its_name()
    {
        Change(s => s.Owned.Text = "t2");
        Change(s => s.Owned.Number = 8);
        Change(s => s.Owned.Items[1].Text = "b2");
        Change(s => s.Owned.Labels.Add(Label.New));
        Change(s => s.Complex.Text = "l2");
        Change(s => s.Owned.Items.RemoveAt(0));
        using var db = Context();
        Assert.Equal(
            """{"7": 8, "Labels": ["Old", "New"], "x.y[0]": [{"q\"[": "b2"}], "a \"b'.[$]\\": "t2"}""",
            db.Database.SqlQuery<string>($"""SELECT "Owned"::text AS "Value" FROM "Shelf" """).Single());
        var shelf = db.Set<Shelf>().Single(s => s.Owned.Text == "t2" && s.Owned.Items[0].Text == "b2" && s.Complex.Text == "l2");
        Assert.Equal((8, 1), (shelf.Owned.Number, shelf.Owned.Items.Count));
    }

    /// <summary>What writes the SQL is one object for all contexts: another's update comes in between, as it can from another thread.</summary>
    [Fact]
    public void Updates_of_several_contexts_are_written_at_once()
    {
        using var db = Context();
        using var other = database.CreateContext();
        db.Set<Shelf>().Single().Owned.Items[1].Text = "b2";
        other.Update(new Note { Id = 1 });
        var (command, otherCommand) = (Command(db), Command(other));
        var generator = db.GetService<IUpdateSqlGenerator>();
        Assert.Same(generator, other.GetService<IUpdateSqlGenerator>());
        var interrupted = DispatchProxy.Create<IReadOnlyModificationCommand, InterruptedCommand>();
        ((InterruptedCommand)interrupted).Command = command;
        ((InterruptedCommand)interrupted).Interruption = () => generator.AppendUpdateOperation(new StringBuilder(), otherCommand, 0);
        var sql = new StringBuilder();
        generator.AppendUpdateOperation(sql, interrupted, 0);
        Assert.Contains("""ARRAY['x.y[0]', '1', 'q"[']""", sql.ToString(), StringComparison.Ordinal);

        static IReadOnlyModificationCommand Command(DbContext context)
        {
            context.ChangeTracker.DetectChanges();
            var adapter = context.GetService<IUpdateAdapterFactory>().Create();
            var batch = context.GetService<ICommandBatchPreparer>().BatchCommands([.. adapter.GetEntriesToSave()], adapter).Single();
            return batch.ModificationCommands.Single();
        }
    }

    [Fact]
    public void Elements_are_stored_and_searched_as_they_are_converted()
    {
        var wanted = Label.New;
        using var db = Context();
        Assert.Equal("""["New"]{Old,New}""", db.Database.SqlQuery<string>($"""SELECT ("Complex" -> 'Labels')::text || "Labels"::text AS "Value" FROM "Shelf" """).Single());
        Assert.Equal([Label.Old], db.Set<Shelf>().Select(s => s.Owned.Labels).AsNoTracking().Single());
        Assert.True(db.Set<Shelf>().Any(s => s.Owned.Labels.Contains(Label.Old) && !s.Owned.Labels.Contains(wanted) && s.Owned.Labels[0] == Label.Old));
        Assert.True(db.Set<Shelf>().Any(s => s.Complex.Labels.Contains(wanted)));
        Assert.True(db.Set<Shelf>().Any(s => s.Labels.Contains(Label.New) && s.Labels.Contains(wanted) && s.Labels[1] == wanted));
        db.Set<Shelf>().ExecuteUpdate(s => s.SetProperty(x => x.Complex.Labels, new List<Label> { Label.Old }));
        Assert.Equal([Label.Old], db.Set<Shelf>().AsNoTracking().Single().Complex.Labels);
    }

    private NameContext Context() => new(new DbContextOptionsBuilder<NameContext>().UseEngram(database.ConnectionString).Options);

    private void Change(Action<Shelf> change)
    {
        using var db = Context();
        change(db.Set<Shelf>().Single());
        Assert.Equal(1, db.SaveChanges());
    }

    /// <summary>A command that lets something else happen before its columns are read.</summary>
    private class InterruptedCommand : DispatchProxy
    {
        public IReadOnlyModificationCommand? Command { get; set; }

        public Action? Interruption { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == "get_ColumnModifications")
            {
                Interruption!();
            }

            return targetMethod.Invoke(Command, args);
        }
    }

    private enum Label
    {
        Old,
        New,
    }

    private sealed class Shelf
    {
        public int Id { get; set; }

        public required Box Owned { get; set; }

        public required Lid Complex { get; set; }

        public List<Label> Labels { get; set; } = [];
    }

    private sealed class Box
    {
        public required string Text { get; set; }

        public int Number { get; set; }

        public List<Label> Labels { get; set; } = [];

        public List<Item> Items { get; set; } = [];
    }

    private sealed class Item
    {
        public required string Text { get; set; }
    }

    private sealed class Lid
    {
        public required string Text { get; set; }

        public List<Label> Labels { get; set; } = [];
    }

    private sealed class NameContext(DbContextOptions options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Shelf>(e =>
        {
            e.ToTable("Shelf").Property(s => s.Id).ValueGeneratedNever();
            e.PrimitiveCollection(s => s.Labels).ElementType().HasConversion<string>();
            e.OwnsOne(s => s.Owned, b =>
            {
                b.ToJson();
                b.Property(x => x.Text).HasJsonPropertyName("a \"b'.[$]\\");
                b.Property(x => x.Number).HasJsonPropertyName("7");
                b.PrimitiveCollection(x => x.Labels).ElementType().HasConversion<string>();
                b.OwnsMany(x => x.Items, i =>
                {
                    i.HasJsonPropertyName("x.y[0]");
                    i.Property(x => x.Text).HasJsonPropertyName("q\"[");
                });
            });
            e.ComplexProperty(s => s.Complex, l =>
            {
                l.ToJson();
                l.Property(x => x.Text).HasJsonPropertyName("Te.xt");
                l.PrimitiveCollection(x => x.Labels).ElementType().HasConversion<string>();
            });
        });
    }
}
