using System.Linq.Expressions;
using Engram.Data;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Query;

/// <summary>Truth values that are stored as texts, wherever SQL asks for a condition: against LINQ over the same doors.</summary>
public sealed class ConvertedConditionTests : IDisposable
{
    private static readonly Door[] Doors =
    [
        new() { Id = 1, IsOpen = true, IsLocked = false, IsNew = true, IsPlain = true, Locks = [new Lock { IsShut = true, Number = 1 }, new Lock { IsShut = false, Number = 2 }] },
        new() { Id = 2, IsOpen = false, IsLocked = true, IsNew = true, Main = new Lock { IsShut = true }, Locks = [new Lock { IsShut = false, Number = 3 }] },
        new() { Id = 3, IsOpen = false, IsLocked = null },
    ];

    private static readonly bool[] Truths = [true];

    private readonly EngramConnection connection = new("Data Source=:memory:");

    public ConvertedConditionTests()
    {
        connection.Open();
        using var db = Create();
        db.Database.EnsureCreated();
        db.AddRange(Doors);
        db.SaveChanges();
    }

    public static TheoryData<Expression<Func<Door, bool>>> Conditions => new(
        d => d.IsOpen,
        d => !d.IsOpen,
        d => d.IsOpen == (d.Id == 1),
        d => d.IsOpen != (d.Id == 1),
        d => d.Id > 1 == d.IsOpen,
        d => d.IsLocked == (d.Id == 2),
        d => d.IsLocked != (d.Id == 2),
        d => d.Id == 1 ? d.IsOpen : !d.IsOpen,
        d => (d.Id == 1 ? d.IsOpen : false) && d.Id < 9,
        d => d.IsLocked ?? false,
        d => !(d.IsLocked ?? true),
        d => d.IsOpen || (d.IsLocked ?? false),
        d => d.IsOpen == d.IsNew,
        d => d.IsOpen != d.IsNew,
        d => d.IsNew == d.IsPlain,
        d => d.IsOpen ^ d.IsPlain,
        d => !d.IsOpen ^ d.IsNew,
        d => d.IsLocked ?? d.IsPlain,
        d => (!d.IsLocked) ?? false,
        d => d.Id > 1 ? d.IsNew : d.IsPlain,
        d => d.Id > 1 ? d.IsPlain : d.IsOpen,
        d => Truths.Contains(!d.IsOpen),
        d => d.Locks.Any(l => l.IsShut),
        d => d.Locks.Any(l => !l.IsShut),
        d => d.Locks.Any(l => l.IsShut == l.Number > 1),
        d => d.Locks.All(l => l.IsShut || l.Number == 3));

    public static TheoryData<Expression<Func<Door, bool>>> Values => new(
        d => d.Id > 1,
        d => d.IsPlain,
        d => d.IsOpen,
        d => !d.IsOpen,
        d => !d.IsNew,
        d => d.IsNew && d.IsPlain,
        d => d.IsLocked ?? false,
        d => d.Id > 1 ? d.IsNew : d.IsPlain,
        d => d.Main.IsShut,
        d => !d.Main.IsShut);

    public void Dispose() => connection.Dispose();

    [Theory]
    [MemberData(nameof(Conditions), DisableDiscoveryEnumeration = true)]
    public void Conditions_filter_and_are_selected(Expression<Func<Door, bool>> condition)
    {
        using var db = Create();
        Assert.Equal(Doors.Where(condition.Compile()).Select(d => d.Id), db.Doors.Where(condition).OrderBy(d => d.Id).Select(d => d.Id));
        Assert.Equal(Doors.Select(condition.Compile()), db.Doors.OrderBy(d => d.Id).Select(condition));
    }

