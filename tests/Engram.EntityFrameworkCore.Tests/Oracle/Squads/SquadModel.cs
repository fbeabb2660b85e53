using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Squads;

[Flags]
public enum Rank
{
    None = 0,
    Private = 1,
    Corporal = 2,
    Sergeant = 4,
    Captain = 8,
}

/// <summary>The root of a hierarchy, of which the database has one table, a table for each class, or one for each concrete class.</summary>
public class Soldier : IEntity
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public Rank Rank { get; set; }

    public bool IsActive { get; set; }

    public int? SquadId { get; set; }

    public int? LeaderId { get; set; }

    public string? CityName { get; set; }

    public Squad? Squad { get; set; }

    public Officer? Leader { get; set; }

    public City? City { get; set; }

    public Badge? Badge { get; set; }

    public Position? Position { get; set; }

    public List<Weapon> Weapons { get; } = [];
}

public class Officer : Soldier
{
    public int Medals { get; set; }

    public List<Soldier> Reports { get; } = [];
}

public class General : Officer
{
    public string? Army { get; set; }
}

public class Medic : Soldier
{
    public int Kits { get; set; }

    public string? Speciality { get; set; }
}

/// <summary>Owned: columns of the soldier's row.</summary>
public class Position
{
    public int Latitude { get; set; }

    public int? Longitude { get; set; }
}

public sealed class City : IEntity
{
    public string Name { get; set; } = "";

    public string? Nation { get; set; }

    public List<Soldier> Born { get; } = [];
}

public sealed class Squad : IEntity
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public List<Soldier> Members { get; } = [];

    public List<Mission> Missions { get; } = [];
}

public sealed class Mission : IEntity
{
    public int Id { get; set; }

    public string CodeName { get; set; } = "";

    public DateTimeOffset Start { get; set; }

    public TimeSpan Duration { get; set; }

    public List<Squad> Squads { get; } = [];
}

public sealed class Weapon : IEntity
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public bool IsAutomatic { get; set; }

    public int? OwnerId { get; set; }

    public int? SynergyId { get; set; }

    public Soldier? Owner { get; set; }

    public Weapon? Synergy { get; set; }
}

public sealed class Badge : IEntity
{
    public Guid Id { get; set; }

    public string? Note { get; set; }

    public int? SoldierId { get; set; }

    public Soldier? Soldier { get; set; }
}

public enum Mapping
{
    OneTable,
    TableForEachClass,
    TableForEachConcreteClass,
}

public abstract class SquadContext(DbContextOptions options, Mapping mapping) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Soldier>(s =>
        {
            s.Property(x => x.Id).ValueGeneratedNever();
            s.OwnsOne(x => x.Position, p =>
            {
                if (mapping == Mapping.TableForEachConcreteClass)
                {
                    p.ToTable("Positions");
                }
            });
            s.HasOne(x => x.Leader).WithMany(x => x.Reports).HasForeignKey(x => x.LeaderId);
            s.HasOne(x => x.City).WithMany(x => x.Born).HasForeignKey(x => x.CityName);
            s.HasMany(x => x.Weapons).WithOne(x => x.Owner).HasForeignKey(x => x.OwnerId);
            s.HasOne(x => x.Badge).WithOne(x => x.Soldier).HasForeignKey<Badge>(x => x.SoldierId);
            _ = mapping switch
            {
                Mapping.TableForEachClass => s.UseTptMappingStrategy(),
                Mapping.TableForEachConcreteClass => s.UseTpcMappingStrategy(),
                _ => s.UseTphMappingStrategy(),
            };
        });
        modelBuilder.Entity<Officer>();
        modelBuilder.Entity<General>();
        modelBuilder.Entity<Medic>();
        modelBuilder.Entity<City>().HasKey(c => c.Name);
        modelBuilder.Entity<Squad>().Property(x => x.Id).ValueGeneratedNever();
        modelBuilder.Entity<Squad>().HasMany(x => x.Members).WithOne(x => x.Squad).HasForeignKey(x => x.SquadId);
        modelBuilder.Entity<Squad>().HasMany(x => x.Missions).WithMany(x => x.Squads);
        modelBuilder.Entity<Mission>().Property(x => x.Id).ValueGeneratedNever();
        modelBuilder.Entity<Weapon>(w =>
        {
            w.Property(x => x.Id).ValueGeneratedNever();
            w.HasOne(x => x.Synergy).WithOne().HasForeignKey<Weapon>(x => x.SynergyId);
        });
    }
}

public sealed class OneTableContext(DbContextOptions options) : SquadContext(options, Mapping.OneTable);

public sealed class TableForEachClassContext(DbContextOptions options) : SquadContext(options, Mapping.TableForEachClass);

public sealed class TableForEachConcreteClassContext(DbContextOptions options) : SquadContext(options, Mapping.TableForEachConcreteClass);

/// <summary>What the queries are asked of.</summary>
internal sealed record SquadModel(
    IQueryable<Soldier> Soldiers, IQueryable<Squad> Squads, IQueryable<Mission> Missions, IQueryable<Weapon> Weapons, IQueryable<Badge> Badges, IQueryable<City> Cities)
{
    public static SquadModel Of(DbContext c) => new(c.Set<Soldier>(), c.Set<Squad>(), c.Set<Mission>(), c.Set<Weapon>(), c.Set<Badge>(), c.Set<City>());

    public static SquadModel Of(SquadData d)
        => new(
            new NullSafeQuery<Soldier>(d.Soldiers), new NullSafeQuery<Squad>(d.Squads), new NullSafeQuery<Mission>(d.Missions), new NullSafeQuery<Weapon>(d.Weapons), new NullSafeQuery<Badge>(d.Badges),
            new NullSafeQuery<City>(d.Cities));
}

