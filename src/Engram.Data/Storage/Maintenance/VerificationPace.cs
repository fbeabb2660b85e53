using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Counts what a verification reads, and holds it back when that is more than it may.</summary>
internal sealed class VerificationPace(TimeProvider clock, long bytesPerSecondMax)
{
    private readonly long started = clock.GetTimestamp();
    private long bytes;

    public long Bytes => Interlocked.Read(ref bytes);

    public TimeSpan Elapsed => clock.GetElapsedTime(started);

    public void Add(long read) => Interlocked.Add(ref bytes, read);

    /// <summary>Waits until what was read so far may have been read.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (bytesPerSecondMax == long.MaxValue)
        {
            return;
        }

        var ahead = TimeSpan.FromSeconds((double)Bytes / bytesPerSecondMax) - Elapsed;
        // A timer is no finer than that.
        if (ahead > TimeSpan.FromMilliseconds(5))
        {
            await Task.Delay(ahead, clock, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>A range of a file in memory of our own, into which calls read what is asked for: what an I/O error cannot end the process with.</summary>
internal sealed unsafe class ReadRange : MappedRange
{
    private readonly DataFile file;
    private readonly long offset;
    private int isDisposed;

    /// <param name="file">Owned from now on.</param>
    public ReadRange(DataFile file, long offset, long length)
    {
        this.file = file;
        this.offset = offset;
        Length = length;
        // Not cleared: the system gives pages as they are touched, and most never are.
        Pointer = (byte*)System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1), 4096);
    }

    ~ReadRange() => Free();

    public override void Populate(long rangeOffset, long length)
    {
        const int StepMax = 16 * 1024 * 1024;
        for (var at = rangeOffset; at < rangeOffset + length; at += StepMax)
        {
            var step = (int)Math.Min(StepMax, rangeOffset + length - at);
            var read = file.Read(offset + at, new Span<byte>(Pointer + at, step));
            if (read != step)
            {
                throw Error.FileTooShort(file.Name, offset + at + step, offset + at + read);
            }
        }
    }

    public override void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0)
        {
            System.Runtime.InteropServices.NativeMemory.AlignedFree(Pointer);
            file.Dispose();
        }
    }
}
