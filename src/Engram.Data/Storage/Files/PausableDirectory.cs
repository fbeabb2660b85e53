namespace Engram.Data.Storage.Files;

/// <summary>A directory to which nothing is written while it is paused: whoever wants to, waits.</summary>
/// <remarks>
/// <para><b>The problem.</b> An application closes its last connection and takes it that the database is at rest, while the open database stays warm and has
/// work of its own: a checkpoint, the seal of the log, the next log file.</para>
/// <para><b>How.</b> Every call that changes content or names passes a gate. <see cref="Pause"/> closes it and <see cref="AwaitQuiet"/> returns when no such call is
/// under way; calls that come then wait at the gate until <see cref="Resume"/>. So work stops between two calls, not in one, and needs to know nothing of
/// it. Reads and syncs pass: a sync changes nothing that anybody could see, and the bound of <c>Durability=Interval</c> must hold.</para>
/// <para><b>A crash</b> while work waits is a crash between two of its calls, which it survives as any other.</para>
/// </remarks>
internal sealed class PausableDirectory(DataDirectory inner) : DataDirectory
{
    private readonly object gate = new();
    private volatile bool isPaused;
    private int active;

    public override string Path => inner.Path;

    public override TimeProvider Clock => inner.Clock;

    public override bool CanMap => inner.CanMap;

    public override bool IsShared => inner.IsShared;

    /// <summary>From now on no change begins. Returns at once.</summary>
    public void Pause() => isPaused = true;

    /// <summary>Waits until no change is under way, which takes as long as one call of the system; or until somebody resumes.</summary>
    public void AwaitQuiet()
    {
        Interlocked.MemoryBarrier();
        lock (gate)
        {
            while (isPaused && Volatile.Read(ref active) != 0)
            {
                Monitor.Wait(gate);
            }
        }
    }

    public void Resume()
    {
        if (isPaused)
        {
            lock (gate)
            {
                isPaused = false;
                Monitor.PulseAll(gate);
            }
        }
    }

    public override ulong NextRandom() => inner.NextRandom();

    public override bool Exists(string name) => inner.Exists(name);

    public override IReadOnlyList<string> List(string subdirectory) => inner.List(subdirectory);

    public override DataFile Create(string name)
    {
        using var _ = Enter();
        return new PausableFile(this, inner.Create(name));
    }

    public override DataFile Open(string name, bool writable)
        => writable ? new PausableFile(this, inner.Open(name, writable)) : inner.Open(name, writable);

    public override void Rename(string from, string to)
    {
        using var _ = Enter();
        inner.Rename(from, to);
    }

    public override void Delete(string name)
    {
        using var _ = Enter();
        inner.Delete(name);
    }

    public override void CreateSubdirectory(string name)
    {
        using var _ = Enter();
        inner.CreateSubdirectory(name);
    }

    public override void Sync(string subdirectory) => inner.Sync(subdirectory);

    public override IDisposable? TryLock(string name, out int holder) => inner.TryLock(name, out holder);

    public override bool IsLocked(string name) => inner.IsLocked(name);

    public override bool IsInPlace() => inner.IsInPlace();

    public override void RemoveEmptySubdirectory(string name)
    {
        using var _ = Enter();
        inner.RemoveEmptySubdirectory(name);
    }

    public override void Dispose() => inner.Dispose();

    private Change Enter()
    {
        while (true)
        {
            // A full fence: either this sees the pause, or the pause sees this.
            Interlocked.Increment(ref active);
            if (!isPaused)
            {
                return new Change(this);
            }

            Exit();
            lock (gate)
            {
                while (isPaused)
                {
                    Monitor.Wait(gate);
                }
            }
        }
    }

    private void Exit()
    {
        if (Interlocked.Decrement(ref active) == 0 && isPaused)
        {
            lock (gate)
            {
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>One change under way.</summary>
    private readonly struct Change(PausableDirectory directory) : IDisposable
    {
        public void Dispose() => directory.Exit();
    }

    private sealed class PausableFile(PausableDirectory directory, DataFile file) : DataFile
    {
        public override string Name => file.Name;

        public override long Length => file.Length;

        public override void Write(long offset, ReadOnlySpan<byte> data)
        {
            using var _ = directory.Enter();
            file.Write(offset, data);
        }

        public override void WriteDirect(long offset, ReadOnlySpan<byte> data)
        {
            using var _ = directory.Enter();
            file.WriteDirect(offset, data);
        }

        public override int Read(long offset, Span<byte> target) => file.Read(offset, target);

        public override void Prefetch(long offset, long length) => file.Prefetch(offset, length);

        public override int ReadDirect(long offset, Span<byte> target) => file.ReadDirect(offset, target);

        public override bool IsSlow => file.IsSlow;

        public override void Sync() => file.Sync();

        public override void WriteBack(long offset, long length) => file.WriteBack(offset, length);

        public override void SetLength(long length)
        {
            using var _ = directory.Enter();
            file.SetLength(length);
        }

        public override MappedRange Map(long offset, long length) => file.Map(offset, length);

        public override void Dispose() => file.Dispose();
    }
}
