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

    private sealed class NotesContext : DbContext
    {
        public DbSet<Note> Notes => Set<Note>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram("Data Source=half-notes;Mode=Memory");
    }

    private sealed class Note
    {
        public long Id { get; set; }

        [Column(TypeName = "halfvec(3)")]
        public Half[] Embedding { get; set; } = [];
    }
}
