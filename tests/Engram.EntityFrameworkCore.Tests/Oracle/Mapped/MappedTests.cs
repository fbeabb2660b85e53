using System.Linq.Expressions;
using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Mapped;

public class Writer
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public int Born { get; set; }

    public bool IsDeleted { get; set; }

    public int Tenant { get; set; }

    public List<Work> Works { get; set; } = [];

    public Studio? Studio { get; set; }
}

public class Work
{
    public int Id { get; set; }

    public string Title { get; set; } = "";

    public decimal Price { get; set; }

    public int WriterId { get; set; }

    public Writer Writer { get; set; } = null!;
}

/// <summary>In the table of its writer.</summary>
public class Studio
{
    public int WriterId { get; set; }

    public string? Street { get; set; }

    public string? City { get; set; }
}

/// <summary>In two tables.</summary>
public class Split
{
    public int Id { get; set; }

    public string First { get; set; } = "";

    public string? Second { get; set; }

    public int Third { get; set; }
}

/// <summary>Rows of a view.</summary>
public class WriterView
{
    public string Name { get; set; } = "";

    public int Works { get; set; }
}

/// <summary>Rows of a function.</summary>
public class Counted
{
    public int Number { get; set; }
}

/// <summary>A row of a query of one's own.</summary>
public class Plain
{
    public int Id { get; set; }

    public string? Name { get; set; }
}

public sealed class MappedContext(DbContextOptions options) : DbContext(options)
{
    public int CurrentTenant { get; set; } = 1;

    public DbSet<Writer> Writers => Set<Writer>();

    public DbSet<Work> Works => Set<Work>();

    [DbFunction("upper", IsBuiltIn = true)]
    public static string Shout(string text) => throw new NotSupportedException();

    [DbFunction("repeat", IsBuiltIn = true)]
    public static string Repeated(string text, int times) => throw new NotSupportedException();

    public static int Twice(int number) => throw new NotSupportedException();

    public static bool IsOld(int born, int? limit) => throw new NotSupportedException();

    public IQueryable<Counted> Numbers(int first, int last) => FromExpression(() => Numbers(first, last));

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Writer>(w =>
        {
            w.ToTable("Writers");
            w.HasQueryFilter("alive", x => !x.IsDeleted);
            w.HasQueryFilter("tenant", x => x.Tenant == CurrentTenant);
            w.HasOne(x => x.Studio).WithOne().HasForeignKey<Studio>(x => x.WriterId);
        });
        modelBuilder.Entity<Studio>(s =>
        {
            s.ToTable("Writers");
            s.HasKey(x => x.WriterId);
        });
        modelBuilder.Entity<Split>(s =>
        {
            s.ToTable("SplitHead").SplitToTable("SplitTail", t =>
            {
                t.Property(x => x.Id).HasColumnName("HeadId");
                t.Property(x => x.Second);
                t.Property(x => x.Third);
            });
        });
        modelBuilder.Entity<WriterView>().HasNoKey().ToView("WriterView");
        modelBuilder.Entity<Counted>().HasNoKey().ToTable((string?)null);
        modelBuilder.Entity<Counted>().Property(c => c.Number).HasColumnName("g");
        modelBuilder.HasDbFunction(typeof(MappedContext).GetMethod(nameof(Numbers))!).HasName("generate_series").IsBuiltIn();
        modelBuilder.HasDbFunction(() => Shout(""));
        modelBuilder.HasDbFunction(() => Repeated("", 0));
        modelBuilder.HasDbFunction(() => Twice(0)).HasTranslation(a => new Microsoft.EntityFrameworkCore.Query.SqlExpressions.SqlBinaryExpression(ExpressionType.Multiply, a[0], new Microsoft.EntityFrameworkCore.Query.SqlExpressions.SqlConstantExpression(2, a[0].TypeMapping), typeof(int), a[0].TypeMapping));
        modelBuilder.HasDbFunction(() => IsOld(0, null)).HasTranslation(a => new Microsoft.EntityFrameworkCore.Query.SqlExpressions.SqlBinaryExpression(ExpressionType.LessThan, a[0], a[1], typeof(bool), a[0].TypeMapping is null ? null : null));
    }
}

