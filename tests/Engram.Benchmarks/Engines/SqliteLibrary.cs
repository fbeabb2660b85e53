using System.Globalization;
using System.Runtime.InteropServices;
using Engram.Benchmarks.Workloads;

namespace Engram.Benchmarks.Engines;

/// <summary>The SQLite that is installed on the machine, called through its C interface: no package, and nothing in between that would slow it down.</summary>
internal sealed unsafe class SqliteLibrary
{
    private static readonly string[] s_names = ["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.dylib", "sqlite3", "e_sqlite3", "winsqlite3.dll"];

    private SqliteLibrary(nint library)
    {
        OpenV2 = (delegate* unmanaged<byte*, nint*, int, byte*, int>)NativeLibrary.GetExport(library, "sqlite3_open_v2");
        CloseV2 = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "sqlite3_close_v2");
        BusyTimeout = (delegate* unmanaged<nint, int, int>)NativeLibrary.GetExport(library, "sqlite3_busy_timeout");
        PrepareV2 = (delegate* unmanaged<nint, byte*, int, nint*, byte**, int>)NativeLibrary.GetExport(library, "sqlite3_prepare_v2");
        Step = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "sqlite3_step");
        Reset = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "sqlite3_reset");
        FinalizeStatement = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "sqlite3_finalize");
        BindInt64 = (delegate* unmanaged<nint, int, long, int>)NativeLibrary.GetExport(library, "sqlite3_bind_int64");
        BindDouble = (delegate* unmanaged<nint, int, double, int>)NativeLibrary.GetExport(library, "sqlite3_bind_double");
        BindText = (delegate* unmanaged<nint, int, byte*, int, nint, int>)NativeLibrary.GetExport(library, "sqlite3_bind_text");
        BindBlob = (delegate* unmanaged<nint, int, void*, int, nint, int>)NativeLibrary.GetExport(library, "sqlite3_bind_blob");
        ColumnInt64 = (delegate* unmanaged<nint, int, long>)NativeLibrary.GetExport(library, "sqlite3_column_int64");
        ColumnDouble = (delegate* unmanaged<nint, int, double>)NativeLibrary.GetExport(library, "sqlite3_column_double");
        ColumnText = (delegate* unmanaged<nint, int, byte*>)NativeLibrary.GetExport(library, "sqlite3_column_text");
        ColumnCount = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "sqlite3_column_count");
        ErrorMessage = (delegate* unmanaged<nint, byte*>)NativeLibrary.GetExport(library, "sqlite3_errmsg");
        var version = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(library, "sqlite3_libversion");
        Title = $"SQLite {Marshal.PtrToStringUTF8((nint)version())}";
    }

    public string Title { get; }

    internal delegate* unmanaged<byte*, nint*, int, byte*, int> OpenV2 { get; }

    internal delegate* unmanaged<nint, int> CloseV2 { get; }

    internal delegate* unmanaged<nint, int, int> BusyTimeout { get; }

    internal delegate* unmanaged<nint, byte*, int, nint*, byte**, int> PrepareV2 { get; }

    internal delegate* unmanaged<nint, int> Step { get; }

    internal delegate* unmanaged<nint, int> Reset { get; }

    internal delegate* unmanaged<nint, int> FinalizeStatement { get; }

    internal delegate* unmanaged<nint, int, long, int> BindInt64 { get; }

    internal delegate* unmanaged<nint, int, double, int> BindDouble { get; }

    internal delegate* unmanaged<nint, int, byte*, int, nint, int> BindText { get; }

    internal delegate* unmanaged<nint, int, void*, int, nint, int> BindBlob { get; }

    internal delegate* unmanaged<nint, int, long> ColumnInt64 { get; }

    internal delegate* unmanaged<nint, int, double> ColumnDouble { get; }

    internal delegate* unmanaged<nint, int, byte*> ColumnText { get; }

    internal delegate* unmanaged<nint, int> ColumnCount { get; }

    internal delegate* unmanaged<nint, byte*> ErrorMessage { get; }

    /// <summary>Null when the machine has no SQLite, or no peers are wanted.</summary>
    public static SqliteLibrary? TryLoad(RunOptions options)
    {
        if (!options.WithPeers)
        {
            return null;
        }

        foreach (var name in s_names)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return new SqliteLibrary(library);
            }
        }

        return null;
    }

    /// <summary>What a reader of the figures must know about the peer.</summary>
    public static string NoteOn(SqliteLibrary? sqlite, RunOptions options)
        => !options.WithPeers ? "Peers were left out, as asked."
        : sqlite is null ? "SQLite: skipped, its library is not installed."
        : "SQLite: journal_mode=WAL, synchronous=FULL, a cache of 256 MiB, prepared statements through its C interface without ADO.NET in between.";

    /// <summary>Opens or creates a database whose commits survive a power cut: a write-ahead log that is synced with each.</summary>
    public SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(this, path);
        connection.Execute("PRAGMA journal_mode=WAL");
        connection.Execute("PRAGMA synchronous=FULL");
        connection.Execute("PRAGMA cache_size=-262144");
        return connection;
    }
}

/// <summary>One connection; of one thread at a time.</summary>
internal sealed unsafe class SqliteConnection : IDisposable
{
    private const int ReadWriteCreateNoMutex = 0x2 | 0x4 | 0x8000;

    private nint handle;

    public SqliteConnection(SqliteLibrary library, string path)
    {
        Library = library;
        fixed (byte* name = Utf8(path))
        {
            nint opened;
            var result = library.OpenV2(name, &opened, ReadWriteCreateNoMutex, null);
            handle = opened;
            Check(result);
        }

        Check(library.BusyTimeout(handle, 60_000));
    }

    public SqliteLibrary Library { get; }

    public SqliteStatement Prepare(string sql)
    {
        fixed (byte* text = Utf8(sql))
        {
            nint statement;
            Check(Library.PrepareV2(handle, text, -1, &statement, null));
            return new SqliteStatement(this, statement);
        }
    }

    public void Execute(string sql)
    {
        using var statement = Prepare(sql);
        while (statement.Step())
        {
        }
    }

    public long ScalarInt64(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Int64(0) : throw new InvalidOperationException($"No row: {sql}");
    }

    public void Dispose()
    {
        if (handle != 0)
        {
            Library.CloseV2(handle);
            handle = 0;
        }
    }

    internal void Check(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"SQLite reports {result}: {Marshal.PtrToStringUTF8((nint)Library.ErrorMessage(handle))}"));
        }
    }

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text + '\0');
}
