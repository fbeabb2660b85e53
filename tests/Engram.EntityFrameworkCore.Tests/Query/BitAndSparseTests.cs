using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.ComponentModel.DataAnnotations.Schema;
using Engram.Data;
using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Query;

public sealed class BitAndSparseTests
{
    [Fact]
    public void They_are_stored_searched_changed_and_read_back()
    {
        using var context = new PagesContext();
        context.Database.OpenConnection();
        context.Database.EnsureCreated();
        Assert.Contains("\"Flags\" bit(4) NOT NULL", context.Database.GenerateCreateScript(), StringComparison.Ordinal);
        Assert.Contains("\"Short\" bit varying(9)", context.Database.GenerateCreateScript(), StringComparison.Ordinal);
        Assert.Contains("\"Words\" sparsevec(1000)", context.Database.GenerateCreateScript(), StringComparison.Ordinal);
        context.AddRange(
            new Page { Id = 1, Flags = Bits("1010"), Any = Bits(""), Words = new EngramSparseVector([new(3, 1f)], 1000), Part = new Part { Mask = Bits("01"), Terms = EngramSparseVector.Parse("{1:1}/2") } },
            new Page { Id = 2, Flags = Bits("1111"), Any = Bits("1"), Short = Bits("101"), Words = new EngramSparseVector([new(3, 2f), new(4, 2f)], 1000) },
            new Page { Id = 3, Flags = Bits("0000"), Any = Bits("0101010101"), Words = new EngramSparseVector([], 1000) });
        context.SaveChanges();
        context.ChangeTracker.Clear();

        var flags = Bits("1110");
        var words = new EngramSparseVector([new(3, 5f)], 1000);
        var near = context.Pages.OrderBy(p => EF.Functions.HammingDistance(p.Flags, flags)).ThenBy(p => p.Id);
        Assert.Contains("\"Flags\" <~> @", near.ToQueryString(), StringComparison.Ordinal);
        Assert.Equal([1L, 2L, 3L], near.Select(p => p.Id).ToArray());
        Assert.Equal([0.25, 1 - (2 / 3.0), 1], context.Pages.Select(p => EF.Functions.JaccardDistance(p.Flags, flags)).OrderBy(d => d).ToArray());
        Assert.Equal([1L, 2L, 3L], context.Pages.OrderBy(p => EF.Functions.CosineDistance(p.Words, words)).Select(p => p.Id).ToArray());
        Assert.Equal([3L, 2L], context.Pages.Where(p => EF.Functions.InnerProduct(p.Words, words) != 5).OrderBy(p => EF.Functions.InnerProduct(p.Words, words)).Select(p => p.Id).ToArray());
        Assert.Equal([2L], context.Pages.Where(p => EF.Functions.L2Distance(p.Words, words) < 4 && EF.Functions.L1Distance(p.Words, words) > 4).Select(p => p.Id).ToArray());
        Assert.Equal(2L, context.Pages.Single(p => p.Short == Bits("101")).Id);
        Assert.Equal(3L, context.Pages.Single(p => p.Words == new EngramSparseVector(new float[1000])).Id);

        var page = context.Pages.Single(p => p.Id == 1);
        Assert.Equal([true, false, true, false], page.Flags.Cast<bool>());
        Assert.Equal("{4:1}/1000", page.Words.ToString());
        Assert.Equal([false, true], page.Part!.Mask.Cast<bool>());
        Assert.Equal("{1:1}/2", page.Part.Terms.ToString());
        Assert.Equal(0, context.SaveChanges());
        page.Flags[1] = true;
        page.Part.Mask = Bits("111");
        Assert.Equal(1, context.SaveChanges());
        Assert.Equal(1L, context.Pages.AsNoTracking().Single(p => p.Flags == flags).Id);
        Assert.Equal(1L, context.Pages.AsNoTracking().Single(p => p.Part!.Mask == Bits("111")).Id);
        Assert.Equal(1, context.Pages.Where(p => p.Id == 3).ExecuteUpdate(s => s.SetProperty(p => p.Any, Bits("11")).SetProperty(p => p.Words, words)));
        Assert.Equal(words, context.Pages.Where(p => p.Any == Bits("11")).Select(p => p.Words).Single());
    }

