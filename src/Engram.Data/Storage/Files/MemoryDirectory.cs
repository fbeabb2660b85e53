using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Engram.Data.Storage.Files;

/// <summary>A database directory in memory, for Mode=Memory and for tests.</summary>
/// <remarks>
/// The files belong to all directory objects that share them (<see cref="Share"/>) and are freed with the last; a database that is
/// opened, closed and opened again keeps one for itself. Locks exclude each other across those objects.
/// </remarks>
internal sealed class MemoryDirectory : DataDirectory
{
    private const int NoSuchFile = 2;
    private const int FileExists = 17;

    private readonly Volume _volume;
    private int _isDisposed;

    public MemoryDirectory(string name = "memory")
        : this(new Volume(name))
    {
    }

    private MemoryDirectory(Volume volume)
    {
        _volume = volume;
        lock (volume.Gate)
        {
            ObjectDisposedException.ThrowIf(volume.Owners < 0, this);
            volume.Owners++;
        }
    }

    public override string Path => _volume.Path;

    public override bool CanMap => true;

    /// <summary>Another directory object over the same files, to be disposed on its own.</summary>
    public MemoryDirectory Share() => new(_volume);

    public override ulong NextRandom()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public override bool Exists(string name)
    {
        lock (_volume.Gate)
        {
            return _volume.Files.ContainsKey(name);
        }
    }

    public override IReadOnlyList<string> List(string subdirectory)
    {
        var prefix = subdirectory.Length == 0 ? "" : subdirectory + "/";
        var names = new List<string>();
        lock (_volume.Gate)
        {
            foreach (var name in _volume.Files.Keys)
            {
                if (name.StartsWith(prefix, StringComparison.Ordinal) && !name.AsSpan(prefix.Length).Contains('/'))
                {
                    names.Add(name[prefix.Length..]);
                }
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public override DataFile Create(string name)
    {
        lock (_volume.Gate)
        {
            var content = new MemoryContent();
            if (!_volume.Files.TryAdd(name, content))
            {
                throw SystemError.From("open", FullName(name), FileExists);
            }

            return new MemoryFile(content, Path, name, isWritable: true);
        }
    }

    public override DataFile Open(string name, bool writable)
    {
        lock (_volume.Gate)
        {
            return _volume.Files.TryGetValue(name, out var content)
                ? new MemoryFile(content, Path, name, writable)
                : throw SystemError.From("open", FullName(name), NoSuchFile);
        }
    }

    public override void Rename(string from, string to)
    {
        lock (_volume.Gate)
        {
            if (!_volume.Files.Remove(from, out var content))
            {
                throw SystemError.From("rename", FullName(from), NoSuchFile);
            }

            if (_volume.Files.Remove(to, out var replaced))
            {
                replaced.Unlink();
            }

            _volume.Files.Add(to, content);
        }
    }

    public override void Delete(string name)
    {
        lock (_volume.Gate)
        {
            if (_volume.Files.Remove(name, out var content))
            {
                content.Unlink();
            }
        }
    }

    /// <summary>Nothing to do: sub-directories are prefixes of names.</summary>
    public override void CreateSubdirectory(string name)
    {
    }

    public override void Sync(string subdirectory)
    {
    }

    public override IDisposable? TryLock(string name, out int holder)
    {
        holder = Environment.ProcessId;
        lock (_volume.Gate)
        {
            return _volume.Locks.Add(name) ? new HeldLock(_volume, name) : null;
        }
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        lock (_volume.Gate)
        {
            if (--_volume.Owners > 0)
            {
                return;
            }

            _volume.Owners = -1;
            foreach (var content in _volume.Files.Values)
            {
                content.Unlink();
            }

            _volume.Files.Clear();
        }
    }

    private string FullName(string name) => $"{Path}/{name}";

    private sealed class Volume(string name)
    {
        public readonly Lock Gate = new();
        public readonly Dictionary<string, MemoryContent> Files = new(StringComparer.Ordinal);
        public readonly HashSet<string> Locks = new(StringComparer.Ordinal);
        public readonly string Path = $"<{name}>";
        public int Owners;
    }

    private sealed class HeldLock(Volume volume, string name) : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                lock (volume.Gate)
                {
                    volume.Locks.Remove(name);
                }
            }
        }
    }
}
