using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Levels;

/// <summary>The top of four levels, with a reference that may be missing, one that is always there, two collections, and one of its own kind.</summary>
public sealed class One : IEntity
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public DateTime Date { get; set; }

    public int? ParentId { get; set; }

    public One? Parent { get; set; }

    public List<One> Children { get; } = [];

    public Two? Optional { get; set; }

    public Two? Required { get; set; }

    public List<Two> ManyOptional { get; } = [];

    public List<Two> ManyRequired { get; } = [];
}

public sealed class Two : IEntity
{
    public int Id { get; set; }

    public string? Name { get; set; }

    public DateTime Date { get; set; }

    public int? OptionalOneId { get; set; }

    public int RequiredOneId { get; set; }

    public int? ManyOptionalOneId { get; set; }

    public int ManyRequiredOneId { get; set; }

    public One? OptionalOne { get; set; }

    public One RequiredOne { get; set; } = null!;

    public One? ManyOptionalOne { get; set; }

    public One ManyRequiredOne { get; set; } = null!;

    public Three? Optional { get; set; }

    public Three? Required { get; set; }

    public List<Three> Many { get; } = [];
}

public sealed class Three : IEntity
{
    public int Id { get; set; }

    public string? Name { get; set; }

    public int? OptionalTwoId { get; set; }

    public int RequiredTwoId { get; set; }

    public int? ManyTwoId { get; set; }

    public Two? OptionalTwo { get; set; }

    public Two RequiredTwo { get; set; } = null!;

    public Two? ManyTwo { get; set; }

    public List<Four> Many { get; } = [];

    public Four? Optional { get; set; }
}

public sealed class Four : IEntity
{
    public int Id { get; set; }

    public string? Name { get; set; }

    public int? OptionalThreeId { get; set; }

    public int? ManyThreeId { get; set; }

    public Three? OptionalThree { get; set; }

    public Three? ManyThree { get; set; }
}

public sealed class LevelData
{
    public LevelData()
    {
        var day = new DateTime(2001, 1, 1);
        for (var i = 1; i <= 13; i++)
        {
            Ones.Add(new One { Id = i, Name = "L1 " + i.ToString("00", System.Globalization.CultureInfo.InvariantCulture), Date = day.AddDays(i % 5) });
            Twos.Add(new Two { Id = i, Name = i % 5 == 0 ? null : "L2 " + i.ToString("00", System.Globalization.CultureInfo.InvariantCulture), Date = day.AddDays(i % 4) });
            Threes.Add(new Three { Id = i, Name = i % 6 == 0 ? null : "L3 " + (i % 9) });
            Fours.Add(new Four { Id = i, Name = i % 4 == 0 ? null : "L4 " + (i % 7) });
        }

        for (var i = 0; i < 13; i++)
        {
            Link(Ones[i], i % 4 == 1 ? Ones[(i + 5) % 13] : null, (o, p) => (o.Parent, o.ParentId) = (p, p.Id), (o, p) => p.Children.Add(o));
            var two = Twos[i];
            Link(two, i % 3 == 0 ? null : Ones[12 - i], (t, o) => (t.OptionalOne, t.OptionalOneId) = (o, o.Id), (t, o) => o.Optional = t);
            Link(two, Ones[(i * 5) % 13], (t, o) => (t.RequiredOne, t.RequiredOneId) = (o, o.Id), (t, o) => o.Required = t);
            Link(two, i % 4 == 0 ? null : Ones[i / 3], (t, o) => (t.ManyOptionalOne, t.ManyOptionalOneId) = (o, o.Id), (t, o) => o.ManyOptional.Add(t));
            Link(two, Ones[i % 4], (t, o) => (t.ManyRequiredOne, t.ManyRequiredOneId) = (o, o.Id), (t, o) => o.ManyRequired.Add(t));
            var three = Threes[i];
            Link(three, i % 3 == 1 ? null : Twos[(i + 4) % 13], (t, o) => (t.OptionalTwo, t.OptionalTwoId) = (o, o.Id), (t, o) => o.Optional = t);
            Link(three, Twos[(i * 3) % 13], (t, o) => (t.RequiredTwo, t.RequiredTwoId) = (o, o.Id), (t, o) => o.Required = t);
            Link(three, i % 5 == 0 ? null : Twos[i / 2], (t, o) => (t.ManyTwo, t.ManyTwoId) = (o, o.Id), (t, o) => o.Many.Add(t));
            var four = Fours[i];
            Link(four, i % 4 == 0 ? null : Threes[(i + 2) % 13], (t, o) => (t.OptionalThree, t.OptionalThreeId) = (o, o.Id), (t, o) => o.Optional = t);
            Link(four, i % 3 == 0 ? null : Threes[i / 2], (t, o) => (t.ManyThree, t.ManyThreeId) = (o, o.Id), (t, o) => o.Many.Add(t));
        }

        static void Link<TDependent, TPrincipal>(TDependent dependent, TPrincipal? principal, Action<TDependent, TPrincipal> refer, Action<TDependent, TPrincipal> collect)
            where TPrincipal : class
        {
            if (principal is not null)
            {
                refer(dependent, principal);
                collect(dependent, principal);
            }
        }
    }

