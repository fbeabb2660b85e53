using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Storage;

/// <summary>Reads and spoils files of a directory whole, as rot, a careless copy or another program would.</summary>
internal static class FileEdits
{
    public static byte[] ReadFile(this DataDirectory directory, string name)
    {
        using var file = directory.Open(name, writable: false);
        var bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return bytes;
    }

    public static void WriteFile(this DataDirectory directory, string name, ReadOnlySpan<byte> bytes)
    {
        directory.Delete(name);
        using var file = directory.Create(name);
        file.Write(0, bytes);
    }

    public static void FlipBit(this DataDirectory directory, string name, long bit)
    {
        using var file = directory.Open(name, writable: true);
        Span<byte> one = stackalloc byte[1];
        file.Read(bit >> 3, one);
        one[0] ^= (byte)(1 << (int)(bit & 7));
        file.Write(bit >> 3, one);
    }

    /// <summary>The error's SQLSTATE, and that the message names the file.</summary>
    public static EngramException AssertThrows(string sqlState, string name, Action action)
    {
        var error = Assert.Throws<EngramException>(action);
        Assert.True(error.SqlState == sqlState && error.Message.Contains(name, StringComparison.Ordinal), $"{error.SqlState}: {error.Message}");
        return error;
    }
}
