using System.ComponentModel.DataAnnotations;
using System.ComponentModel.DataAnnotations.Schema;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Engram.EntityFrameworkCore.Tests.Model;

/// <summary>Entities for changes: a concurrency token, keys of several kinds, and every type that a column can have.</summary>
public class LedgerContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Account> Accounts => Set<Account>();

    public DbSet<Entry> Entries => Set<Entry>();

    public DbSet<Sample> Samples => Set<Sample>();

    public DbSet<Tag> Tags => Set<Tag>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Account>().HasIndex(a => a.Name).IsUnique();
        modelBuilder.Entity<Account>().Property(a => a.Currency).HasDefaultValue("EUR");
        modelBuilder.Entity<Entry>().HasOne(e => e.Account).WithMany(a => a.Entries).HasForeignKey(e => e.AccountId);
        modelBuilder.Entity<Tag>().HasKey(t => new { t.Scope, t.Name });
        modelBuilder.Entity<Sample>().Property(s => s.Level).HasConversion<string>();
    }
}

public class Account
{
    public int Id { get; set; }

    public required string Name { get; set; }

    public string Currency { get; set; } = null!;

    public decimal Balance { get; set; }

    [ConcurrencyCheck]
    public int Version { get; set; }

    public List<Entry> Entries { get; } = [];
}

public class Entry
{
    public Guid Id { get; set; }

    public int AccountId { get; set; }

    public Account? Account { get; set; }

    public decimal Amount { get; set; }
}

public class Tag
{
    public required string Scope { get; set; }

    public required string Name { get; set; }

    public int Count { get; set; }
}

public enum Level
{
    Low,
    High,
}

/// <summary>One property of every type.</summary>
public class Sample
{
    public long Id { get; set; }

    public bool Bool { get; set; }

    public sbyte SByte { get; set; }

    public short Short { get; set; }

    public int? Int { get; set; }

    public byte Byte { get; set; }

    public ushort UShort { get; set; }

    public uint UInt { get; set; }

    public ulong? ULong { get; set; }

    public float? Float { get; set; }

    public double Double { get; set; }

    public decimal? Decimal { get; set; }

    public char Char { get; set; }

    public string? String { get; set; }

    public byte[]? Bytes { get; set; }

    public Guid? Guid { get; set; }

    public DateOnly? Date { get; set; }

    public TimeOnly Time { get; set; }

    public DateTime DateTime { get; set; }

    public DateTimeOffset? Instant { get; set; }

    public TimeSpan Span { get; set; }

    public Level Level { get; set; }

    public int[]? Ints { get; set; }

    public List<string> Strings { get; set; } = [];

    [Column(TypeName = "vector(3)")]
    public ReadOnlyMemory<float> Memory { get; set; }

    [Column(TypeName = "vector(3)")]
    public float[]? Vector { get; set; }
}

/// <summary>A ledger in a directory of its own, and the text of every command.</summary>
public sealed class LedgerDatabase : DbCommandInterceptor, IDisposable
{
    private readonly TestDatabase database = new();

    public LedgerDatabase()
    {
        using var context = CreateContext();
        context.Database.EnsureCreated();
        Commands.Clear();
    }

    public List<string> Commands { get; } = [];

    public string ConnectionString => database.ConnectionString;

    public LedgerContext CreateContext() => new(Configure(new DbContextOptionsBuilder<LedgerContext>().UseEngram(ConnectionString)).Options);

    public LedgerContext CreateContext(DbConnection connection)
        => new(Configure(new DbContextOptionsBuilder<LedgerContext>().UseEngram(connection)).Options);

    public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
    {
        Commands.Add(command.CommandText.ReplaceLineEndings("\n").Trim());
        return result;
    }

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        => new(ReaderExecuting(command, eventData, result));

    public override InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
    {
        Commands.Add(command.CommandText.ReplaceLineEndings("\n").Trim());
        return result;
    }

    public void Dispose() => database.Dispose();

    private DbContextOptionsBuilder Configure(DbContextOptionsBuilder builder) => builder.AddInterceptors(this).EnableSensitiveDataLogging();
}