/// <summary>Queries from SQL, functions, views, filters with names, tables that are shared and split, updates by query.</summary>
public sealed class MappedTests : IDisposable
{
    private readonly EngramDataSource source = new("Data Source=:memory:");

    public MappedTests()
    {
        using var db = CreateContext();
        db.Database.EnsureCreated();
        db.Database.ExecuteSqlRaw("""CREATE VIEW "WriterView" AS SELECT w."Name", CAST(count(k."Id") AS integer) AS "Works" FROM "Writers" w LEFT JOIN "Works" k ON k."WriterId" = w."Id" GROUP BY w."Name" """);
        for (var i = 1; i <= 6; i++)
        {
            db.Add(new Writer
            {
                Id = i, Name = "w" + i, Born = 1900 + (i * 10), IsDeleted = i == 5, Tenant = i == 6 ? 2 : 1, Studio = i % 2 == 0 ? null : new Studio { WriterId = i, Street = "s" + i, City = "c" + (i % 3) },
                Works = [.. Enumerable.Range(0, i % 4).Select(k => new Work { Id = (i * 10) + k, Title = $"t{i}{k}", Price = i + (k / 4m) })],
            });
            db.Add(new Split { Id = i, First = "f" + i, Second = i % 2 == 0 ? null : "s" + i, Third = i * i });
        }

        db.SaveChanges();
    }

    public void Dispose() => source.Dispose();

    [Fact]
    public void Sql_is_composed_over()
    {
        using var db = CreateContext();
        Assert.Equal(["w2", "w3"], db.Writers.FromSqlRaw("""SELECT * FROM "Writers" WHERE "Born" > {0}""", 1915).Where(w => w.Born < 1940).OrderBy(w => w.Id).Select(w => w.Name));
        var born = 1920;
        Assert.Equal([2, 3, 1], db.Writers.FromSql($"""SELECT * FROM "Writers" WHERE "Born" >= {born}""").Include(w => w.Works).OrderBy(w => w.Id).Take(3).AsEnumerable().Select(w => w.Works.Count is 0 ? 1 : w.Works.Count));
        Assert.Equal(1, db.Writers.FromSqlInterpolated($"""SELECT * FROM "Writers" """).IgnoreQueryFilters().Count(w => w.Works.Any(k => k.Price > 5m) || w.Tenant == 2));
        Assert.Equal(["w1", "w2"], db.Works.Where(k => db.Writers.FromSqlRaw("""SELECT * FROM "Writers" WHERE "Born" < 1930""").Any(w => w.Id == k.WriterId)).Select(k => k.Writer.Name).Distinct().OrderBy(n => n));
        Assert.Equal(3, db.Writers.FromSqlRaw("""SELECT * FROM "Writers" WHERE "Id" = @id OR "Id" < @other""", new EngramParameter("id", 4), new EngramParameter("@other", 3)).AsNoTracking().ToList().Count);
        Assert.Equal(["w1", "w2", "w3", "w4"], db.Writers.FromSqlRaw("""SELECT * FROM "Writers" WHERE "Id" < 3""").Union(db.Writers.FromSqlRaw("""SELECT * FROM "Writers" WHERE "Id" > 2""")).OrderBy(w => w.Id).Select(w => w.Name));
        Assert.Equal(4, db.Writers.FromSqlRaw("""WITH x AS (SELECT * FROM "Writers") SELECT * FROM x""").Count());
    }

