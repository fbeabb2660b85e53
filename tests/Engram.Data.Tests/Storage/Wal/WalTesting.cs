using System.Text;
using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Wal;

/// <summary>What the tests of the log share: a payload that names its LSN and is checked byte by byte, reading back, copying a directory.</summary>
internal static class WalTesting
{
    public static readonly StoreOptions SmallFiles = new() { WalFileSizeBytesMin = 32 * 1024, WalFileSizeBytesMax = 64 * 1024 };

    public static WalWriter Create(DataDirectory directory, WalPosition? start = null, StoreOptions? options = null)
        => WalWriter.Create(directory, options ?? SmallFiles, start ?? new WalPosition(), NullLogger.Instance);

    /// <summary>Recovers and goes on writing.</summary>
    public static WalWriter Reopen(DataDirectory directory, out List<Commit> commits, long after = 0, StoreOptions? options = null)
    {
        commits = Read(directory, after, out var result);
        return Create(directory, result.Position, options);
    }

    public static byte[] Payload(long lsn, int length)
    {
        var payload = new byte[length];
        // Not by HashCode, which differs from process to process.
        new Random(unchecked((int)((lsn * 1_000_003) + length))).NextBytes(payload);
        return payload;
    }

    /// <summary>Reads the whole log; asserts that LSNs are consecutive and that each payload is what <see cref="Payload"/> made.</summary>
    public static List<Commit> Read(DataDirectory directory, long after, out WalRecoveryResult result)
    {
        var commits = new List<Commit>();
        result = WalReader.Replay(directory, new Lsn(after), (lsn, payload) =>
        {
            Assert.Equal(commits.Count == 0 ? after + 1 : commits[^1].Lsn + 1, lsn.Value);
            Assert.True(payload.Span.SequenceEqual(Payload(lsn.Value, payload.Length)), $"Commit {lsn} has other bytes than were written.");
            commits.Add(new Commit(lsn.Value, payload.Length));
        });
        Assert.Equal(commits.Count, result.Transactions);
        Assert.Equal(commits.Sum(c => (long)c.Length), result.Bytes);
        Assert.Equal(commits.Count == 0 ? after : commits[^1].Lsn, result.LastLsn.Value);
        return commits;
    }

    public static List<Commit> Read(DataDirectory directory, long after = 0) => Read(directory, after, out _);

    /// <summary>Appends one commit of the right payload.</summary>
    public static Commit Append(WalWriter writer, int length)
    {
        var expected = writer.Appended.Value + 1;
        // Every other length goes the way of large transactions.
        Assert.Equal(expected, (length % 2 == 0 ? writer.Append(Payload(expected, length)) : writer.Append(InChunks(Payload(expected, length)))).Value);
        return new Commit(expected, length);
    }

    /// <summary>The same bytes in records of several arrays, when there are some hundred.</summary>
    public static ByteChunks InChunks(ReadOnlySpan<byte> payload, int chunkSizeBytes = 200)
    {
        var chunks = new ByteChunks(16, chunkSizeBytes);
        for (var at = 0; at < payload.Length; at += 77)
        {
            chunks.Writer.WriteRaw(payload[at..Math.Min(at + 77, payload.Length)]);
        }

        return chunks;
    }

    /// <summary>All files as they are now, in a directory of their own: what a killed process leaves behind.</summary>
    public static MemoryDirectory Copy(DataDirectory source)
    {
        var target = new MemoryDirectory();
        foreach (var subdirectory in new[] { "", "wal", "quarantine" })
        {
            foreach (var name in source.List(subdirectory))
            {
                var full = subdirectory.Length == 0 ? name : $"{subdirectory}/{name}";
                using var copy = target.Create(full);
                copy.Write(0, ReadFile(source, full));
            }
        }

        return target;
    }

    public static byte[] ReadFile(DataDirectory directory, string name)
    {
        using var file = directory.Open(name, writable: false);
        var bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return bytes;
    }

    public static void Overwrite(DataDirectory directory, string name, long offset, ReadOnlySpan<byte> bytes)
    {
        using var file = directory.Open(name, writable: true);
        file.Write(offset, bytes);
    }

    /// <summary>Changes one byte, whatever it was.</summary>
    public static void Flip(DataDirectory directory, string name, long offset)
        => Overwrite(directory, name, offset, [(byte)~ReadFile(directory, name)[(int)offset]]);

    public static string SqlStateOf(Action action) => Assert.Throws<EngramException>(action).SqlState;

    public static string Describe(IEnumerable<Commit> commits) => new StringBuilder().AppendJoin(' ', commits).ToString();

    internal readonly record struct Commit(long Lsn, int Length);
}
