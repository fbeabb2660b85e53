namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>One file of the simulated disk: the bytes that programs see, those that a crash cannot take, and the changes in between.</summary>
/// <remarks>
/// <code>
///   seen    what read returns: the system's cache
///   changes writes and lengths, in order, since the last sync
///   stored  what is on the platter: seen = stored + changes, unless a sync failed or the disk lied
/// </code>
/// A sync moves the changes to what is stored. A sync that fails forgets them instead: the pages count as clean, so that the next sync
/// succeeds and means nothing, and at the crash the file is back at what is stored. That is what Linux does.
/// </remarks>
internal sealed class SimulatedContent
{
    public const int SectorSize = 512;

    private readonly PagedBytes _seen;
    private PagedBytes _stored;
    private readonly List<Change> _changes;
    private bool _isSeenStored = true;
    private SimulatedContent? _copy;

    public SimulatedContent()
        : this(new PagedBytes(), new PagedBytes(), [])
    {
    }

    private SimulatedContent(PagedBytes seen, PagedBytes stored, List<Change> changes)
    {
        _seen = seen;
        _stored = stored;
        _changes = changes;
    }

    public long Length => _seen.Length;

    public int Read(long offset, Span<byte> target) => _seen.Read(offset, target);

    public byte ByteAt(long offset)
    {
        Span<byte> one = stackalloc byte[1];
        Read(offset, one);
        return one[0];
    }

    public byte[] ToArray() => _seen.ToArray();

    /// <param name="storedOffset">Where the disk puts it: elsewhere when it errs, nowhere (negative) when it loses the write.</param>
    public void Write(long offset, ReadOnlySpan<byte> data, long storedOffset)
    {
        _copy = null;
        _seen.Write(offset, data);
        _isSeenStored &= storedOffset == offset;
        if (storedOffset >= 0)
        {
            _changes.Add(new Change(storedOffset, data.ToArray()));
        }
    }

    public void SetLength(long length)
    {
        _copy = null;
        _seen.SetLength(length);
        _changes.Add(new Change(length, null));
    }

    public void Sync()
    {
        if (_changes.Count == 0)
        {
            return;
        }

        _copy = null;
        if (_isSeenStored)
        {
            _stored = _seen.Copy();
        }
        else
        {
            _changes.ForEach(c => c.Apply(_stored));
        }

        _changes.Clear();
    }

    /// <summary>A sync that reported an error: some of the changes arrived, and none will ever be written again.</summary>
    public void FailSync(Random random)
    {
        _copy = null;
        foreach (var change in _changes.Where(_ => random.Next(3) == 0))
        {
            change.Apply(_stored);
        }

        _changes.Clear();
        _isSeenStored = false;
    }

    /// <summary>Changes bytes behind everybody's back: on the platter, and in what is read from now on.</summary>
    public void Overwrite(Action<PagedBytes> edit)
    {
        _copy = null;
        edit(_seen);
        edit(_stored);
    }

    /// <summary>A copy that nobody writes to; the same one until something changes.</summary>
    public SimulatedContent Freeze()
    {
        return _copy ??= Fork();
    }

    /// <summary>A copy with a life of its own.</summary>
    public SimulatedContent Fork() => new(_seen.Copy(), _stored.Copy(), [.. _changes]) { _isSeenStored = _isSeenStored };

    /// <summary>The file after the power went.</summary>
    public SimulatedContent Crash(Survival survival)
    {
        var result = _stored.Copy();
        foreach (var change in _changes)
        {
            change.Survive(result, survival);
        }

        return new SimulatedContent(result, result.Copy(), []);
    }

    /// <summary>A write, or with null data a new length.</summary>
    private readonly record struct Change(long Offset, byte[]? Data)
    {
        public void Apply(PagedBytes target)
        {
            if (Data is null)
            {
                target.SetLength(Offset);
            }
            else
            {
                target.Write(Offset, Data);
            }
        }

        public void Survive(PagedBytes target, Survival survival)
        {
            if (Data is null)
            {
                if (survival.KeepsMetadata())
                {
                    target.SetLength(Offset);
                }

                return;
            }

            var fate = survival.FateOfWrite();
            GrowFor(target, survival, fate);
            // Bytes beyond a length that did not survive are nowhere.
            var end = Math.Min(Offset + Data.Length, target.Length);
            var firstSector = Offset / SectorSize;
            var sectors = end <= Offset ? 0 : (int)(((end + SectorSize - 1) / SectorSize) - firstSector);
            var kept = survival.KeptSectors(sectors, fate);
            for (var i = 0; i < sectors; i++)
            {
                var sector = (firstSector + i) * SectorSize;
                if (kept[i])
                {
                    var from = Math.Max(sector, Offset);
                    target.Write(from, Data.AsSpan((int)(from - Offset), (int)(Math.Min(sector + SectorSize, end) - from)));
                }
                else if (fate is SurvivalMode.Zeroed or SurvivalMode.Garbled)
                {
                    // The disk writes whole sectors, so one that went wrong takes its neighbours' bytes along.
                    Spoil(target, sector, fate, survival.Random);
                }
            }
        }

        private void GrowFor(PagedBytes target, Survival survival, SurvivalMode fate)
        {
            var end = Offset + Data!.Length;
            if (end <= target.Length || !survival.KeepsMetadata())
            {
                return;
            }

            var length = end;
            if (fate == SurvivalMode.Torn)
            {
                length = target.Length + (survival.Random.NextInt64((end - target.Length) / SectorSize + 1) * SectorSize);
            }

            target.SetLength(length);
        }

        private static void Spoil(PagedBytes target, long sector, SurvivalMode fate, Random random)
        {
            Span<byte> bytes = stackalloc byte[SectorSize];
            bytes.Clear();
            if (fate == SurvivalMode.Garbled)
            {
                random.NextBytes(bytes);
                if (random.Next(3) == 0)
                {
                    target.Read(random.NextInt64((target.Length / SectorSize) + 1) * SectorSize, bytes);
                }
            }

            target.Write(sector, bytes[..(int)Math.Min(SectorSize, target.Length - sector)]);
        }
    }
}
