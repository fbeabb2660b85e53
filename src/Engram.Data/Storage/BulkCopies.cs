using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage;

/// <summary>Copies of long values out of the log that is replayed, made by whoever has time, a run of them at a time.</summary>
/// <remarks>
/// Nobody may read the target before <see cref="ReplayWorkers.Finish"/>. The source is the file that the chain is in: each run holds a reference on its
/// memory. Used by the opening thread.
/// </remarks>
internal sealed unsafe class BulkCopies(ReplayWorkers workers)
{
    private CopyRun? open;
    private WalImage? source;

    /// <summary>Where bytes to be copied lie from now on; null when they do not stay long enough to be copied later.</summary>
    public WalImage? Source
    {
        get => source;
        set
        {
            if (source != value)
            {
                Flush();
                source = value;
            }
        }
    }

    public void Add(byte* from, byte* to, long sizeBytes)
    {
        if (source is null || !workers.IsParallel)
        {
            Buffer.MemoryCopy(from, to, sizeBytes, sizeBytes);
            return;
        }

        if (open is null)
        {
            source.AddReference();
            open = new CopyRun(source);
        }

        open.Add(from, to, sizeBytes);
        if (open.SizeBytes >= workers.Options.RunSizeBytes)
        {
            Flush();
        }
    }

    /// <summary>Lets others begin with what was added.</summary>
    public void Flush()
    {
        if (open is not null)
        {
            workers.Post(open);
            open = null;
        }
    }

    /// <summary>Forgets what was added last, when replay was given up.</summary>
    public void Abandon()
    {
        open?.Abandon();
        open = null;
    }

    private sealed class CopyRun(WalImage source) : ReplayTask
    {
        private readonly List<(nint From, nint To, long SizeBytes)> copies = [];

        public long SizeBytes { get; private set; }

        public void Add(byte* from, byte* to, long sizeBytes)
        {
            copies.Add(((nint)from, (nint)to, sizeBytes));
            SizeBytes += sizeBytes;
        }

        public override void Abandon() => source.Release();

        protected override void Run()
        {
            foreach (var (from, to, sizeBytes) in copies)
            {
                Buffer.MemoryCopy((void*)from, (void*)to, sizeBytes, sizeBytes);
            }

            source.Release();
        }
    }
}
