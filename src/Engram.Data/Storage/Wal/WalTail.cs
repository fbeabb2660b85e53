using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Wal;

/// <summary>What stands behind the end of the chain: zeros, a torn tail, or proof that the chain should go on.</summary>
internal sealed class WalTail
{
    private readonly List<(WalFileReader File, long Start, long End)> _torn = [];

    private WalTail(IReadOnlyList<string> deadFiles) => DeadFiles = deadFiles;

    /// <summary>Nothing, because nothing was looked at.</summary>
    public static WalTail None { get; } = new([]);

    /// <summary>Files behind the one in which the chain ends.</summary>
    public IReadOnlyList<string> DeadFiles { get; }

    public long TornBytes => _torn.Sum(t => t.End - t.Start);

    /// <summary>Looks at every block behind the end.</summary>
    /// <exception cref="EngramException">XX001: groups are missing that were acknowledged.</exception>
    public static WalTail Examine(DataDirectory directory, IReadOnlyList<WalFileReader> files, WalChain chain)
    {
        var last = files[chain.FileIndex];
        var tail = new WalTail(files.Skip(chain.FileIndex + 1).Select(f => f.Name).ToList());
        for (var i = chain.FileIndex; i < files.Count; i++)
        {
            var file = files[i];
            if (i > chain.FileIndex && file.Header.StartsAnew)
            {
                throw Error.LogDamaged($"{directory.Path}/{last.Name}", chain.Offset, chain.NextLsn.Value,
                    string.Create(CultureInfo.InvariantCulture, $"'{file.Name}' says that the log was whole up to commit {file.Header.FirstLsn.Value - 1}"));
            }

            var start = i == chain.FileIndex ? chain.Offset : WalFormat.BlockSizeBytes;
            var end = start;
            for (var offset = start; offset + WalFormat.BlockSizeBytes <= file.SizeBytes; offset += WalFormat.BlockSizeBytes)
            {
                if (file.Get(offset, WalFormat.BlockSizeBytes).Span.IndexOfAnyExcept((byte)0) < 0)
                {
                    continue;
                }

                end = offset + WalFormat.BlockSizeBytes;
                if (file.TryReadHeader(offset, out var header) && header.SyncedGroup >= chain.NextGroup)
                {
                    throw Error.LogDamaged($"{directory.Path}/{last.Name}", chain.Offset, chain.NextLsn.Value,
                        string.Create(CultureInfo.InvariantCulture, $"a later group (byte {offset} of '{file.Name}') says that everything up to commit {header.SyncedLsn} had been synced"));
                }
            }

            if (end > start)
            {
                tail._torn.Add((file, start, end));
            }

            if (i > chain.FileIndex)
            {
                // There may be many; what is copied aside is read once more.
                file.Release();
            }
        }

        return tail;
    }

    /// <summary>Copies the torn ranges aside, and returns the names of the copies. Doing it again replaces them by the same.</summary>
    public IReadOnlyList<string> Quarantine(DataDirectory directory)
    {
        if (_torn.Count == 0)
        {
            return [];
        }

        directory.CreateSubdirectory(WalFormat.Quarantine);
        var names = new List<string>();
        foreach (var (file, start, end) in _torn)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{WalFormat.Quarantine}/wal-{file.Header.FileNumber:D8}-{start}.torn");
            directory.Delete(name);
            using var copy = directory.Create(name);
            for (var offset = start; offset < end; offset += WalFormat.BlockSizeBytes)
            {
                copy.Write(offset - start, file.Get(offset, WalFormat.BlockSizeBytes).Span);
            }

            copy.Sync();
            names.Add(name);
        }

        directory.Sync(WalFormat.Quarantine);
        directory.Sync("");
        return names;
    }
}