    [Fact]
    public void Values_and_unmapped_rows_come_from_sql()
    {
        using var db = CreateContext();
        Assert.Equal([1, 2, 3], db.Database.SqlQuery<int>($"""SELECT "Id" AS "Value" FROM "Writers" """).Where(i => i < 4).OrderBy(i => i));
        Assert.Equal(6, db.Database.SqlQueryRaw<int>("""SELECT "Id" AS "Value" FROM "Writers" """).Count());
        Assert.Equal(["w1", "w2"], db.Database.SqlQueryRaw<string>("""SELECT "Name" AS "Value" FROM "Writers" WHERE "Id" < {0}""", 3).AsEnumerable().Order());
        Assert.Equal(7.5m, db.Database.SqlQuery<decimal?>($"SELECT CAST(7.5 AS numeric) AS \"Value\"").Single());
        Assert.Equal(["w2", "w1"], db.Database.SqlQuery<Plain>($"""SELECT "Id", "Name" FROM "Writers" """).Where(p => p.Id < 3).OrderByDescending(p => p.Id).Select(p => p.Name));
        Assert.Equal([("w1", 1), ("w2", 2)], db.Database.SqlQuery<Plain>($"""SELECT "Id", "Name" FROM "Writers" """).Join(db.Works, p => p.Id, k => k.WriterId, (p, k) => new { p.Name, k.WriterId }).Where(x => x.WriterId < 3).Distinct().OrderBy(x => x.Name).AsEnumerable().Select(x => (x.Name!, x.WriterId)));
        Assert.Equal(1, db.Database.ExecuteSql($"""UPDATE "Writers" SET "Born" = {1800} WHERE "Id" = {1}"""));
        Assert.Equal(1800, db.Writers.Single(w => w.Id == 1).Born);
    }

    [Fact]
    public void Functions_of_the_model_are_the_databases()
    {
        using var db = CreateContext();
        Assert.Equal(["W1", "W2", "W3", "W4"], db.Writers.OrderBy(w => w.Id).Select(w => MappedContext.Shout(w.Name)));
        Assert.Equal(["w2w2"], db.Writers.Where(w => MappedContext.Repeated(w.Name, 2) == "w2w2").Select(w => MappedContext.Repeated(w.Name, w.Id)));
        Assert.Equal(2, db.Writers.Count(w => MappedContext.Twice(w.Id) > 4));
        Assert.Equal([2, 3, 4], db.Numbers(2, 4).OrderBy(n => n.Number).Select(n => n.Number));
        Assert.Equal([(1, 1), (2, 1), (2, 2)], db.Writers.Where(w => w.Id < 3).SelectMany(w => db.Numbers(1, w.Id), (w, n) => new { w.Id, n.Number }).OrderBy(x => x.Id).ThenBy(x => x.Number).AsEnumerable().Select(x => (x.Id, x.Number)));
        Assert.Equal(["w2", "w4"], db.Writers.Where(w => db.Numbers(1, 9).Any(n => n.Number * 2 == w.Id)).OrderBy(w => w.Id).Select(w => w.Name));
        Assert.Equal([1, 0], db.Writers.Where(w => w.Id < 3).OrderBy(w => w.Id).Select(w => db.Numbers(w.Id, 1).Count()));
    }

    [Fact]
    public void Views_have_no_keys_and_join()
    {
        using var db = CreateContext();
        Assert.Equal([("w1", 1), ("w2", 2), ("w3", 3), ("w4", 0), ("w5", 1), ("w6", 2)], db.Set<WriterView>().OrderBy(v => v.Name).AsEnumerable().Select(v => (v.Name, v.Works)));
        Assert.Equal(["w2", "w3"], db.Writers.Where(w => db.Set<WriterView>().Any(v => v.Name == w.Name && v.Works > 1)).OrderBy(w => w.Id).Select(w => w.Name));
        Assert.Equal(9, db.Set<WriterView>().Sum(v => v.Works));
    }

    [Fact]
    public void Filters_with_names_are_ignored_one_by_one()
    {
        using var db = CreateContext();
        Assert.Equal([1, 2, 3, 4], db.Writers.OrderBy(w => w.Id).Select(w => w.Id));
        Assert.Equal([1, 2, 3, 4, 5], db.Writers.IgnoreQueryFilters(["alive"]).OrderBy(w => w.Id).Select(w => w.Id));
        Assert.Equal([1, 2, 3, 4, 6], db.Writers.IgnoreQueryFilters(["tenant"]).OrderBy(w => w.Id).Select(w => w.Id));
        Assert.Equal(6, db.Writers.IgnoreQueryFilters().Count());
        db.CurrentTenant = 2;
        Assert.Equal([6], db.Writers.Select(w => w.Id));
        Assert.Equal(2, db.Works.Count(k => k.Writer.Tenant == 2));
        Assert.Null(db.Writers.Find(1));
    }

