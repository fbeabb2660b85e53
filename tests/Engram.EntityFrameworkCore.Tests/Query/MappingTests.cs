using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Query;

/// <summary>What EF Core's mappings need of the database, from the model to the rows and back.</summary>
public sealed class MappingTests : IDisposable
{
    private readonly EngramDataSource source = new("Data Source=:memory:");

    public MappingTests()
    {
        using var context = CreateContext();
        context.Database.EnsureCreated();
    }

    public void Dispose() => source.Dispose();

    [Fact]
    public void A_hierarchy_in_one_table()
    {
        Save(new Dog { Name = "Rex", Barks = 3 }, new Cat { Name = "Tom", Purr = 0.5 }, new Animal { Name = "?" });
        using var context = CreateContext();
        Assert.Equal(["?", "Rex", "Tom"], context.Animals.OrderBy(a => a.Name).Select(a => a.Name));
        Assert.Equal(3, context.Animals.OfType<Dog>().Single().Barks);
        Assert.Equal(1, context.Animals.Count(a => a is Cat && ((Cat)a).Purr > 0.1));
        Assert.Equal([typeof(Animal), typeof(Dog), typeof(Cat)], context.Animals.OrderBy(a => a.Name).AsEnumerable().Select(a => a.GetType()));
    }

    [Fact]
    public void A_hierarchy_in_a_table_for_each_class()
    {
        Save(new Car { Wheels = 4, Model = "T" }, new Vehicle { Wheels = 2 });
        using var context = CreateContext();
        Assert.Equal([2, 4], context.Vehicles.OrderBy(v => v.Wheels).Select(v => v.Wheels));
        var car = context.Vehicles.OfType<Car>().Single(c => c.Model == "T");
        car.Wheels = 3;
        car.Model = "U";
        context.SaveChanges();
        context.Remove(car);
        context.SaveChanges();
        Assert.Equal(1, context.Vehicles.Count());
    }

    [Fact]
    public void A_hierarchy_in_a_table_for_each_concrete_class()
    {
        Save(new Letter { Id = 1, Title = "a", To = "x" }, new Report { Id = 2, Title = "b", Pages = 7 });
        using var context = CreateContext();
        Assert.Equal(["a", "b"], context.Documents.OrderBy(d => d.Title).Select(d => d.Title));
        Assert.Equal(7, context.Documents.OfType<Report>().Single(r => r.Title == "b").Pages);
    }

    [Fact]
    public void Owned_and_complex_types_are_columns()
    {
        Save(
            new Person { Name = new FullName { First = "Ada", Last = "L" }, Home = new Address { Street = "s", City = null }, Born = 5 },
            new Person { Name = new FullName { First = "Bob" } });
        using var context = CreateContext();
        var ada = context.People.Single(p => p.Name.First == "Ada" && p.Home!.Street == "s");
        Assert.Equal("L", ada.Name.Last);
        Assert.Equal(10, ada.Age);
        Assert.Null(context.People.Single(p => p.Home == null).Home);
        ada.Home!.City = "c";
        ada.Name.Last = "M";
        ada.Born = 6;
        context.SaveChanges();
        Assert.Equal(12, ada.Age);
        Assert.Equal("c M", context.People.Where(p => p.Id == ada.Id).Select(p => p.Home!.City + " " + p.Name.Last).Single());
        Assert.Equal(3, context.People.Where(p => p.Id == ada.Id).Select(p => EF.Property<int>(p, "Revision")).Single());
    }

    [Fact]
    public void Parents_children_and_many_to_many()
    {
        var parent = new Person { Name = new FullName { First = "P" } };
        parent.Children.AddRange([new Person { Name = new FullName { First = "C1" } }, new Person { Name = new FullName { First = "C2" } }]);
        var topic = new Topic { Title = "t" };
        parent.Topics.Add(topic);
        parent.Children[0].Topics.Add(topic);
        Save(parent);

        using var context = CreateContext();
        var found = context.People.Include(p => p.Children).ThenInclude(c => c.Topics).Include(p => p.Topics).Single(p => p.Name.First == "P");
        Assert.Equal(["C1", "C2"], found.Children.Select(c => c.Name.First).Order());
        Assert.Equal("t", found.Topics.Single().Title);
        Assert.Equal(["C1", "P"], context.Topics.Where(t => t.Title == "t").SelectMany(t => t.People).Select(p => p.Name.First).OrderBy(n => n));
        Assert.Equal(["seeded 0", "t 2"], context.Topics.OrderBy(t => t.Title).Select(t => t.Title + " " + t.People.Count));
        Assert.Equal(["P", "P"], context.People.Where(p => p.Parent != null).Select(p => p.Parent!.Name.First));

        found.Topics.Clear();
        context.SaveChanges();
        Assert.Equal(1, context.Topics.Where(t => t.Title == "t").Select(t => t.People.Count).Single());

        // The database sets the foreign keys of the children that are not loaded.
        context.ChangeTracker.Clear();
        context.Remove(context.People.Single(p => p.Name.First == "P"));
        context.SaveChanges();
        Assert.Equal(2, context.People.Count(p => p.ParentId == null));
    }

    [Fact]
    public void Filters_apply_unless_they_are_ignored()
    {
        Save(new Person { IsDeleted = true }, new Person());
        using var context = CreateContext();
        Assert.Equal(1, context.People.Count());
        Assert.Equal(2, context.People.IgnoreQueryFilters().Count());
    }

    [Fact]
    public void Constraints_of_the_model_are_the_databases()
    {
        using var context = CreateContext();
        context.Add(new Person { Born = -1 });
        Assert.Equal("23514", Failure(context).SqlState);
        context.ChangeTracker.Clear();
        context.Add(new Topic { Title = "seeded" });
        Assert.Equal("23505", Failure(context).SqlState);
        context.ChangeTracker.Clear();
        context.Add(new Topic { Title = null! });
        Assert.Equal("23502", Failure(context).SqlState);
    }

    [Fact]
    public void Updates_by_query_follow_navigations()
    {
        var parent = new Person { Name = new FullName { First = "P" }, Born = 4 };
        parent.Children.Add(new Person { Name = new FullName { First = "C" } });
        Save(parent);
        using var context = CreateContext();
        Assert.Equal(1, context.People.Where(p => p.Parent!.Born == 4).ExecuteUpdate(s => s.SetProperty(p => p.Born, p => p.Born + 5)));
        Assert.Equal(5, context.People.Single(p => p.Name.First == "C").Born);
        Assert.Equal(1, context.People.Where(p => p.Parent!.Name.First == "P").ExecuteDelete());
        Assert.Equal(1, context.People.Count());
    }

    [Fact]
    public void A_query_is_compiled_once_and_cached()
    {
        var query = EF.CompileQuery((ZooContext c, int born) => c.People.Where(p => p.Born > born).OrderBy(p => p.Id).Select(p => p.Name.First));
        Save(new Person { Name = new FullName { First = "A" }, Born = 1 }, new Person { Name = new FullName { First = "B" }, Born = 2 });
        using var context = CreateContext();
        Assert.Equal(["A", "B"], query(context, 0));
        Assert.Equal(["B"], query(context, 1));
    }

    private static EngramException Failure(DbContext context)
        => Assert.IsType<EngramException>(Assert.Throws<DbUpdateException>(() => context.SaveChanges()).InnerException);

    private ZooContext CreateContext() => new(new DbContextOptionsBuilder<ZooContext>().UseEngram(source).Options);

    private void Save(params object[] entities)
    {
        using var context = CreateContext();
        context.AddRange(entities);
        context.SaveChanges();
    }
}
