using Engram.Data.Storage.Files;
using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>One call that changes the disk or makes a change durable. They are numbered from 1; a crash is at one of them.</summary>
internal readonly record struct IoPoint(int Number, FaultPoint Kind, string Name)
{
    public override string ToString() => $"{Number} ({Kind} '{Name}')";
}

/// <summary>A database directory on a simulated disk that forgets what was not synced, fails when it is told to, and lies when it is told to.</summary>
/// <remarks>
/// <para><b>The problem.</b> A database is right when it is right after the crash that nobody has seen yet. On a real disk such a crash is
/// rare, different every time and gone when one looks. Here every call has a number, everything random comes from a seed, and a crash can be had at
/// every call, in every way, again and again.</para>
/// <para><b>The model.</b> Every write, change of length, creation, renaming, deletion and sync is an <i>I/O point</i>. Changes stand in the
/// system's cache until they are synced: a file's writes and length by <see cref="DataFile.Sync"/>, names by <see cref="Sync"/> of the sub-directory
/// that holds them, a sub-directory's own name by the sync of the top. A crash is taken <i>after</i> a change entered the cache, or <i>before</i> a sync
/// has done its work; between two points nothing can be lost that is not lost at one of them.</para>
/// <para><b>Faults that must be survived</b>: after <see cref="Reboot"/> everything acknowledged is there, and nothing that was not committed.</para>
/// <list type="bullet">
/// <item>Power is cut at any point. Each unsynced write is kept, dropped, torn between sectors of 512 bytes, or leaves sectors of
/// zeros or of garbage (noise, or old data of the same file). Each unsynced length, creation, renaming and deletion is kept or not, in no order. A
/// sector that was not being written keeps its content; a renaming is whole or not at all.</item>
/// <item>Power is cut again while the database recovers.</item>
/// <item>A write fails with EIO or ENOSPC after any number of its sectors. A creation, renaming, deletion or change of length fails.</item>
/// <item>The sync of a file fails with EIO: some of its changes reached the disk, the rest is forgotten though reads still show it, later syncs
/// succeed. The sync of a directory fails: its changes wait for the next one, since file systems keep names in a journal.</item>
/// <item>The disk is full from any byte on, and has room again later.</item>
/// <item>A read, or the populating of a mapped range, fails with EIO: an error, and the next one may succeed.</item>
/// </list>
/// <para><b>Faults that must be noticed</b>: no row that was not written is ever shown; an error, or a state from before, is right.</para>
/// <list type="bullet">
/// <item>Bits flip in a file that nobody writes to, or it is cut short (<see cref="SimulatedDisk"/>).</item>
/// <item>A write is reported done and synced, but never reached the disk, or another place of its file (<see cref="DiskFaults"/>).</item>
/// </list>
/// <para><b>Stricter than a disk is</b>: a mapped range holds noise wherever it was not populated before it is read, and the program learns of the
/// reboot by nothing but errors of all its handles.</para>
/// <para>Thread-safe. With one thread that writes, all is determined by the seed.</para>
/// </remarks>
internal sealed class SimulatedDirectory : DataDirectory
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _locks = new(StringComparer.Ordinal);
    private readonly SimulatedDisk _disk;
    private readonly Random _random;
    private bool _isOff;
    private int _points;

    public SimulatedDirectory(int seed = 1)
        : this(new SimulatedDisk(), seed)
    {
    }

    /// <param name="disk">Used from now on by this directory alone.</param>
    public SimulatedDirectory(SimulatedDisk disk, int seed)
    {
        _disk = disk;
        _random = new Random(seed);
    }

    public override string Path => "<simulated>";

    public override bool CanMap => true;

    public override TimeProvider Clock => ManualClock;

    public ManualClock ManualClock { get; init; } = new();

    public DiskFaults Faults { get; } = new();

    /// <summary>I/O points so far.</summary>
    public int Points => Volatile.Read(ref _points);

    /// <summary>Called at each I/O point, while no other call runs, with the disk as it is then. Must not call back.</summary>
    public Action<IoPoint, SimulatedDisk>? AtPoint { get; set; }

    /// <summary>Called before each sync of a file, on the thread that syncs, while other calls may run: a test may hold it there to let commits pile up.</summary>
    public Action<string>? BeforeSync { get; set; }

    public override ulong NextRandom()
    {
        lock (_gate)
        {
            return Faults.RandomIsConstant ? 0x5A17 : (ulong)_random.NextInt64();
        }
    }

    public override bool Exists(string name) => Locked(() => _disk.Names.Seen.ContainsKey(name));

    public override IReadOnlyList<string> List(string subdirectory) => Locked(
        () => _disk.Files.Where(n => SimulatedNames.DirectoryOf(n) == subdirectory).Select(n => n[(n.LastIndexOf('/') + 1)..]).ToList());

    public override DataFile Create(string name) => Locked(() =>
    {
        Strike(FaultPoint.Create, "open", name);
        if (_disk.Names.Seen.ContainsKey(name))
        {
            throw Failed("open", name, 17);
        }

        if (_disk.SizeBytes >= Faults.CapacityBytes)
        {
            throw Failed("open", name, DiskFaults.NoSpace);
        }

        CheckParent(name);
        var content = _disk.Create(name);
        Reached(FaultPoint.Create, name);
        return new SimulatedFile(this, content, name, isWritable: true);
    });

    public override DataFile Open(string name, bool writable) => Locked(
        () => _disk.Names.Seen.ContainsKey(name) ? new SimulatedFile(this, _disk[name], name, writable) : throw Failed("open", name, 2));

    public override void Rename(string from, string to) => Locked(() =>
    {
        Strike(FaultPoint.Rename, "rename", from);
        if (!_disk.Names.Seen.ContainsKey(from))
        {
            throw Failed("rename", from, 2);
        }

        CheckParent(to);
        _disk.Names.Rename(from, to);
        Reached(FaultPoint.Rename, from);
        return 0;
    });

    public override void Delete(string name) => Locked(() =>
    {
        Strike(FaultPoint.Delete, "unlink", name);
        if (_disk.Names.Seen.ContainsKey(name))
        {
            _disk.Names.Delete(name);
            Reached(FaultPoint.Delete, name);
        }

        return 0;
    });

    public override void CreateSubdirectory(string name) => Locked(() =>
    {
        // The top is there, and its own name is durable.
        if (name.Length > 0 && !_disk.Names.Seen.ContainsKey(name + "/"))
        {
            Strike(FaultPoint.Create, "mkdir", name);
            CheckParent(name);
            _disk.CreateSubdirectory(name);
            Reached(FaultPoint.Create, name);
        }

        return 0;
    });

    public override void Sync(string subdirectory) => Locked(() =>
    {
        Reached(FaultPoint.DirectorySync, subdirectory);
        if (Faults.Strike(FaultPoint.DirectorySync, subdirectory) is var error and not 0)
        {
            throw Failed("fsync", subdirectory, error);
        }

        if (!Faults.DirectorySyncDoesNothing)
        {
            _disk.Names.Sync(subdirectory);
        }

        return 0;
    });

    public override IDisposable? TryLock(string name, out int holder)
    {
        holder = Environment.ProcessId;
        return Locked(() =>
        {
            if (!_locks.Add(name))
            {
                return null;
            }

            if (!_disk.Names.Seen.ContainsKey(name))
            {
                _disk.Create(name);
                Reached(FaultPoint.Create, name);
            }

            return new HeldLock(this, name);
        });
    }

    /// <summary>The disk at this moment, with all that a crash may still take.</summary>
    public SimulatedDisk Freeze() => Locked(_disk.Freeze);

    /// <summary>Ends the program, not the machine: the next one sees the same cache. Every handle of this directory fails from now on; locks are gone.</summary>
    public SimulatedDirectory Kill(int seed) => Locked(() =>
    {
        _isOff = true;
        return new SimulatedDirectory(_disk, seed) { ManualClock = ManualClock };
    });

    /// <summary>Cuts the power and starts again over what survived. Every handle of this directory fails from now on; locks are gone.</summary>
    public SimulatedDirectory Reboot(SurvivalMode mode, int seed) => Locked(() =>
    {
        _isOff = true;
        return new SimulatedDirectory(_disk.Crash(mode, seed), seed) { ManualClock = ManualClock };
    });

    public override void Dispose()
    {
        // The disk outlives the program.
    }

    internal int Read(SimulatedContent content, string name, long offset, Span<byte> target)
    {
        lock (_gate)
        {
            CheckPower("read", name);
            Strike(FaultPoint.Read, "read", name);
            return content.Read(offset, target);
        }
    }

    internal void Write(SimulatedContent content, string name, long offset, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            CheckPower("write", name);
            var error = Faults.Strike(FaultPoint.Write, name);
            var count = error == 0 ? data.Length : (int)Math.Min(data.Length, _random.Next((data.Length / SimulatedContent.SectorSize) + 1) * SimulatedContent.SectorSize);
            var room = Faults.CapacityBytes == long.MaxValue ? long.MaxValue : content.Length + Math.Max(0, Faults.CapacityBytes - _disk.SizeBytes);
            if (offset + count > room && offset + count > content.Length)
            {
                error = DiskFaults.NoSpace;
                count = (int)Math.Max(0, room - offset);
            }

            if (count > 0)
            {
                content.Write(offset, data[..count], Faults.StoredOffset(name, offset, count, content.Length));
            }

            Reached(FaultPoint.Write, name);
            if (error != 0)
            {
                throw Failed("write", name, error);
            }
        }
    }

    internal void SetLength(SimulatedContent content, string name, long length) => Locked(() =>
    {
        Strike(FaultPoint.SetLength, "ftruncate", name);
        content.SetLength(length);
        Reached(FaultPoint.SetLength, name);
        return 0;
    });

    internal void Sync(SimulatedContent content, string name)
    {
        BeforeSync?.Invoke(name);
        lock (_gate)
        {
            CheckPower("fdatasync", name);
            Reached(FaultPoint.Sync, name);
            if (Faults.Strike(FaultPoint.Sync, name) is var error and not 0)
            {
                content.FailSync(_random);
                if (!Faults.RetriesFailedSync)
                {
                    throw Failed("fdatasync", name, error);
                }
            }

            if (!Faults.SyncDoesNothing)
            {
                content.Sync();
            }
        }
    }

    internal T Locked<T>(Func<T> call)
    {
        lock (_gate)
        {
            CheckPower("call", "");
            return call();
        }
    }

    private void Reached(FaultPoint kind, string name)
    {
        _points++;
        AtPoint?.Invoke(new IoPoint(_points, kind, name), _disk);
    }

    private void Strike(FaultPoint point, string call, string name)
    {
        if (Faults.Strike(point, name) is var error and not 0)
        {
            throw Failed(call, name, error);
        }
    }

    private void CheckPower(string call, string name)
    {
        if (_isOff)
        {
            throw Failed(call, name, DiskFaults.InputOutput);
        }
    }

    private void CheckParent(string name)
    {
        if (SimulatedNames.DirectoryOf(name) is { Length: > 0 } parent && !_disk.Names.Seen.ContainsKey(parent + "/"))
        {
            throw Failed("open", name, 2);
        }
    }

    private EngramException Failed(string call, string name, int error) => SystemError.From(call, $"{Path}/{name}", error);

    private sealed class HeldLock(SimulatedDirectory directory, string name) : IDisposable
    {
        public void Dispose()
        {
            lock (directory._gate)
            {
                directory._locks.Remove(name);
            }
        }
    }
}
