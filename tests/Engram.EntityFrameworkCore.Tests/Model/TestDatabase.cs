using Engram.Data;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Model;

/// <summary>A database of its own in a directory of its own, gone when it is disposed.</summary>
public sealed class TestDatabase : IDisposable
{
    private readonly string directory = Path.Combine(Path.GetTempPath(), "engram-ef-" + Guid.NewGuid().ToString("N"));

    public TestDatabase() => Directory.CreateDirectory(directory);

    public string DatabasePath => Path.Combine(directory, "memory.engram");

    public string ConnectionString => $"Data Source={DatabasePath}";

    public DbContextOptions<MemoryContext> Options => new DbContextOptionsBuilder<MemoryContext>().UseEngram(ConnectionString).Options;

    public MemoryContext CreateContext() => new(Options);

    /// <summary>Created with its tables.</summary>
    public static TestDatabase Create()
    {
        var database = new TestDatabase();
        using var context = database.CreateContext();
        context.Database.EnsureCreated();
        return database;
    }

    /// <summary>Closed at once, not after its time of keeping warm: the next context opens it anew.</summary>
    public void Close()
    {
        using var connection = new EngramConnection(ConnectionString);
        EngramConnection.ClearPool(connection);
    }

    public void Dispose()
    {
        Close();
        Directory.Delete(directory, recursive: true);
    }
}
