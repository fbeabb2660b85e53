using System.Linq.Expressions;
using Engram.Data;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Query;

/// <summary>A number, or one of a wider type where it is null: against LINQ over the same parcels.</summary>
public sealed class WidenedChoiceTests : IDisposable
{
    private static readonly int Limit = int.Parse("70000", System.Globalization.CultureInfo.InvariantCulture);

    private static readonly Parcel[] Parcels =
    [
        new() { Id = 1, Small = 200, Short = -3, Percent = 7 },
        new() { Id = 2 },
        new() { Id = 3, Small = 0, Short = short.MaxValue, Percent = 0 },
    ];

    private readonly EngramConnection connection = new("Data Source=:memory:");

    public WidenedChoiceTests()
    {
        connection.Open();
        using var db = Create();
        db.Database.EnsureCreated();
        db.AddRange(Parcels);
        db.SaveChanges();
    }

    public static TheoryData<Expression<Func<Parcel, int>>> Integers => new(
        p => p.Small ?? 1000,
        p => p.Small ?? -1,
        p => p.Small ?? Limit,
        p => p.Small ?? p.Id + 1000,
        p => (p.Small ?? 300) + p.Id,
        p => p.Short ?? 40000,
        p => p.Small ?? p.Short ?? 40000,
        p => p.Percent ?? 5);

    public static TheoryData<Expression<Func<Parcel, double>>> Numbers => new(
        p => p.Small ?? 2.5,
        p => p.Percent ?? 5.0);

    public static TheoryData<Expression<Func<Parcel, long>>> LongIntegers => new(
        p => p.Small ?? 5_000_000_000L,
        p => p.Percent ?? 5L);

    public void Dispose() => connection.Dispose();

    [Theory]
    [MemberData(nameof(Integers), DisableDiscoveryEnumeration = true)]
    public void Choices_of_integers_hold_both_sides(Expression<Func<Parcel, int>> choice) => Check(choice);

    [Theory]
    [MemberData(nameof(LongIntegers), DisableDiscoveryEnumeration = true)]
    public void Choices_of_long_integers_hold_both_sides(Expression<Func<Parcel, long>> choice) => Check(choice);

    [Theory]
    [MemberData(nameof(Numbers), DisableDiscoveryEnumeration = true)]
    public void Choices_of_numbers_hold_both_sides(Expression<Func<Parcel, double>> choice) => Check(choice);

    private void Check<T>(Expression<Func<Parcel, T>> choice)
        where T : struct
    {
        using var db = Create();
        var expected = Parcels.Select(choice.Compile()).ToList();
        Assert.Equal(expected, db.Parcels.OrderBy(p => p.Id).Select(choice));
        Assert.Equal(expected.Order(), db.Parcels.GroupBy(choice).OrderBy(g => g.Key).Select(g => g.Key));
        Assert.Equal(
            Parcels.OrderBy(choice.Compile()).Select(p => p.Id), db.Parcels.OrderBy(choice).ThenBy(p => p.Id).Select(p => p.Id));
    }

    private ParcelContext Create() => new(new DbContextOptionsBuilder<ParcelContext>().UseEngram(connection).Options);

    public sealed class Parcel
    {
        public int Id { get; set; }

        public byte? Small { get; set; }

        public short? Short { get; set; }

        /// <summary>Stored a hundred times as large.</summary>
        public int? Percent { get; set; }
    }

    private sealed class ParcelContext(DbContextOptions<ParcelContext> options) : DbContext(options)
    {
        public DbSet<Parcel> Parcels => Set<Parcel>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Parcel>(b =>
        {
            b.Property(p => p.Id).ValueGeneratedNever();
            b.Property(p => p.Percent).HasConversion(v => v * 100, v => v / 100);
        });
    }
}
