using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Engram.EntityFrameworkCore.Tests.Oracle.Translations;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Documents;

/// <summary>Documents are changed in part, by SaveChanges and by ExecuteUpdate, and read back as the objects that were changed alike.</summary>
public sealed class DocumentChangeTests : IDisposable
{
    private readonly EngramDataSource source = new("Data Source=:memory:");
    private readonly List<Blog> rows = Blog.CreateRows();

    public DocumentChangeTests()
    {
        using var context = CreateContext();
        context.Database.EnsureCreated();
        context.AddRange(Blog.CreateRows());
        context.SaveChanges();
    }

    public void Dispose() => source.Dispose();

    [Fact]
    public void SaveChanges_writes_the_part_that_changed()
    {
        Change(b =>
        {
            b.Details.Age++;
            b.Details.Motto = b.Id % 2 == 0 ? null : "a \"new\" one's";
            b.Details.Place.City = "Bern";
            b.Details.Place.Zip = b.Id % 2 == 0 ? null : 7;
        });
        Change(b =>
        {
            if (b.Owned is { } owned)
            {
                owned.At = owned.At.AddDays(1);
                owned.Kind = Kind.Bad;
                owned.Place.City = "Köln";
            }
        });
        Change(b =>
        {
            foreach (var post in b.Posts)
            {
                post.Likes += 100;
                post.Comments.Add(new Comment { Text = "late", Score = 9 });
            }
        });
        Change(b => b.Posts.Add(new Post { Title = "last" }));
        Change(b => b.Owned = b.Id % 2 == 0 ? null : new Details { Motto = "new", Place = new Place { City = "Rom" } });
        Change(b =>
        {
            b.Details.Side = b.Details.Side is null ? new Place { City = "Ulm" } : null;
            b.Details.Length = -b.Details.Length;
        });
        Change(b => b.Owned?.Side = null);
        Change(b => b.Posts.RemoveAll(p => p.Likes % 2 == 0));
        Change(b =>
        {
            b.Numbers = [.. b.Numbers, 42];
            b.Tags.Add("new");
        });
    }

    [Fact]
    public void ExecuteUpdate_sets_parts_of_documents()
    {
        using var context = CreateContext();
        context.Blogs.Where(b => b.Details.Age > 50).ExecuteUpdate(s => s
            .SetProperty(b => b.Details.Age, b => b.Details.Age + 1)
            .SetProperty(b => b.Details.Motto, "it's set")
            .SetProperty(b => b.Details.Place.Zip, (int?)null)
            .SetProperty(b => b.Details.At, new DateTime(2020, 1, 2, 3, 4, 5))
            .SetProperty(b => b.Name, b => b.Details.Place.City));
        foreach (var row in rows.Where(r => r.Details.Age > 50))
        {
            row.Name = row.Details.Place.City;
            row.Details.Age++;
            row.Details.Motto = "it's set";
            row.Details.Place.Zip = null;
            row.Details.At = new DateTime(2020, 1, 2, 3, 4, 5);
        }

        AssertRows();

        context.Blogs.Where(b => b.Details.Marks!.Count > 1).ExecuteUpdate(s => s.SetProperty(b => b.Details.Marks![1], 99).SetProperty(b => b.Details.Side, (Place?)null));
        rows.Where(r => r.Details.Marks?.Count > 1).ToList().ForEach(r => (r.Details.Marks![1], r.Details.Side) = (99, null));
        AssertRows();

        var place = new Place { City = "Wien", Zip = 1010 };
        context.Blogs.Where(b => b.Id < 10).ExecuteUpdate(s => s.SetProperty(b => b.Details.Place, place));
        rows.Where(r => r.Id < 10).ToList().ForEach(r => r.Details.Place = place);
        AssertRows();

        context.Blogs.Where(b => b.Details.Place.City == "Wien").ExecuteDelete();
        rows.RemoveAll(r => r.Details.Place.City == "Wien");
        AssertRows();
    }

    [Fact]
    public void Lists_that_are_missing_have_no_elements()
    {
        using var context = CreateContext();
        context.Blogs.Where(b => b.Id > 4).ExecuteDelete();
        context.Database.ExecuteSqlRaw("""UPDATE "Blogs" SET "Posts" = CASE "Id" WHEN 1 THEN jsonb '[{{"Title":"a"}}]' WHEN 2 THEN jsonb '[{{"Title":"b","Comments":null}}]' WHEN 3 THEN jsonb '[{{"Title":"c","Comments":[{{"Text":"t","Score":1}}]}}]' END""");
        Assert.Equal([1, 1, 1, 0], context.Blogs.OrderBy(b => b.Id).Select(b => b.Posts.Count));
        Assert.Equal([0, 0, 1], context.Blogs.OrderBy(b => b.Id).SelectMany(b => b.Posts).Select(p => p.Comments.Count));
        Assert.Equal([0, 0, 1], context.Blogs.Where(b => b.Posts.Count > 0).OrderBy(b => b.Id).Select(b => b.Posts[0].Comments.Count));
        Assert.Equal([3], context.Blogs.Where(b => b.Posts.Any(p => p.Comments.Any(c => c.Score == 1))).Select(b => b.Id));
        Assert.Equal([1, 2], context.Blogs.Where(b => b.Posts.Count > 0 && !b.Posts[0].Comments.Any()).OrderBy(b => b.Id).Select(b => b.Id));
    }

    /// <summary>The same change to the rows in memory and, through the change tracker, to those of the database.</summary>
    private void Change(Action<Blog> change)
    {
        rows.ForEach(change);
        using (var context = CreateContext())
        {
            context.Blogs.OrderBy(b => b.Id).ToList().ForEach(change);
            context.SaveChanges();
        }

        AssertRows();
    }

    private void AssertRows()
    {
        using var context = CreateContext();
        Assert.Equal(Canonical.Rows(rows), Canonical.Rows(context.Blogs.OrderBy(b => b.Id).ToList()));
    }

    private DocumentContext CreateContext() => new(new DbContextOptionsBuilder<DocumentContext>().UseEngram(source).EnableSensitiveDataLogging().Options);
}