    /// <summary>The database has no arrays of such types, so that each value of a list is a parameter.</summary>
    [Theory]
    [InlineData(ParameterTranslationMode.MultipleParameters)]
    [InlineData(ParameterTranslationMode.Constant)]
    [InlineData(ParameterTranslationMode.Parameter)]
    public void Lists_contain_them(ParameterTranslationMode mode)
    {
        using var context = new PagesContext(mode);
        context.Database.OpenConnection();
        context.Database.EnsureCreated();
        context.AddRange(
            new Page { Id = 1, Flags = Bits("1010"), Words = new EngramSparseVector([new(3, 1f)], 1000), Map = [1, 2] },
            new Page { Id = 2, Flags = Bits("1111"), Short = Bits("101"), Words = new EngramSparseVector([new(4, 1f)], 1000), Map = [3, 4] },
            new Page { Id = 3, Flags = Bits("0000"), Words = new EngramSparseVector([], 1000) });
        context.SaveChanges();
        List<BitArray> flags = [Bits("1010"), Bits("0000"), Bits("0001")];
        List<BitArray?> shorts = [Bits("101"), null];
        List<BitArray> none = [];
        List<EngramSparseVector> words = [new([new(4, 1f)], 1000), new([], 1000)];
        List<float[]> maps = [[1, 2], [5, 6]];
        Assert.Equal([1L, 3L], Ids(context.Pages.Where(p => flags.Contains(p.Flags))));
        Assert.Equal([2L], Ids(context.Pages.Where(p => !flags.Contains(p.Flags))));
        Assert.Equal([1L, 2L, 3L], Ids(context.Pages.Where(p => shorts.Contains(p.Short))));
        Assert.Empty(Ids(context.Pages.Where(p => none.Contains(p.Flags))));
        Assert.Equal([2L, 3L], Ids(context.Pages.Where(p => words.Contains(p.Words))));
        Assert.Equal([1L], Ids(context.Pages.Where(p => maps.Contains(p.Map!))));
        Assert.Equal([1L, 3L], Ids(context.Pages.Where(p => EF.MultipleParameters(flags).Contains(p.Flags))));
        Assert.Equal([1L, 3L], Ids(context.Pages.Where(p => EF.Constant(flags).Contains(p.Flags))));
        Assert.Equal([1L, 3L], Ids(context.Pages.Where(p => EF.Parameter(flags).Contains(p.Flags))));

        static List<long> Ids(IQueryable<Page> pages) => pages.Select(p => p.Id).AsEnumerable().Order().ToList();
    }

    [Fact]
    public void Lengths_of_the_model_are_those_of_the_columns()
    {
        using var context = new KeysContext();
        var script = context.Database.GenerateCreateScript();
        Assert.Contains("\"Any\" bit varying NOT NULL", script, StringComparison.Ordinal);
        Assert.Contains("\"Fixed\" bit(8) NOT NULL", script, StringComparison.Ordinal);
        Assert.Contains("\"Most\" bit varying(8) NOT NULL", script, StringComparison.Ordinal);
        Assert.Contains("\"Terms\" sparsevec NOT NULL", script, StringComparison.Ordinal);
    }

    /// <summary>As docs/ef-core.md says of keys.</summary>
    [Fact]
    public void A_unique_column_of_bits_is_a_text_in_the_model()
    {
        using var context = new KeysContext();
        context.Database.OpenConnection();
        context.Database.EnsureCreated();
        context.AddRange(new Bitmap { Id = 1, Fixed = Bits("00001111"), Unique = "0001" }, new Bitmap { Id = 2, Fixed = Bits("11110000"), Unique = "1000" });
        context.SaveChanges();
        Assert.Equal("bit(4)", context.Model.FindEntityType(typeof(Bitmap))!.FindProperty(nameof(Bitmap.Unique))!.GetColumnType());
        Assert.Equal(2L, context.Bitmaps.Single(b => b.Unique == "1000").Id);
        context.Add(new Bitmap { Id = 3, Fixed = Bits("11110000"), Unique = "0001" });
        var error = Assert.Throws<DbUpdateException>(() => context.SaveChanges());
        Assert.Equal("23505", Assert.IsType<EngramException>(error.InnerException).SqlState);
    }

