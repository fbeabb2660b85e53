using System.ComponentModel.DataAnnotations.Schema;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Query;

public sealed class HalfVectorTests
{
    [Fact]
    public void An_array_of_halves_is_stored_searched_and_read_back()
    {
        using var context = new NotesContext();
        context.Database.OpenConnection();
        context.Database.EnsureCreated();
        context.AddRange(
            new Note { Id = 1, Embedding = [(Half)1, (Half)0, (Half)0] },
            new Note { Id = 2, Embedding = [(Half)0.1f, (Half)2, (Half)0] },
            new Note { Id = 3, Embedding = [(Half)0, (Half)0, (Half)65504] });
        context.SaveChanges();
        context.ChangeTracker.Clear();

        Half[] query = [(Half)0, (Half)1, (Half)0];
        var near = context.Notes.OrderBy(n => EF.Functions.CosineDistance(n.Embedding, query)).Take(2);
        Assert.Contains("\"Embedding\" <=> @", near.ToQueryString(), StringComparison.Ordinal);
        Assert.Equal([2L, 1L], near.Select(n => n.Id).ToArray());
        Assert.Equal([2L], context.Notes.Where(n => EF.Functions.L2Distance(n.Embedding, query) < 1.2).Select(n => n.Id).ToArray());
        Assert.Equal(2, context.Notes.Where(n => n.Id == 2).Select(n => EF.Functions.InnerProduct(n.Embedding, query)).Single());

        List<Half[]> some = [[(Half)1, (Half)0, (Half)0], [(Half)9, (Half)9, (Half)9]];
        Assert.Equal([1L], context.Notes.Where(n => some.Contains(n.Embedding)).Select(n => n.Id).ToArray());
        Assert.Equal([2L, 3L], context.Notes.Where(n => !some.Contains(n.Embedding)).OrderBy(n => n.Id).Select(n => n.Id).ToArray());

        var note = context.Notes.Single(n => n.Id == 3);
        Assert.Equal([(Half)0, (Half)0, (Half)65504], note.Embedding);
        note.Embedding = [(Half)1, (Half)1, (Half)1];
        Assert.Equal(1, context.SaveChanges());
        Assert.Equal(0, context.SaveChanges());
        Assert.Equal(3L, context.Notes.Single(n => n.Embedding == new[] { (Half)1, (Half)1, (Half)1 }).Id);
    }

    [Fact]
    public void Halves_in_a_document_are_updated_and_read_back()
    {
        using var context = new NotesContext();
        context.Database.OpenConnection();
        context.Database.EnsureCreated();
        context.Add(new Page { Id = 1, Content = new Content { Halves = [(Half)1], Others = [(Half)0.1f, (Half)65504] }, Row = [(Half)0.5f, (Half)(-3)] });
        context.SaveChanges();

        Half[] changed = [(Half)2, Half.Epsilon];
        Check(pages => pages.ExecuteUpdate(s => s.SetProperty(p => p.Content.Halves, changed)), changed);
        Check(pages => pages.ExecuteUpdate(s => s.SetProperty(p => p.Content.Halves, new[] { (Half)0.1f })), [(Half)0.1f]);
        Check(pages => pages.ExecuteUpdate(s => s.SetProperty(p => p.Content.Halves, p => p.Row)), [(Half)0.5f, (Half)(-3)]);
        Check(pages => pages.ExecuteUpdate(s => s.SetProperty(p => p.Content.Halves, p => p.Content.Others)), [(Half)0.1f, (Half)65504]);

        void Check(Func<IQueryable<Page>, int> update, Half[] expected)
        {
            Assert.Equal(1, update(context.Set<Page>()));
            Assert.Equal(expected, context.Set<Page>().AsNoTracking().Single().Content.Halves);
        }
    }

    private sealed class NotesContext : DbContext
    {
        public DbSet<Note> Notes => Set<Note>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram("Data Source=half-notes;Mode=Memory");

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Page>(b =>
        {
            b.Property(p => p.Id).ValueGeneratedNever();
            b.Property(p => p.Row).HasColumnType("halfvec(2)");
            b.ComplexProperty(p => p.Content, c =>
            {
                c.ToJson();
                c.Property(x => x.Halves).HasColumnType("halfvec");
                c.Property(x => x.Others).HasColumnType("halfvec");
            });
        });
    }

    private sealed class Page
    {
        public int Id { get; set; }

        public Half[] Row { get; set; } = [];

        public Content Content { get; set; } = new();
    }

    private sealed class Content
    {
        public Half[] Halves { get; set; } = [];

        public Half[] Others { get; set; } = [];
    }

    private sealed class Note
    {
        public long Id { get; set; }

        [Column(TypeName = "halfvec(3)")]
        public Half[] Embedding { get; set; } = [];
    }
}
