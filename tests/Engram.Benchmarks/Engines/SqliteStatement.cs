using System.Runtime.InteropServices;
using System.Text;
using Engram.Benchmarks.Workloads;

namespace Engram.Benchmarks.Engines;

/// <summary>A prepared statement. Parameters and columns count as SQLite counts them: from 1, and from 0.</summary>
internal sealed unsafe class SqliteStatement(SqliteConnection connection, nint handle) : IDisposable
{
    private const int Row = 100;
    private const int Done = 101;
    private const nint Transient = -1;

    private readonly SqliteLibrary library = connection.Library;
    private byte[] text = new byte[256];

    public void Bind(int place, long value) => connection.Check(library.BindInt64(handle, place, value));

    public void Bind(int place, double value) => connection.Check(library.BindDouble(handle, place, value));

    public void Bind(int place, string value)
    {
        var length = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (text.Length < length)
        {
            text = new byte[length];
        }

        var used = Encoding.UTF8.GetBytes(value, text);
        fixed (byte* bytes = text)
        {
            connection.Check(library.BindText(handle, place, bytes, used, Transient));
        }
    }

    public void Bind(int place, ReadOnlySpan<float> value)
    {
        fixed (float* bytes = value)
        {
            connection.Check(library.BindBlob(handle, place, bytes, value.Length * sizeof(float), Transient));
        }
    }

    public int ColumnCount => library.ColumnCount(handle);

    /// <summary>Goes to the next row; false, and ready to run again, when there is none.</summary>
    public bool Step()
    {
        var result = library.Step(handle);
        if (result == Row)
        {
            return true;
        }

        var reset = library.Reset(handle);
        connection.Check(result == Done ? reset : result);
        return false;
    }

    /// <summary>Leaves the rest of the rows unread.</summary>
    public void Reset() => connection.Check(library.Reset(handle));

    public long Int64(int column) => library.ColumnInt64(handle, column);

    public double Double(int column) => library.ColumnDouble(handle, column);

    public string? Text(int column) => Marshal.PtrToStringUTF8((nint)library.ColumnText(handle, column));

    public void Dispose() => library.FinalizeStatement(handle);
}

/// <summary>One writer of episodes. Disposes the connection.</summary>
internal sealed class SqliteEpisodeInsert(SqliteConnection connection, float[][] embeddings) : IDisposable
{
    private readonly SqliteStatement statement = connection.Prepare("INSERT INTO episode VALUES (?1, ?2, ?3, ?4, ?5)");

    public void Run(long key)
    {
        statement.Bind(1, key);
        statement.Bind(2, Episodes.Content(key));
        statement.Bind(3, Episodes.Moment(key).UtcTicks);
        statement.Bind(4, (double)Episodes.Confidence(key));
        statement.Bind(5, embeddings[key % embeddings.Length]);
        statement.Step();
    }

    public void Dispose()
    {
        statement.Dispose();
        connection.Dispose();
    }
}
