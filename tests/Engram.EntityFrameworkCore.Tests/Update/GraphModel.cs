using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Engram.EntityFrameworkCore.Tests.Update;

internal sealed class Root
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public List<RequiredChild> Required { get; } = [];

    public List<OptionalChild> Optional { get; } = [];

    public SingleChild? Single { get; set; }
}

internal sealed class RequiredChild
{
    public Guid Id { get; set; }

    public int RootId { get; set; }

    public Root? Root { get; set; }

    public string Text { get; set; } = "";
}

internal sealed class OptionalChild
{
    public int Id { get; set; }

    public int? RootId { get; set; }

    public string Text { get; set; } = "";
}

internal sealed class SingleChild
{
    public int Id { get; set; }

    public int RootId { get; set; }

    public string Text { get; set; } = "";
}

internal sealed class Node
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public Node? Parent { get; set; }
}

internal sealed class Named
{
    public int Id { get; set; }

    [ConcurrencyCheck]
    public string Name { get; set; } = "";
}

internal sealed class Left
{
    public int Id { get; set; }

    public List<Right> Rights { get; } = [];
}

internal sealed class Right
{
    public int Id { get; set; }

    public List<Left> Lefts { get; } = [];
}

internal sealed class Link
{
    public int LeftId { get; set; }

    public int RightId { get; set; }

    public string Note { get; set; } = "note";
}

/// <summary>In two tables; its work lies in one of them as an entity of its own, its home as an owned one.</summary>
internal sealed class Person
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public string Biography { get; set; } = "";

    public Address? Home { get; set; }

    public Work? Work { get; set; }
}

internal sealed class Address
{
    public string Street { get; set; } = "";

    public Zip? Zip { get; set; }
}

internal sealed class Zip
{
    public string Code { get; set; } = "";
}

internal sealed class Work
{
    public int Id { get; set; }

    public string? Title { get; set; }

    public Person Person { get; set; } = null!;
}

internal sealed class Generated
{
    public int Id { get; set; }

    public int Amount { get; set; }

    public int Double { get; set; }

    public string? Status { get; set; }

    public bool? Flag { get; set; }

    public int Level { get; set; }
}

[Flags]
internal enum Kind
{
    First = 1,
    Second = 2,
}

internal readonly record struct Money(decimal Amount);

internal sealed class Converted
{
    public int Id { get; set; }

    public Uri Url { get; set; } = new("http://none/");

    public List<string> Tags { get; set; } = [];

    public Kind Kind { get; set; }

    public DateTime Stamp { get; set; }

    public Money Money { get; set; }

    public bool? Maybe { get; set; }
}

internal sealed class GraphContext(DbContextOptions options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Root>().HasMany(r => r.Optional).WithOne().HasForeignKey(c => c.RootId).OnDelete(DeleteBehavior.SetNull);
        modelBuilder.Entity<Root>().HasOne(r => r.Single).WithOne().HasForeignKey<SingleChild>(s => s.RootId);
        modelBuilder.Entity<Node>().HasOne(n => n.Parent).WithMany().OnDelete(DeleteBehavior.ClientSetNull);
        modelBuilder.Entity<Named>().HasIndex(n => n.Name).IsUnique();
        modelBuilder.Entity<Named>().Property(n => n.Id).ValueGeneratedNever();
        modelBuilder.Entity<Left>().Property(l => l.Id).ValueGeneratedNever();
        modelBuilder.Entity<Right>().Property(r => r.Id).ValueGeneratedNever();
        modelBuilder.Entity<Left>().HasMany(l => l.Rights).WithMany(r => r.Lefts).UsingEntity<Link>(
            l => l.HasOne<Right>().WithMany().HasForeignKey(k => k.RightId), l => l.HasOne<Left>().WithMany().HasForeignKey(k => k.LeftId),
            l => l.Property(k => k.Note).HasDefaultValue("note"));
        modelBuilder.Entity<Person>(e =>
        {
            e.ToTable("Persons").SplitToTable("Biographies", s => s.Property(p => p.Biography));
            e.OwnsOne(p => p.Home).OwnsOne(a => a.Zip);
            e.HasOne(p => p.Work).WithOne(w => w.Person).HasForeignKey<Work>(w => w.Id);
        });
        modelBuilder.Entity<Work>().ToTable("Persons");
        modelBuilder.Entity<Generated>(e =>
        {
            e.Property(g => g.Double).HasComputedColumnSql("\"Amount\" * 2", stored: true);
            e.Property(g => g.Status).HasDefaultValue("new");
            e.Property(g => g.Flag).HasDefaultValue(true);
            e.Property(g => g.Level).HasDefaultValueSql("2 + 3");
        });
        modelBuilder.Entity<Converted>(e =>
        {
            e.ToTable("Converted");
            e.Property(c => c.Tags).HasConversion(
                v => string.Join(';', v), v => v.Split(';', StringSplitOptions.RemoveEmptyEntries).ToList(),
                new ValueComparer<List<string>>((a, b) => a!.SequenceEqual(b!), v => v.Count, v => v.ToList()));
            e.Property(c => c.Kind).HasConversion(v => v == Kind.Second ? "second" : ((int)v).ToString(System.Globalization.CultureInfo.InvariantCulture), v => v == "second" ? Kind.Second : (Kind)int.Parse(v, System.Globalization.CultureInfo.InvariantCulture));
            e.Property(c => c.Stamp).HasConversion(v => v, v => DateTime.SpecifyKind(v, DateTimeKind.Utc));
            e.Property(c => c.Money).HasConversion(m => m.Amount, v => new Money(v));
            e.Property(c => c.Maybe).HasConversion<string>();
        });
    }
}