    [Fact]
    public void Tables_are_shared_and_split()
    {
        using (var db = CreateContext())
        {
            Assert.Equal(["c1", null, "c0", null], db.Writers.OrderBy(w => w.Id).Select(w => w.Studio!.City));
            Assert.Equal(2, db.Writers.Include(w => w.Studio).AsEnumerable().Count(w => w.Studio is null));
            Assert.Equal([("f1", "s1", 1), ("f2", null, 4), ("f3", "s3", 9)], db.Set<Split>().Where(s => s.Third < 10).OrderBy(s => s.Id).AsEnumerable().Select(s => (s.First, s.Second, s.Third)));
            Assert.Equal(["f2", "f4", "f6"], db.Set<Split>().Where(s => s.Second == null).OrderByDescending(s => s.First).Reverse().Select(s => s.First));
            var writer = db.Writers.Include(w => w.Studio).Single(w => w.Id == 1);
            (writer.Name, writer.Studio!.City) = ("W1", "new");
            var split = db.Set<Split>().Single(s => s.Id == 2);
            (split.First, split.Third) = ("F2", 40);
            db.Remove(db.Set<Split>().Single(s => s.Id == 3));
            db.SaveChanges();
        }

        using var again = CreateContext();
        Assert.Equal("W1 new", again.Writers.Where(w => w.Id == 1).Select(w => w.Name + " " + w.Studio!.City).Single());
        Assert.Equal("F2 40", again.Set<Split>().Where(s => s.Id == 2).Select(s => s.First + " " + s.Third).Single());
        Assert.Equal(5, again.Set<Split>().Count());
    }

    /// <summary>In <c>UPDATE t … FROM a JOIN b</c> neither a nor b sees t.</summary>
    [Fact]
    public void Rows_are_updated_over_joins_that_read_the_row_itself()
    {
        using var db = CreateContext();
        var left = from k in db.Works from o in db.Works.Where(o => o.Id < 21) join w in db.Writers on k.WriterId equals w.Id into found from w in found.DefaultIfEmpty() select new { k, o, w };
        Assert.Equal(db.Works.Count(), left.ExecuteUpdate(s => s.SetProperty(x => x.k.Title, x => x.w == null ? "gone" : x.w.Name)));
        var names = db.Writers.ToDictionary(w => w.Id, w => w.Name);
        Assert.All(db.Works.AsNoTracking().ToList(), k => Assert.Equal(names.GetValueOrDefault(k.WriterId, "gone"), k.Title));
        var lateral = from k in db.Works from o in db.Works.Where(o => o.Id < 21) from w in db.Writers.Where(w => w.Id <= k.WriterId).OrderByDescending(w => w.Id).Take(1) select new { k, o, w };
        Assert.Equal(db.Works.Count(), lateral.ExecuteUpdate(s => s.SetProperty(x => x.k.Title, "lateral")));
        var outer = from k in db.Works from o in db.Works.Where(o => o.Id < 21) from w in db.Writers.Where(w => w.Id > k.WriterId + 100).DefaultIfEmpty() select new { k, o, w };
        Assert.Equal(db.Works.Count(), outer.ExecuteUpdate(s => s.SetProperty(x => x.k.Title, x => x.w == null ? "none" : "some")));
        Assert.All(db.Works.AsNoTracking().ToList(), k => Assert.Equal("none", k.Title));
    }

