using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>The same value in every place that a row has for one: a column, an array, a document, a list within it and a record within it, written by SaveChanges and by ExecuteUpdate.</summary>
public sealed class ValueShapeTests : IDisposable
{
    private readonly TestDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public void Lengths_of_time_to_the_ends_of_their_range() => Check(TimeSpan.MinValue, TimeSpan.MaxValue);

    [Fact]
    public void Lengths_of_time_of_days_and_ticks() => Check(new TimeSpan(1, 2, 3, 4, 5), TimeSpan.FromTicks(-7));

    [Fact]
    public void Bytes() => Check<byte[]>([1, 2, 3], []);

    [Fact]
    public void Unsigned_integers() => Check(0UL, ulong.MaxValue);

    [Fact]
    public void Decimals() => Check(decimal.MinValue, 0.0000000000000000000000000001m);

    [Fact]
    public void Instants() => Check(new DateTimeOffset(2020, 1, 5, 12, 30, 45, TimeSpan.FromHours(2)), DateTimeOffset.MaxValue);

    /// <summary>The converter's own side may be null too: the array of such values is one of nullable elements already.</summary>
    [Fact]
    public void A_list_of_nullable_values_that_are_converted_to_nullable_ones_is_searched()
    {
        using var db = new ConvertedContext(Options<ConvertedContext>());
        db.Database.EnsureCreated();
        db.AddRange(new ConvertedRow { Id = 1, Value = 1.5 }, new ConvertedRow { Id = 2 }, new ConvertedRow { Id = 3, Value = -7 });
        db.SaveChanges();
        double?[] wanted = [1.5, null];
        Assert.Equal([1, 2], db.Set<ConvertedRow>().Where(r => wanted.Contains(r.Value)).OrderBy(r => r.Id).Select(r => r.Id));
    }

    private DbContextOptions<TContext> Options<TContext>()
        where TContext : DbContext
        => new DbContextOptionsBuilder<TContext>().UseEngram(database.ConnectionString).Options;

    private void Check<T>(T value, T other)
    {
        using (var db = new ShapeContext<T>(Options<ShapeContext<T>>()))
        {
            db.Database.EnsureCreated();
            db.AddRange(Row(1, value, other), Row(2, other, value));
            db.SaveChanges();
        }

        Read(row => row.Value!.Equals(value), 1);
        Read(row => row.Array.Contains(value) && row.Array[0]!.Equals(value), 1);
        Read(row => row.Part.Value!.Equals(value), 1);
        Read(row => row.Part.Value!.Equals(row.Value) && row.Id == 2, 2);
        Read(row => row.Part.Many[0]!.Equals(value), 1);
        Read(row => row.Part.Many.Contains(value) && row.Id == 2, 2);
        Read(row => row.Part.Records.Any(r => r.Value!.Equals(other) && r.Number == 1), 2);
        Read(row => row.Part.Records.Where(r => r.Number > 1).Select(r => r.Value).First()!.Equals(other), 1);

        Change(rows => rows.ExecuteUpdate(s => s.SetProperty(r => r.Part.Value, other)));
        Change(rows => rows.ExecuteUpdate(s => s.SetProperty(r => r.Part.Value, r => r.Part.OtherValue)));
        Change(rows => rows.ExecuteUpdate(s => s.SetProperty(r => r.Part.Value, r => r.OtherValue)));
        Change(rows => rows.ExecuteUpdate(s => s.SetProperty(r => r.Part.Value, r => r.Part.Records[1].Value)));

        void Read(System.Linq.Expressions.Expression<Func<ShapeRow<T>, bool>> predicate, int id)
        {
            using var db = new ShapeContext<T>(Options<ShapeContext<T>>());
            Assert.Equal([id], db.Set<ShapeRow<T>>().Where(predicate).Select(r => r.Id));
        }

        void Change(Action<IQueryable<ShapeRow<T>>> change)
        {
            using var db = new ShapeContext<T>(Options<ShapeContext<T>>());
            using var transaction = db.Database.BeginTransaction();
            change(db.Set<ShapeRow<T>>().Where(r => r.Id == 1));
            var row = db.Set<ShapeRow<T>>().Single(r => r.Id == 1);
            Assert.Equal(other, row.Part.Value);
            Assert.Equal([value, other], row.Part.Many);
            Assert.Equal([value, other], row.Part.Records.Select(r => r.Value));
        }
    }

    private static ShapeRow<T> Row<T>(int id, T value, T other) => new()
    {
        Id = id,
        Value = value,
        OtherValue = other,
        Array = [value, other],
        Part = new ShapePart<T>
        {
            Value = value,
            OtherValue = other,
            Many = [value, other],
            Records = [new ShapeRecord<T> { Number = 1, Value = value }, new ShapeRecord<T> { Number = 2, Value = other }],
        },
    };

    private sealed class ShapeRow<T>
    {
        public int Id { get; set; }

        public required T Value { get; set; }

        public required T OtherValue { get; set; }

        public T[] Array { get; set; } = [];

        public required ShapePart<T> Part { get; set; }
    }

    private sealed class ShapePart<T>
    {
        public T? Value { get; set; }

        public T? OtherValue { get; set; }

        public List<T> Many { get; set; } = [];

        public List<ShapeRecord<T>> Records { get; set; } = [];
    }

    private sealed class ShapeRecord<T>
    {
        public int Number { get; set; }

        public T? Value { get; set; }
    }

    private sealed class ShapeContext<T>(DbContextOptions options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<ShapeRow<T>>(e =>
        {
            e.ToTable("Shapes").Property(r => r.Id).ValueGeneratedNever();
            e.PrimitiveCollection(r => r.Array);
            e.ComplexProperty(r => r.Part, p =>
            {
                p.ToJson();
                p.PrimitiveCollection(x => x.Many);
                p.ComplexCollection(x => x.Records);
            });
        });
    }

    private sealed class ConvertedRow
    {
        public int Id { get; set; }

        public double? Value { get; set; }
    }

    private sealed class ConvertedContext(DbContextOptions options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<ConvertedRow>(Configure);

        private static void Configure(EntityTypeBuilder<ConvertedRow> entity)
        {
            entity.Property(r => r.Id).ValueGeneratedNever();
            entity.Property(r => r.Value).HasConversion(new ValueConverter<double?, decimal?>(v => (decimal?)v, v => (double?)v, new ConverterMappingHints(precision: 26, scale: 16)));
        }
    }
}
