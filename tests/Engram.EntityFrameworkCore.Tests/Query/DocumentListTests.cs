using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Engram.EntityFrameworkCore.Tests.Query;

/// <summary>What the model knows of documents, and what they hold, may differ.</summary>
public sealed class DocumentListTests
{
    /// <summary>When the list of documents comes, EF Core makes the type of the single one anew and forgets that the property has elements: it is a list of JSON all the same.</summary>
    [Fact]
    public void A_list_of_a_type_that_two_documents_share_is_no_array_of_the_database()
    {
        using var source = new EngramDataSource("Data Source=:memory:");
        using var context = new WeekContext(source);
        context.Database.EnsureCreated();
        context.Add(new Week { Id = 1, Plan = new Plan { Days = [DayOfWeek.Monday, DayOfWeek.Friday] }, Others = [new Plan { Days = [DayOfWeek.Sunday] }] });
        context.SaveChanges();
        context.ChangeTracker.Clear();

        Assert.Equal([DayOfWeek.Monday, DayOfWeek.Friday], context.Weeks.Select(w => w.Plan.Days).Single());
        Assert.Equal([DayOfWeek.Sunday], context.Weeks.SelectMany(w => w.Others).Select(p => p.Days).AsNoTracking().Single());
    }

    /// <summary>A document of others may lack what the model requires: what is computed from it is null, and the rest of the document stays.</summary>
    [Fact]
    public void A_member_computed_from_one_that_the_document_lacks_is_null()
    {
        using var source = new EngramDataSource("Data Source=:memory:");
        using var context = new WeekContext(source);
        context.Database.EnsureCreated();
        context.Add(new Week { Id = 1 });
        context.SaveChanges();
        context.Database.ExecuteSqlRaw("""UPDATE "Weeks" SET "Note" = CAST("Note" AS jsonb) - 'Mark'""");

        Assert.Equal(1, context.Weeks.ExecuteUpdate(s => s.SetProperty(w => w.Note.Mark, w => w.Note.Mark + 1)));
        Assert.Equal((null, "text"), context.Weeks.Select(w => ValueTuple.Create((int?)w.Note.Mark, w.Note.Text)).Single());
    }

    /// <summary>Programs of others may write JSON's null for a list that is not there.</summary>
    [Fact]
    public void A_column_that_holds_the_null_of_json_has_no_documents()
    {
        using var source = new EngramDataSource("Data Source=:memory:");
        using var context = new WeekContext(source);
        context.Database.EnsureCreated();
        context.AddRange(new Week { Id = 1, Others = [new Plan()] }, new Week { Id = 2, Others = [new Plan(), new Plan()] });
        context.SaveChanges();
        context.Database.ExecuteSqlRaw("""UPDATE "Weeks" SET "Others" = 'null' WHERE "Id" = 1""");

        Assert.Equal([0, 2], context.Weeks.OrderBy(w => w.Id).Select(w => w.Others.Count));
        Assert.Equal([2], context.Weeks.Where(w => w.Others.Any()).Select(w => w.Id));
        Assert.Equal([2, 2], context.Weeks.SelectMany(w => w.Others, (w, o) => w.Id));
    }

    private sealed class WeekContext(EngramDataSource source) : DbContext
    {
        public DbSet<Week> Weeks => Set<Week>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram(source);

        protected override void OnModelCreating(ModelBuilder modelBuilder)
            => modelBuilder.Entity<Week>(w =>
            {
                w.Property(x => x.Id).ValueGeneratedNever();
                w.ComplexProperty(x => x.Note, n => n.ToJson());
                w.OwnsOne(x => x.Plan, p =>
                {
                    p.ToJson();
                    p.PrimitiveCollection(x => x.Days).ElementType(d => d.HasConversion<EnumToStringConverter<DayOfWeek>>());
                });
                w.OwnsMany(x => x.Others, p =>
                {
                    p.ToJson();
                    p.PrimitiveCollection(x => x.Days).ElementType(d => d.HasConversion<EnumToStringConverter<DayOfWeek>>());
                });
            });
    }

    private sealed class Week
    {
        public int Id { get; set; }

        public Plan Plan { get; set; } = new();

        public List<Plan> Others { get; set; } = [];

        public Note Note { get; set; } = new();
    }

    private sealed class Note
    {
        public int Mark { get; set; }

        public string Text { get; set; } = "text";
    }

    private sealed class Plan
    {
        public List<DayOfWeek> Days { get; set; } = [];
    }
}
