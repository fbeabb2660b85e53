using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Engram.EntityFrameworkCore.Tests.Oracle.Translations;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Documents;

/// <summary>A row with an owned document, a complex document, a list of documents, and arrays.</summary>
public sealed class Blog : IEntity
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public int[] Numbers { get; set; } = [];

    public List<string> Tags { get; set; } = [];

    public List<int?> Holes { get; set; } = [];

    public DateOnly[] Days { get; set; } = [];

    public Kind[] Kinds { get; set; } = [];

    public char[] Letters { get; set; } = [];

    public Details Details { get; set; } = new();

    public Details? Owned { get; set; }

    public List<Post> Posts { get; set; } = [];

    public static List<Blog> CreateRows()
    {
        var random = new Random(7);
        return [.. Enumerable.Range(1, 30).Select(i => new Blog
        {
            Id = i, Name = "blog " + i, Numbers = [.. Enumerable.Range(0, i % 5).Select(_ => random.Next(10))], Tags = [.. Enumerable.Range(0, i % 4).Select(t => "tag" + random.Next(5))],
            Holes = [.. Enumerable.Range(0, i % 4).Select(_ => random.Next(3) == 0 ? (int?)null : random.Next(5))], Days = [.. Enumerable.Range(0, i % 3).Select(d => new DateOnly(2024, 1, 1).AddDays(random.Next(60)))],
            Kinds = [.. Enumerable.Range(0, i % 3).Select(k => (Kind)random.Next(3))], Letters = ['a', .. Enumerable.Repeat('ö', i % 3)], Details = Details.Create(random, i), Owned = i % 6 == 0 ? null : Details.Create(random, i),
            Posts = [.. Enumerable.Range(0, i % 4).Select(p => new Post
            {
                Title = $"post {i}.{p}", Likes = random.Next(50), At = new DateTime(2024, 1, 1).AddHours(random.Next(1000)).AddTicks(p),
                Comments = [.. Enumerable.Range(0, random.Next(3)).Select(c => new Comment { Text = "c" + random.Next(9), Score = random.Next(5) })],
            })],
        })];
    }
}

public sealed class Details
{
    public int Age { get; set; }

    public string? Motto { get; set; }

    public decimal Price { get; set; }

    public double Score { get; set; }

    public bool IsPublic { get; set; }

    public Kind Kind { get; set; }

    public DateTime At { get; set; }

    public Guid Key { get; set; }

    public int? Maybe { get; set; }

    public Place Place { get; set; } = new();

    public Place? Side { get; set; }

    public TimeSpan Length { get; set; }

    public List<int>? Marks { get; set; } = [];

    public static Details Create(Random random, int i) => new()
    {
        Side = i % 3 == 1 ? null : new Place { City = "Side" + i }, Length = TimeSpan.FromMinutes(((i % 4) - 1) * 1900.25), Marks = i % 5 == 0 ? null : [.. Enumerable.Range(i, i % 4)],
        Age = random.Next(20, 90), Motto = i % 3 == 0 ? null : "it's \"" + random.Next(5), Price = random.Next(1000) / 8m, Score = random.Next(100) / 7.0, IsPublic = random.Next(2) == 0, Kind = (Kind)random.Next(3),
        At = new DateTime(2024, 2, 1).AddSeconds(random.Next(1_000_000)), Key = new Guid(i, 1, 2, new byte[8]), Maybe = i % 4 == 0 ? null : random.Next(6), Place = new Place { City = "City" + random.Next(4), Zip = random.Next(3) == 0 ? null : random.Next(1000) },
    };
}

public sealed class Place
{
    public string City { get; set; } = "";

    public int? Zip { get; set; }
}

public sealed class Post
{
    public string Title { get; set; } = "";

    public int Likes { get; set; }

    public DateTime At { get; set; }

    public List<Comment> Comments { get; set; } = [];
}

public sealed class Comment
{
    public string Text { get; set; } = "";

    public int Score { get; set; }
}

public sealed class DocumentContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Blog> Blogs => Set<Blog>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
        => modelBuilder.Entity<Blog>(b =>
        {
            b.Property(x => x.Id).ValueGeneratedNever();
            b.ComplexProperty(x => x.Details, d =>
            {
                d.ToJson();
                d.ComplexProperty(x => x.Place);
                d.ComplexProperty(x => x.Side);
            });
            b.OwnsOne(x => x.Owned, d =>
            {
                d.ToJson();
                d.OwnsOne(x => x.Place);
                d.OwnsOne(x => x.Side);
            });
            b.OwnsMany(x => x.Posts, p =>
            {
                p.ToJson();
                p.OwnsMany(x => x.Comments);
            });
        });
}

public sealed class DocumentFixture : OracleFixture<DocumentContext>
{
    public IQueryable<Blog> InMemory { get; } = new NullSafeQuery<Blog>(Blog.CreateRows());

    protected override DocumentContext Create(DbContextOptions options) => new(options);

    protected override void Seed(DocumentContext context)
    {
        context.AddRange(Blog.CreateRows());
        context.SaveChanges();
    }
}
