using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Storage.Faults;

/// <summary>A directory in memory that knows what has been synced, and can lose the rest.</summary>
/// <remarks>
/// <para>The model. A write is in the system's cache until its file is synced. At a power cut every 512-byte sector of every write since
/// then is independently kept, dropped, or (rarely) garbled, whatever order the writes had. A directory entry is as it was at the last sync of its
/// sub-directory or as it is now, each name for itself. A sync that fails (<see cref="FailNextSync"/>) does what Linux does: the writes
/// stay readable, count as clean, and are gone after a power cut, although the next sync succeeds.</para>
/// <para>Time stands still, so that a run depends on its seed alone. <see cref="CutPowerAfter"/> lets a call fail and all after it; what the last
/// call did may have been done in part. For one thread at a time, except for calls that find the power off.</para>
/// </remarks>
internal sealed class PowerCutDirectory : DataDirectory
{
    private const int SectorSizeBytes = 512;

    private readonly Random _random;
    private readonly Dictionary<string, Node> _current = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Node> _durable = new(StringComparer.Ordinal);
    private int _callsLeft = int.MaxValue;
    private bool _failsNextSync;

    public PowerCutDirectory(int seed) => _random = new Random(seed);

    public override string Path => "<power cut>";

    public override TimeProvider Clock { get; } = new StoppedClock();

    public override bool CanMap => false;

    public bool IsDown => _callsLeft < 0;

    /// <summary>Lets this many calls that change something succeed and no more.</summary>
    public void CutPowerAfter(int calls) => _callsLeft = calls;

    public void FailNextSync() => _failsNextSync = true;

    /// <summary>What the machine finds when the power is back.</summary>
    public PowerCutDirectory Restart()
    {
        var next = new PowerCutDirectory(_random.Next());
        var survivors = new Dictionary<Node, Node>();
        foreach (var name in _current.Keys.Union(_durable.Keys).Order(StringComparer.Ordinal).ToList())
        {
            var node = (_random.Next(2) == 0 ? _current : _durable).GetValueOrDefault(name);
            if (node is null)
            {
                continue;
            }

            if (!survivors.TryGetValue(node, out var survivor))
            {
                survivors.Add(node, survivor = node.Survive(_random));
            }

            next._current.Add(name, survivor);
            next._durable.Add(name, survivor);
        }

        return next;
    }

    /// <summary>What the next process finds when only this one was killed: everything, none of it more durable than before.</summary>
    public PowerCutDirectory Kill()
    {
        var next = new PowerCutDirectory(_random.Next());
        foreach (var (name, node) in _current)
        {
            next._current.Add(name, node);
        }

        foreach (var (name, node) in _durable)
        {
            next._durable.Add(name, node);
        }

        return next;
    }

    public override ulong NextRandom() => (ulong)_random.NextInt64();

    public override bool Exists(string name) => _current.ContainsKey(name);

    public override IReadOnlyList<string> List(string subdirectory)
    {
        var prefix = subdirectory.Length == 0 ? "" : subdirectory + "/";
        return _current.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal) && n.IndexOf('/', prefix.Length) < 0)
            .Select(n => n[prefix.Length..]).Order(StringComparer.Ordinal).ToList();
    }

    public override DataFile Create(string name)
    {
        Spend();
        var node = new Node();
        _current.Add(name, node);
        return new File(this, name, node);
    }

    public override DataFile Open(string name, bool writable)
    {
        CheckPower();
        return new File(this, name, _current[name]);
    }

    public override void Rename(string from, string to)
    {
        Spend();
        _current.Remove(from, out var node);
        _current[to] = node!;
    }

    public override void Delete(string name)
    {
        if (_current.ContainsKey(name))
        {
            Spend();
            _current.Remove(name);
        }
    }

    public override void CreateSubdirectory(string name) => CheckPower();

    public override void Sync(string subdirectory)
    {
        Spend();
        var prefix = subdirectory.Length == 0 ? "" : subdirectory + "/";
        foreach (var name in _current.Keys.Union(_durable.Keys).Where(n => n.StartsWith(prefix, StringComparison.Ordinal) && n.IndexOf('/', prefix.Length) < 0).ToList())
        {
            if (_current.TryGetValue(name, out var node))
            {
                _durable[name] = node;
            }
            else
            {
                _durable.Remove(name);
            }
        }
    }

    public override IDisposable? TryLock(string name, out int holder) => throw new NotSupportedException("The tests of the log take no lock.");

    public override void Dispose()
    {
    }

    private void CheckPower()
    {
        if (IsDown)
        {
            throw new EngramException("The power is off.", SqlStates.IoError);
        }
    }

    private void Spend()
    {
        CheckPower();
        _callsLeft--;
        CheckPower();
    }

    private sealed class Node
    {
        private readonly List<(long Offset, byte[] Data)> _pending = [];
        private byte[] _durable = [];

        public byte[] Current { get; private set; } = [];

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            Current = Apply(Current, offset, data);
            _pending.Add((offset, data.ToArray()));
        }

        public void Sync()
        {
            foreach (var (offset, data) in _pending)
            {
                _durable = Apply(_durable, offset, data);
            }

            _pending.Clear();
        }

        /// <summary>What is in the cache stays there and is taken to be on the disk.</summary>
        public void FailSync() => _pending.Clear();

        public Node Survive(Random random)
        {
            var bytes = _durable.ToArray();
            var share = random.Next(4) switch { 0 => 0, 1 => 100, _ => random.Next(100) };
            foreach (var (offset, data) in _pending)
            {
                for (var start = 0; start < data.Length; start += SectorSizeBytes)
                {
                    if (random.Next(100) < share)
                    {
                        var sector = data.AsSpan(start, Math.Min(SectorSizeBytes, data.Length - start)).ToArray();
                        if (random.Next(100) == 0)
                        {
                            random.NextBytes(sector);
                        }

                        bytes = Apply(bytes, offset + start, sector);
                    }
                }
            }

            return new Node { _durable = bytes, Current = bytes.ToArray() };
        }

        private static byte[] Apply(byte[] bytes, long offset, ReadOnlySpan<byte> data)
        {
            if (offset + data.Length > bytes.Length)
            {
                Array.Resize(ref bytes, (int)offset + data.Length);
            }

            data.CopyTo(bytes.AsSpan((int)offset));
            return bytes;
        }
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }

    private sealed class File(PowerCutDirectory directory, string name, Node node) : DataFile
    {
        public override string Name => name;

        public override long Length => node.Current.Length;

        public override void Write(long offset, ReadOnlySpan<byte> data)
        {
            directory.CheckPower();
            node.Write(offset, data);
            directory.Spend();
        }

        public override int Read(long offset, Span<byte> target)
        {
            directory.CheckPower();
            var count = (int)Math.Clamp(node.Current.Length - offset, 0, target.Length);
            node.Current.AsSpan((int)Math.Min(offset, node.Current.Length), count).CopyTo(target);
            return count;
        }

        public override void Sync()
        {
            directory.Spend();
            if (directory._failsNextSync)
            {
                directory._failsNextSync = false;
                node.FailSync();
                throw new EngramException($"Sync of '{name}' failed.", SqlStates.IoError);
            }

            node.Sync();
        }

        public override void SetLength(long length) => throw new NotSupportedException("The log does not change lengths.");

        public override MappedRange Map(long offset, long length) => throw new NotSupportedException("The log does not map.");

        public override void Dispose()
        {
        }
    }
}