public sealed class SquadData
{
    public SquadData()
    {
        var random = new Random(31);
        string[] names = ["Marcus", "Dom", "Baird", "Cole", "Paduk", "Anya", "Sam", "Bernie", "Hoffman", "Kim", "Tai", "Carmine"];
        Cities.AddRange([new City { Name = "Jacinto", Nation = "Tyrus" }, new City { Name = "Ephyra", Nation = "Tyrus" }, new City { Name = "Hanover" }, new City { Name = "Unknown", Nation = "" }]);
        Squads.AddRange([new Squad { Id = 1, Name = "Delta" }, new Squad { Id = 2, Name = "Kilo" }, new Squad { Id = 3, Name = "Empty" }]);
        for (var i = 1; i <= 6; i++)
        {
            Missions.Add(new Mission { Id = i, CodeName = "M" + random.Next(4), Start = new DateTimeOffset(2, 3, 1 + i, 8, 0, 0, TimeSpan.FromHours(i % 3)), Duration = TimeSpan.FromMinutes(90 * i) });
            foreach (var squad in Squads.Where(s => s.Id < 3 && (i + s.Id) % 3 != 0))
            {
                squad.Missions.Add(Missions[^1]);
                Missions[^1].Squads.Add(squad);
            }
        }

        for (var i = 1; i <= 24; i++)
        {
            Soldier soldier = (i % 6) switch
            {
                1 => new Officer { Medals = random.Next(5) },
                2 => i == 2 ? new General { Medals = 9, Army = "First" } : new Officer { Medals = random.Next(5) },
                3 => new Medic { Kits = random.Next(9), Speciality = i % 4 == 3 ? null : "field" },
                _ => new Soldier(),
            };
            (soldier.Id, soldier.Name, soldier.Rank, soldier.IsActive) = (i, names[i % names.Length] + (i > 12 ? " " + i : ""), (Rank)random.Next(16), i % 3 != 0);
            if (i % 7 != 0)
            {
                soldier.Squad = Squads[i % 2];
                soldier.SquadId = soldier.Squad.Id;
                soldier.Squad.Members.Add(soldier);
            }

            if (Soldiers.OfType<Officer>().LastOrDefault(o => o.Id < i - 2) is { } leader)
            {
                soldier.Leader = leader;
                soldier.LeaderId = leader.Id;
                leader.Reports.Add(soldier);
            }

            if (i % 5 != 0)
            {
                soldier.City = Cities[i % 3];
                soldier.CityName = soldier.City.Name;
                soldier.City.Born.Add(soldier);
            }

            soldier.Position = i % 4 == 0 ? null : new Position { Latitude = i * 2, Longitude = i % 3 == 0 ? null : i };
            Soldiers.Add(soldier);
            if (i % 3 != 2)
            {
                soldier.Badge = new Badge { Id = new Guid(i, 0, 0, new byte[8]), Note = i % 4 == 0 ? null : soldier.Name + "'s badge", SoldierId = i, Soldier = soldier };
                Badges.Add(soldier.Badge);
            }
        }

        Badges.Add(new Badge { Id = new Guid(99, 0, 0, new byte[8]), Note = "K.I.A." });
        for (var i = 1; i <= 30; i++)
        {
            var owner = i % 8 == 0 ? null : Soldiers[random.Next(18)];
            var weapon = new Weapon { Id = i, Name = (owner?.Name ?? "no") + "'s " + (random.Next(2) == 0 ? "Lancer" : "Gnasher"), IsAutomatic = random.Next(2) == 0, Owner = owner, OwnerId = owner?.Id };
            owner?.Weapons.Add(weapon);
            if (i % 4 == 0)
            {
                weapon.Synergy = Weapons[i - 3];
                weapon.SynergyId = weapon.Synergy.Id;
            }

            Weapons.Add(weapon);
        }
    }

    public List<Soldier> Soldiers { get; } = [];

    public List<Squad> Squads { get; } = [];

    public List<Mission> Missions { get; } = [];

    public List<Weapon> Weapons { get; } = [];

    public List<Badge> Badges { get; } = [];

    public List<City> Cities { get; } = [];
}

public abstract class SquadFixture(Mapping mapping) : OracleFixture<SquadContext>
{
    internal SquadModel InMemory { get; } = SquadModel.Of(new SquadData());

    protected override SquadContext Create(DbContextOptions options) => mapping switch
    {
        Mapping.OneTable => new OneTableContext(options),
        Mapping.TableForEachClass => new TableForEachClassContext(options),
        _ => new TableForEachConcreteClassContext(options),
    };

    protected override void Seed(SquadContext context)
    {
        var data = new SquadData();
        context.AddRange(data.Cities);
        context.AddRange(data.Squads);
        context.AddRange(data.Missions);
        context.AddRange(data.Soldiers);
        context.AddRange(data.Badges);
        context.AddRange(data.Weapons);
        context.SaveChanges();
    }
}

public sealed class OneTableFixture() : SquadFixture(Mapping.OneTable);

public sealed class TableForEachClassFixture() : SquadFixture(Mapping.TableForEachClass);

public sealed class TableForEachConcreteClassFixture() : SquadFixture(Mapping.TableForEachConcreteClass);
