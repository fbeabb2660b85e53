using System.Text.Json;
using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>Parts of a document come, change and go, and the rest of it stays, whether it is an owned or a complex type.</summary>
public sealed class DocumentPartTests
{
    private static readonly Dictionary<string, Action<Plan>> Changes = new()
    {
        ["a part goes"] = p => p.Main!.Place = null,
        ["a part of a part goes"] = p => p.Main!.Place!.Spot = null,
        ["a part of a listed document goes"] = p => p.Steps[1].Place = null,
        ["a part comes back"] = p => p.Steps[2].Place = new Place { City = "Bern" },
        ["a part is replaced"] = p => p.Main!.Place = new Place { City = "it's \"Köln\"\\", Spot = new Spot { X = 3 } },
        ["a value of a part goes"] = p => p.Main!.Place!.Zip = null,
        ["two parts change"] = p =>
        {
            p.Main!.Title = "both";
            p.Main.Place = null;
        },
        ["a part goes and a column changes"] = p =>
        {
            p.Name = "renamed";
            p.Main!.Place = null;
        },
        ["a document goes"] = p => p.Main = null,
        ["a list loses its last"] = p => p.Steps.RemoveAt(2),
        ["a list is emptied"] = p => p.Steps.Clear(),
        ["values of a list"] = p => p.Steps[0].Marks = [null, 9],
        ["values of a list go"] = p => p.Main!.Marks.Clear(),
    };

    public static TheoryData<string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool>();
            foreach (var change in Changes.Keys)
            {
                cases.Add(change, true);
                cases.Add(change, false);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_saved_is_what_was_changed(string change, bool isComplex)
    {
        using var source = new EngramDataSource("Data Source=:memory:");
        using (var context = new PlanContext(source, isComplex))
        {
            context.Database.EnsureCreated();
            context.Add(Create());
            context.SaveChanges();
        }

        string expected;
        using (var context = new PlanContext(source, isComplex))
        {
            var plan = context.Plans.Single();
            Changes[change](plan);
            expected = JsonSerializer.Serialize(plan);
            context.SaveChanges();
        }

        using var after = new PlanContext(source, isComplex);
        Assert.Equal(expected, JsonSerializer.Serialize(after.Plans.Single()));
    }

    private static Plan Create() => new()
    {
        Name = "plan",
        Main = new Step { Title = "main", Marks = [1, null], Place = new Place { City = "Rom", Zip = 7, Spot = new Spot { X = 1 } } },
        Steps = [.. Enumerable.Range(0, 3).Select(i => new Step { Title = $"step {i}", Marks = [i], Place = i == 2 ? null : new Place { City = $"city {i}" } })],
    };

    private sealed class PlanContext(EngramDataSource source, bool isComplex) : DbContext
    {
        public bool IsComplex => isComplex;

        public DbSet<Plan> Plans => Set<Plan>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram(source).ReplaceService<IModelCacheKeyFactory, ByKind>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
            => modelBuilder.Entity<Plan>(p =>
            {
                if (isComplex)
                {
                    p.ComplexProperty(x => x.Main, m => m.ToJson());
                    p.ComplexCollection(x => x.Steps, s => s.ToJson());
                    return;
                }

                p.OwnsOne(x => x.Main, m => m.ToJson().OwnsOne(s => s.Place, s => s.OwnsOne(q => q.Spot)));
                p.OwnsMany(x => x.Steps, m => m.ToJson().OwnsOne(s => s.Place, s => s.OwnsOne(q => q.Spot)));
            });
    }

    private sealed class ByKind : IModelCacheKeyFactory
    {
        public object Create(DbContext context, bool designTime) => (((PlanContext)context).IsComplex, designTime);
    }

    private sealed class Plan
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        public Step? Main { get; set; }

        public List<Step> Steps { get; set; } = [];
    }

    private sealed class Step
    {
        public string Title { get; set; } = "";

        public List<int?> Marks { get; set; } = [];

        public Place? Place { get; set; }
    }

    private sealed class Place
    {
        public string City { get; set; } = "";

        public int? Zip { get; set; }

        public Spot? Spot { get; set; }
    }

    private sealed class Spot
    {
        public double X { get; set; }
    }
}
