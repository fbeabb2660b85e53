using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage.Maintenance;

/// <summary>A directory whose needed files are held open while a reader opens it, so that a writer may delete their names meanwhile.</summary>
/// <remarks>Published files never change and their names are never given twice, so a file that an earlier attempt holds is the right one for the next.
/// What is handed out lives on by itself: <see cref="Unpin"/> lets go of the rest, and from then on everything passes through.</remarks>
/// <param name="pace">When given, nothing is mapped: ranges are read through calls, and counted.</param>
internal sealed class PinnedDirectory(DataDirectory inner, VerificationPace? pace = null) : DataDirectory
{
    private readonly Dictionary<string, PinnedFile> held = new(StringComparer.Ordinal);
    private IReadOnlyList<string>? walNames;

    public override string Path => inner.Path;

    public override TimeProvider Clock => inner.Clock;

    public override bool CanMap => inner.CanMap && pace is null;

    public override bool IsShared => inner.IsShared;

    /// <summary>Opens the files of a manifest, of the log, and those that the log may name. What was held before and is still needed is not opened again.</summary>
    public void Pin(Manifest manifest)
    {
        foreach (var name in manifest.FileNames)
        {
            Hold(name);
        }

        // Segments that only the log names. What goes meanwhile is needed by an earlier state alone, and CURRENT tells.
        foreach (var name in inner.List(SegmentFlush.Subdirectory))
        {
            TryHold($"{SegmentFlush.Subdirectory}/{name}");
        }

        walNames = null;
        var names = LogNames();
        names.ForEach(n => Hold($"{WalFormat.Directory}/{n}"));
        walNames = names;
    }

    /// <summary>Holds a file if it is there.</summary>
    public bool TryHold(string name)
    {
        try
        {
            Hold(name);
            return true;
        }
        catch (EngramException) when (!inner.Exists(name))
        {
            return false;
        }
    }

    /// <summary>Holds the log files that are there. One that goes meanwhile is one that a checkpoint made superfluous.</summary>
    public void TryHoldLog()
    {
        walNames = null;
        walNames = [.. LogNames().Where(n => TryHold($"{WalFormat.Directory}/{n}"))];
    }

    public void Unpin()
    {
        walNames = null;
        foreach (var file in held.Values)
        {
            file.Dispose();
        }

        held.Clear();
    }

    public override ulong NextRandom() => inner.NextRandom();

    public override bool Exists(string name) => held.ContainsKey(name) || inner.Exists(name);

    public override IReadOnlyList<string> List(string subdirectory)
        => walNames is not null && subdirectory == WalFormat.Directory ? walNames : inner.List(subdirectory);

    public override DataFile Create(string name) => inner.Create(name);

    public override DataFile Open(string name, bool writable)
        => !writable && held.TryGetValue(name, out var file) ? file.Share() : inner.Open(name, writable);

    public override void Rename(string from, string to) => inner.Rename(from, to);

    public override void Delete(string name) => inner.Delete(name);

    public override void CreateSubdirectory(string name) => inner.CreateSubdirectory(name);

    public override void Sync(string subdirectory) => inner.Sync(subdirectory);

    public override IDisposable? TryLock(string name, out int holder) => inner.TryLock(name, out holder);

    public override bool IsLocked(string name) => inner.IsLocked(name);

    public override bool IsInPlace() => inner.IsInPlace();

    public override void RemoveEmptySubdirectory(string name) => inner.RemoveEmptySubdirectory(name);

    public override void Dispose()
    {
        Unpin();
        inner.Dispose();
    }

    private List<string> LogNames() => [.. inner.List(WalFormat.Directory).Where(n => WalFormat.TryParseName(n, ".wal", out _))];

    private void Hold(string name)
    {
        if (held.ContainsKey(name))
        {
            return;
        }

        if (!inner.Exists(name))
        {
            throw Error.FileMissing(Path, name, "the database's current state refers to it");
        }

        held.Add(name, new PinnedFile(new SharedFile(inner.Open(name, writable: false)), pace));
    }

    /// <summary>A file and how many have it.</summary>
    private sealed class SharedFile(DataFile file)
    {
        private int count;

        public DataFile File => file;

        public void Retain() => Interlocked.Increment(ref count);

        public void Release()
        {
            if (Interlocked.Decrement(ref count) == 0)
            {
                file.Dispose();
            }
        }
    }

    private sealed class PinnedFile : DataFile
    {
        private readonly SharedFile shared;
        private readonly VerificationPace? pace;
        private int isDisposed;

        public PinnedFile(SharedFile shared, VerificationPace? pace)
        {
            this.shared = shared;
            this.pace = pace;
            shared.Retain();
        }

        public override string Name => shared.File.Name;

        public override long Length => shared.File.Length;

        public PinnedFile Share() => new(shared, pace);

        public override void Write(long offset, ReadOnlySpan<byte> data) => shared.File.Write(offset, data);

        public override int Read(long offset, Span<byte> target)
        {
            var read = shared.File.Read(offset, target);
            pace?.Add(read);
            return read;
        }

        public override void Sync() => shared.File.Sync();

        public override void SetLength(long length) => shared.File.SetLength(length);

        public override MappedRange Map(long offset, long length)
            => pace is null ? shared.File.Map(offset, length) : new ReadRange(Share(), offset, length);

        public override void Dispose()
        {
            if (Interlocked.Exchange(ref isDisposed, 1) == 0)
            {
                shared.Release();
            }
        }
    }
}