    public List<One> Ones { get; } = [];

    public List<Two> Twos { get; } = [];

    public List<Three> Threes { get; } = [];

    public List<Four> Fours { get; } = [];
}

public sealed class LevelContext(DbContextOptions options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<One>(o =>
        {
            o.Property(x => x.Id).ValueGeneratedNever();
            o.HasOne(x => x.Parent).WithMany(x => x.Children).HasForeignKey(x => x.ParentId);
            o.HasOne(x => x.Optional).WithOne(x => x.OptionalOne).HasForeignKey<Two>(x => x.OptionalOneId);
            o.HasOne(x => x.Required).WithOne(x => x.RequiredOne).HasForeignKey<Two>(x => x.RequiredOneId);
            o.HasMany(x => x.ManyOptional).WithOne(x => x.ManyOptionalOne).HasForeignKey(x => x.ManyOptionalOneId);
            o.HasMany(x => x.ManyRequired).WithOne(x => x.ManyRequiredOne).HasForeignKey(x => x.ManyRequiredOneId);
        });
        modelBuilder.Entity<Two>(o =>
        {
            o.Property(x => x.Id).ValueGeneratedNever();
            o.HasOne(x => x.Optional).WithOne(x => x.OptionalTwo).HasForeignKey<Three>(x => x.OptionalTwoId);
            o.HasOne(x => x.Required).WithOne(x => x.RequiredTwo).HasForeignKey<Three>(x => x.RequiredTwoId);
            o.HasMany(x => x.Many).WithOne(x => x.ManyTwo).HasForeignKey(x => x.ManyTwoId);
        });
        modelBuilder.Entity<Three>(o =>
        {
            o.Property(x => x.Id).ValueGeneratedNever();
            o.HasMany(x => x.Many).WithOne(x => x.ManyThree).HasForeignKey(x => x.ManyThreeId);
            o.HasOne(x => x.Optional).WithOne(x => x.OptionalThree).HasForeignKey<Four>(x => x.OptionalThreeId);
        });
        modelBuilder.Entity<Four>().Property(x => x.Id).ValueGeneratedNever();
    }
}

/// <summary>What the queries are asked of.</summary>
internal sealed record LevelModel(IQueryable<One> Ones, IQueryable<Two> Twos, IQueryable<Three> Threes, IQueryable<Four> Fours)
{
    public bool IsOracle => Ones.Provider is NullSafeProvider;

    public static LevelModel Of(DbContext c) => new(c.Set<One>(), c.Set<Two>(), c.Set<Three>(), c.Set<Four>());

    public static LevelModel Of(LevelData d) => new(new NullSafeQuery<One>(d.Ones), new NullSafeQuery<Two>(d.Twos), new NullSafeQuery<Three>(d.Threes), new NullSafeQuery<Four>(d.Fours));
}

public sealed class LevelFixture : OracleFixture<LevelContext>
{
    internal LevelModel InMemory { get; } = LevelModel.Of(new LevelData());

    protected override LevelContext Create(DbContextOptions options) => new(options);

    protected override void Seed(LevelContext context)
    {
        var data = new LevelData();
        context.AddRange(data.Ones);
        context.AddRange(data.Twos);
        context.AddRange(data.Threes);
        context.AddRange(data.Fours);
        context.SaveChanges();
    }
}