    /// <summary>What a join from the right keeps without a partner is a row of the query, of which <c>UPDATE … FROM</c> knows nothing.</summary>
    [Fact]
    public void Rows_are_updated_over_right_joins()
    {
        using var db = CreateContext();
        db.Works.ExecuteUpdate(s => s.SetProperty(k => k.Title, "old"));
        var ids = db.Works.Select(k => k.Id).ToList();

        // The target is what is kept.
        var kept = db.Writers.Where(w => w.Id == 2).RightJoin(db.Works, w => w.Id, k => k.WriterId, (w, k) => new { w, k });
        Assert.Equal(ids.Order(), kept.Select(x => x.k.Id).AsEnumerable().Order());
        Assert.Equal(ids.Count, kept.ExecuteUpdate(s => s.SetProperty(x => x.k.Title, x => x.w == null ? "none" : x.w.Name)));
        var name = db.Writers.Single(w => w.Id == 2).Name;
        Assert.All(db.Works.AsNoTracking().ToList(), k => Assert.Equal(k.WriterId == 2 ? name : "none", k.Title));
        Assert.Contains(db.Works.Select(k => k.WriterId).ToList(), id => id == 2);

        // The target is what has no partner: no row of the query has one.
        var lost = db.Works.SelectMany(k => db.Writers, (k, w) => new { k, w }).RightJoin(db.Works.Where(o => o.Id == ids[0]), x => x.w.Id, o => o.Id + 1000, (x, o) => new { x!.k, o }).Where(x => x.k != null);
        Assert.Empty(lost.Select(x => x.k.Id).ToList());
        Assert.Equal(0, lost.ExecuteUpdate(s => s.SetProperty(x => x.k.Title, x => "of " + x.o.Id)));
        Assert.DoesNotContain(db.Works.AsNoTracking().ToList(), k => k.Title.StartsWith("of ", StringComparison.Ordinal));

        // And with a partner, those rows that the query has.
        var found = db.Works.Where(k => k.WriterId == 2).SelectMany(k => db.Writers, (k, w) => new { k, w }).RightJoin(db.Works.Where(o => o.Id == ids[0]), x => x.w.Id, o => o.WriterId, (x, o) => new { x!.k, o }).Where(x => x.k != null);
        var targets = found.Select(x => x.k.Id).Distinct().ToList();
        Assert.Equal(targets.Count, found.ExecuteUpdate(s => s.SetProperty(x => x.k.Title, x => "of " + x.o.Id)));
        Assert.Equal(targets.Order(), db.Works.Where(k => k.Title == "of " + ids[0]).Select(k => k.Id).AsEnumerable().Order());
        Assert.NotEmpty(targets);
    }