    [Fact]
    public void Bits_are_compared_by_what_counts_of_them()
    {
        var random = new Random(7);
        for (var length = 0; length <= 70; length++)
        {
            var bits = new BitArray([.. Enumerable.Range(0, length).Select(_ => random.Next(2) == 1)]);

            // Once longer: what was behind the end does not count.
            var same = new BitArray(length + 40, true) { Length = length };
            for (var i = 0; i < length; i++)
            {
                same[i] = bits[i];
            }

            Assert.True(EngramBitArrayComparer.AreEqual(bits, same));
            Assert.Equal(EngramBitArrayComparer.HashOf(bits), EngramBitArrayComparer.HashOf(same));
            Assert.False(EngramBitArrayComparer.AreEqual(bits, new BitArray(bits) { Length = length + 1 }));
            for (var i = 0; i < length; i++)
            {
                same[i] = !same[i];
                Assert.False(EngramBitArrayComparer.AreEqual(bits, same));
                same[i] = !same[i];
            }
        }
    }

    [Fact]
    public void A_document_whose_bits_are_none_is_refused()
    {
        using var context = new PagesContext();
        context.Database.OpenConnection();
        context.Database.EnsureCreated();
        context.Add(new Page { Id = 1, Words = new EngramSparseVector([], 1000), Part = new Part { Mask = Bits("0110") } });
        context.SaveChanges();
        context.ChangeTracker.Clear();
        context.Database.ExecuteSql($$"""UPDATE "Pages" SET "Part" = '{"Mask":"0120","Terms":"{}/1"}'""");
        Assert.Throws<FormatException>(() => context.Pages.Single());
    }

    [Fact]
    public void A_length_that_is_not_the_columns_is_refused()
    {
        using var context = new PagesContext();
        context.Database.OpenConnection();
        context.Database.EnsureCreated();
        context.Add(new Page { Id = 1, Flags = Bits("1"), Any = Bits(""), Words = new EngramSparseVector([], 1000) });

        var error = Assert.Throws<DbUpdateException>(() => context.SaveChanges());
        Assert.Equal("22026", Assert.IsType<EngramException>(error.InnerException).SqlState);
    }

    private static BitArray Bits(string bits) => new([.. bits.Select(b => b == '1')]);

    private sealed class PagesContext(ParameterTranslationMode mode = ParameterTranslationMode.MultipleParameters) : DbContext
    {
        public DbSet<Page> Pages => Set<Page>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram("Data Source=:memory:", o => o.UseParameterizedCollectionMode(mode));

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Page>().OwnsOne(p => p.Part, part => part.ToJson());
    }

    private sealed class KeysContext : DbContext
    {
        public DbSet<Bitmap> Bitmaps => Set<Bitmap>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram("Data Source=:memory:");

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Bitmap>(bitmap =>
        {
            bitmap.Property(b => b.Any).HasMaxLength(-1);
            bitmap.Property(b => b.Fixed).HasMaxLength(8).IsFixedLength();
            bitmap.Property(b => b.Most).HasMaxLength(8);
            bitmap.Property(b => b.Terms).HasMaxLength(-1);
            bitmap.Property(b => b.Unique).HasColumnType("bit(4)").HasConversion(b => Bits(b), b => TextOf(b));
            bitmap.HasIndex(b => b.Unique).IsUnique();
        });

        private static string TextOf(BitArray bits) => string.Concat(bits.Cast<bool>().Select(b => b ? '1' : '0'));
    }

    private sealed class Bitmap
    {
        public long Id { get; set; }

        public BitArray Any { get; set; } = new(0);

        public BitArray Fixed { get; set; } = new(8);

        public BitArray Most { get; set; } = new(0);

        public EngramSparseVector Terms { get; set; } = new([], 1);

        public string Unique { get; set; } = "0000";
    }

    private sealed class Page
    {
        public long Id { get; set; }

        [Column(TypeName = "bit(4)")]
        public BitArray Flags { get; set; } = new(4);

        public BitArray Any { get; set; } = new(0);

        [MaxLength(9)]
        public BitArray? Short { get; set; }

        [Column(TypeName = "sparsevec(1000)")]
        public EngramSparseVector Words { get; set; } = new([], 1000);

        [Column(TypeName = "vector(2)")]
        public float[]? Map { get; set; }

        public Part? Part { get; set; }
    }

    private sealed class Part
    {
        public BitArray Mask { get; set; } = new(0);

        public EngramSparseVector Terms { get; set; } = new([], 1);
    }
}
