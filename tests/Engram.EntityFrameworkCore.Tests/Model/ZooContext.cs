using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Model;

/// <summary>The ways in which EF Core maps classes to tables: hierarchies, owned and complex types, many-to-many, filters, computed columns, seeds.</summary>
public class ZooContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Animal> Animals => Set<Animal>();

    public DbSet<Vehicle> Vehicles => Set<Vehicle>();

    public DbSet<Document> Documents => Set<Document>();

    public DbSet<Person> People => Set<Person>();

    public DbSet<Topic> Topics => Set<Topic>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        // One table for a hierarchy, a table for each class, a table for each concrete class.
        modelBuilder.Entity<Dog>();
        modelBuilder.Entity<Cat>();
        modelBuilder.Entity<Vehicle>().UseTptMappingStrategy();
        modelBuilder.Entity<Car>();
        modelBuilder.Entity<Document>(d =>
        {
            d.UseTpcMappingStrategy();
            d.Property(x => x.Id).ValueGeneratedNever();
        });
        modelBuilder.Entity<Letter>();
        modelBuilder.Entity<Report>();

        modelBuilder.Entity<Person>(p =>
        {
            p.OwnsOne(x => x.Home);
            p.ComplexProperty(x => x.Name);
            p.HasOne(x => x.Parent).WithMany(x => x.Children).HasForeignKey(x => x.ParentId).OnDelete(DeleteBehavior.SetNull);
            p.HasMany(x => x.Topics).WithMany(x => x.People);
            p.Property<int>("Revision").HasDefaultValue(3);
            p.Property(x => x.Age).HasComputedColumnSql("\"Born\" * 2", stored: true);
            p.ToTable(t => t.HasCheckConstraint("CK_Born", "\"Born\" >= 0"));
            p.HasQueryFilter(x => !x.IsDeleted);
        });
        modelBuilder.Entity<Topic>().HasData(new Topic { Id = 100, Title = "seeded" });
        modelBuilder.Entity<Topic>().HasIndex(t => t.Title).IsUnique();
    }
}

public class Animal
{
    public int Id { get; set; }

    public string Name { get; set; } = "";
}

public class Dog : Animal
{
    public int Barks { get; set; }
}

public class Cat : Animal
{
    public double Purr { get; set; }
}

public class Vehicle
{
    public int Id { get; set; }

    public int Wheels { get; set; }
}

public class Car : Vehicle
{
    public string Model { get; set; } = "";
}

public abstract class Document
{
    public int Id { get; set; }

    public string Title { get; set; } = "";
}

public class Letter : Document
{
    public string To { get; set; } = "";
}

public class Report : Document
{
    public int Pages { get; set; }
}

public class Person
{
    public int Id { get; set; }

    public FullName Name { get; set; } = new();

    public Address? Home { get; set; }

    public int Born { get; set; }

    public int Age { get; set; }

    public bool IsDeleted { get; set; }

    public int? ParentId { get; set; }

    public Person? Parent { get; set; }

    public List<Person> Children { get; } = [];

    public List<Topic> Topics { get; } = [];
}

public class FullName
{
    public string First { get; set; } = "";

    public string Last { get; set; } = "";
}

public class Address
{
    public string Street { get; set; } = "";

    public string? City { get; set; }
}

public class Topic
{
    public int Id { get; set; }

    public string Title { get; set; } = "";

    public List<Person> People { get; } = [];
}