    /// <summary>Names of collations may be words of SQL, so that they are quoted.</summary>
    [Fact]
    public void Collations_are_named_in_queries()
    {
        using var db = CreateContext();
        Assert.Equal([3], db.Writers.Where(w => EF.Functions.Collate(w.Name, "nocase") == "W3").Select(w => w.Id).ToList());
        Assert.Equal(0, db.Writers.Count(w => EF.Functions.Collate(w.Name, "C") == "W3"));
        Assert.Equal([4, 3, 2, 1], db.Writers.OrderByDescending(w => EF.Functions.Collate(w.Name + "x", "default")).Select(w => w.Id).ToList());
        var error = Assert.Throws<EngramException>(() => db.Writers.Count(w => EF.Functions.Collate(w.Name, "klingon") == "w3"));
        Assert.Contains("There is no collation", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_are_updated_and_deleted_by_query()
    {
        using var db = CreateContext();
        Assert.Equal(3, db.Works.Join(db.Writers, k => k.WriterId, w => w.Id, (k, w) => new { k, w }).Where(x => x.w.Name == "w3").ExecuteUpdate(s => s.SetProperty(x => x.k.Price, x => x.k.Price + x.w.Born).SetProperty(x => x.k.Title, x => x.k.Title + "!")));
        Assert.Equal(1933m, db.Works.Where(k => k.WriterId == 3).OrderBy(k => k.Id).Select(k => k.Price).First());
        Assert.Equal(4, db.Writers.ExecuteUpdate(s => s.SetProperty(w => w.Born, w => w.Works.Count)));
        Assert.Equal([1, 2, 3, 0], db.Writers.OrderBy(w => w.Id).Select(w => w.Born));
        Assert.Equal(2, db.Works.OrderByDescending(k => k.Price).ThenBy(k => k.Id).Skip(1).Take(2).ExecuteDelete());
        Assert.Equal(7, db.Works.IgnoreQueryFilters().Count());
        Assert.Equal(2, (from k in db.Works join w in db.Writers on k.WriterId equals w.Id where w.Name == "w2" select k).ExecuteDelete());
        Assert.Equal(1, db.Works.Where(k => db.Works.GroupBy(x => x.WriterId).Where(g => g.Count() == 1 && g.Key == 3).Select(g => g.Key).Contains(k.WriterId)).ExecuteUpdate(s => s.SetProperty(k => k.Title, "only")));
        Assert.Equal(1, db.Writers.Where(w => w.Works.Any(k => k.Title == "only")).ExecuteUpdate(s => s.SetProperty(w => w.Studio!.City, w => w.Name)));
        Assert.Equal("w3", db.Writers.Where(w => w.Id == 3).Select(w => w.Studio!.City).Single());
        Assert.Equal(1, db.Works.Where(k => k.Title == "only").Select(k => k.Writer).Distinct().SelectMany(w => w.Works).ExecuteDelete());
        Assert.Equal(5, db.Set<Split>().Where(s => s.Id > 1).ExecuteUpdate(s => s.SetProperty(x => x.First, x => x.First + x.Id)));
        Assert.Equal("f22", db.Set<Split>().Single(s => s.Id == 2).First);
    }

    [Fact]
    public void Related_rows_are_loaded_when_asked_for()
    {
        using var db = CreateContext();
        var writer = db.Writers.Single(w => w.Id == 3);
        Assert.Empty(writer.Works);
        Assert.Equal(2, db.Entry(writer).Collection(w => w.Works).Query().Count(k => k.Price > 3m));
        db.Entry(writer).Collection(w => w.Works).Load();
        Assert.Equal(3, writer.Works.Count);
        var work = db.Works.AsNoTracking().Single(k => k.Id == 20);
        db.Attach(work);
        db.Entry(work).Reference(k => k.Writer).Load();
        Assert.Equal("w2", work.Writer.Name);
        Assert.True(db.Entry(writer).Reference(w => w.Studio).Query().Any());
        db.Entry(writer).Reload();
        Assert.Equal("w3", db.Entry(writer).GetDatabaseValues()!.GetValue<string>("Name"));
        Assert.Equal(writer, db.Writers.Find(3));
    }

    [Fact]
    public async Task Queries_are_compiled_and_asynchronous()
    {
        var byName = EF.CompileAsyncQuery((MappedContext c, string name) => c.Writers.Include(w => w.Works).Single(w => w.Name == name));
        var some = EF.CompileAsyncQuery((MappedContext c, int[] ids) => c.Writers.Where(w => ids.Contains(w.Id)).OrderBy(w => w.Id).Select(w => w.Name));
        using var db = CreateContext();
        Assert.Equal(2, (await byName(db, "w2")).Works.Count);
        Assert.Equal(3, (await byName(db, "w3")).Works.Count);
        var names = new List<string>();
        await foreach (var name in some(db, [1, 4, 9]))
        {
            names.Add(name);
        }

        Assert.Equal(["w1", "w4"], names);
        Assert.Equal(4, await db.Writers.CountAsync());
        Assert.Equal(["w1", "w2", "w3", "w4"], (await db.Writers.ToDictionaryAsync(w => w.Name)).Keys.Order());
        Assert.True(await db.Writers.AllAsync(w => w.Born > 0));
        Assert.Equal(4, await db.Writers.MaxAsync(w => w.Id));
        Assert.True(await db.Writers.Select(w => w.Id).ContainsAsync(3));
        await db.Writers.ForEachAsync(w => w.Born++);
        Assert.Equal(4, await db.SaveChangesAsync());
    }

    private MappedContext CreateContext() => new(new DbContextOptionsBuilder<MappedContext>().UseEngram(source).Options);
}