    [Theory]
    [MemberData(nameof(Conditions), DisableDiscoveryEnumeration = true)]
    public void Conditions_are_keys_of_groups(Expression<Func<Door, bool>> condition)
    {
        using var db = Create();
        var expected = Doors.GroupBy(condition.Compile()).OrderBy(g => g.Key).Select(g => (g.Key, g.Count()));
        Assert.Equal(expected, db.Doors.GroupBy(condition).Select(g => new { g.Key, Count = g.Count() }).AsEnumerable().OrderBy(g => g.Key).Select(g => (g.Key, g.Count)));
        Assert.Equal(expected.Select(g => g.Key), db.Doors.Select(condition).Distinct().AsEnumerable().Order());
    }

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public void What_is_updated_is_written_as_its_column_stores_it(Expression<Func<Door, bool>> value)
    {
        using var db = Create();
        var expected = Doors.Select(value.Compile()).ToList();
        Check(db.Doors.ExecuteUpdate(s => s.SetProperty(d => d.IsOpen, value)), d => d.IsOpen);
        Check(db.Doors.ExecuteUpdate(s => s.SetProperty(d => d.IsNew, value)), d => d.IsNew);
        Check(db.Doors.ExecuteUpdate(s => s.SetProperty(d => d.IsPlain, value)), d => d.IsPlain);
        Check(db.Doors.ExecuteUpdate(s => s.SetProperty(d => d.Main.IsShut, value)), d => d.Main.IsShut);

        void Check(int count, Func<Door, bool> read)
        {
            Assert.Equal(3, count);
            Assert.Equal(expected, db.Doors.AsNoTracking().OrderBy(d => d.Id).AsEnumerable().Select(read));
            Assert.Equal(3, db.Doors.ExecuteUpdate(s => s.SetProperty(d => d.IsOpen, d => d.Id == 1).SetProperty(d => d.IsNew, d => d.Id < 3)
                .SetProperty(d => d.IsPlain, d => d.Id == 1).SetProperty(d => d.Main.IsShut, d => d.Id == 2)));
        }
    }

    [Fact]
    public void What_is_negated_is_written_as_it_is_stored()
    {
        using var db = Create();
        Assert.Equal(3, db.Doors.ExecuteUpdate(s => s.SetProperty(d => d.IsOpen, d => !d.IsOpen).SetProperty(d => d.IsLocked, d => !d.IsLocked)));
        Assert.Equal([(false, true), (true, false), (true, null)], db.Doors.AsNoTracking().OrderBy(d => d.Id).AsEnumerable().Select(d => (d.IsOpen, d.IsLocked)));
        Assert.Equal([true, false, null], db.Doors.OrderBy(d => d.Id).Select(d => d.IsLocked));
        Assert.Equal([false, true, null], db.Doors.OrderBy(d => d.Id).Select(d => !d.IsLocked));
    }

    private DoorContext Create() => new(new DbContextOptionsBuilder<DoorContext>().UseEngram(connection).Options);

    public sealed class Door
    {
        public int Id { get; set; }

        public bool IsOpen { get; set; }

        public bool? IsLocked { get; set; }

        public bool IsNew { get; set; }

        public bool IsPlain { get; set; }

        public Lock Main { get; set; } = new();

        public List<Lock> Locks { get; set; } = [];
    }

    public sealed class Lock
    {
        public bool IsShut { get; set; }

        public int Number { get; set; }
    }

    private sealed class DoorContext(DbContextOptions<DoorContext> options) : DbContext(options)
    {
        public DbSet<Door> Doors => Set<Door>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Door>(b =>
        {
            b.Property(d => d.Id).ValueGeneratedNever();
            b.Property(d => d.IsOpen).HasConversion(v => v ? "Y" : "N", v => v == "Y");
            b.Property(d => d.IsLocked).HasConversion<int?>();
            b.Property(d => d.IsNew).HasConversion(v => v ? "new" : "old", v => v == "new");
            b.ComplexProperty(d => d.Main, l =>
            {
                l.ToJson();
                l.Property(x => x.IsShut).HasConversion(v => v ? "shut" : "not", v => v == "shut");
            });
            b.OwnsMany(d => d.Locks, l =>
            {
                l.ToJson();
                l.Property(x => x.IsShut).HasConversion(v => v ? "shut" : "not", v => v == "shut");
            });
        });
    }
}
