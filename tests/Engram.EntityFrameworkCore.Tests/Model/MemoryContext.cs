using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Model;

public class MemoryContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Episode> Episodes => Set<Episode>();

    public DbSet<TouchedFile> Files => Set<TouchedFile>();

    public DbSet<Note> Notes => Set<Note>();

    /// <summary>Options for a context that never connects: for the SQL of queries.</summary>
    public static MemoryContext ForSql()
        => new(new DbContextOptionsBuilder<MemoryContext>().UseEngram("Data Source=never-opened.engram").Options);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Episode>().HasMany(e => e.Files).WithOne().HasForeignKey(f => f.EpisodeId);
        modelBuilder.Entity<Episode>().HasIndex(e => e.HappenedAt);
        modelBuilder.Entity<Note>().Property(n => n.Price).HasPrecision(10, 3).HasDefaultValue(1.5m);
    }
}
