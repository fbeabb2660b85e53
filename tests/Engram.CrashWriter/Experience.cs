using System.ComponentModel.DataAnnotations.Schema;
using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace Engram.CrashWriter;

/// <summary>An entity whose every column follows from its key and revision, so that whoever finds it can tell whether it is whole.</summary>
public class Experience
{
    public int Id { get; set; }

    /// <summary>Chosen by the writer: the thread in the upper half, a counter in the lower.</summary>
    public long Key { get; set; }

    /// <summary>How often it was updated.</summary>
    public int Revision { get; set; }

    public string Text { get; set; } = "";

    public float Confidence { get; set; }

    public DateTimeOffset HappenedAt { get; set; }

    public decimal Cost { get; set; }

    public string? Remark { get; set; }

    [Column(TypeName = "vector(32)")]
    public float[] Embedding { get; set; } = [];

    public List<Step> Steps { get; } = [];

    /// <summary>The one entity that this key has at revision 0, with its steps.</summary>
    public static Experience Create(long key)
    {
        var random = new Random(unchecked(((int)(key >> 32) * 1_000_003) + (int)key));
        var experience = new Experience
        {
            Key = key,
            HappenedAt = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.FromHours(random.Next(-12, 15))).AddSeconds(random.Next()),
            Cost = Math.Round((decimal)random.NextDouble() * 1000, random.Next(0, 7)),
            Embedding = [.. Enumerable.Range(0, 32).Select(_ => (float)(random.NextDouble() - 0.5))],
        };
        for (var i = StepCountOf(key); i > 0; i--)
        {
            experience.Steps.Add(new Step { Number = i, Path = StepPathOf(key, i) });
        }

        experience.Revise(0);
        return experience;
    }

    public static int StepCountOf(long key) => (int)(key % 4);

    public static string StepPathOf(long key, int number) => string.Create(CultureInfo.InvariantCulture, $"src/{key:x}/{number}.cs");

    /// <summary>Sets the columns that follow from the revision too.</summary>
    public void Revise(int revision)
    {
        Revision = revision;
        Text = string.Create(CultureInfo.InvariantCulture, $"experience {Key} at revision {revision}: {new string('x', (int)(Key % 300))}");
        Confidence = ((Key * 31) + revision) % 1000 / 1000f;
        Remark = (Key + revision) % 3 == 0 ? null : $"remark {revision}";
    }

    /// <summary>What is wrong with an entity that was read with its steps; null when nothing is.</summary>
    public string? FindFault()
    {
        var expected = Create(Key);
        expected.Revise(Revision);
        var numbers = Steps.OrderBy(t => t.Number).Select(t => (t.Number, t.Path));
        var expectedNumbers = expected.Steps.OrderBy(t => t.Number).Select(t => (t.Number, t.Path));
        return Text != expected.Text ? "Text"
            : !Confidence.Equals(expected.Confidence) ? "Confidence"
            : !HappenedAt.EqualsExact(expected.HappenedAt) ? "HappenedAt"
            : Cost != expected.Cost ? "Cost"
            : Remark != expected.Remark ? "Remark"
            : !Embedding.AsSpan().SequenceEqual(expected.Embedding) ? "Embedding"
            : !numbers.SequenceEqual(expectedNumbers) ? "Steps"
            : null;
    }
}

public class Step
{
    public int Id { get; set; }

    public int ExperienceId { get; set; }

    public int Number { get; set; }

    public string Path { get; set; } = "";
}

public class ExperienceContext(string connectionString) : DbContext
{
    public DbSet<Experience> Experiences => Set<Experience>();

    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram(connectionString);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Experience>().HasIndex(e => e.Key).IsUnique();
        modelBuilder.Entity<Experience>().HasMany(e => e.Steps).WithOne().HasForeignKey(t => t.ExperienceId);
    }
}
