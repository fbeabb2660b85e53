namespace Engram.Data.Storage.Files;

/// <summary>One open file of a database directory.</summary>
/// <remarks>See <see cref="DataDirectory"/> for errors. Reads may run beside each other and beside a write of another range.</remarks>
internal abstract class DataFile : IDisposable
{
    /// <summary>What writes and reads past the system's cache are multiples of, wherever they can be made.</summary>
    public const int BlockSizeBytes = 4096;

    /// <summary>Relative to the directory, for messages.</summary>
    public abstract string Name { get; }

    /// <summary>The length in bytes now, asked of the system.</summary>
    public abstract long Length { get; }

    /// <summary>Writes all of <paramref name="data"/> at <paramref name="offset"/>. Durable only after <see cref="Sync"/>.</summary>
    public abstract void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>As <see cref="Write"/>, and past the system's cache where the system can: the memory that a large file would fill there stays with others, and is not
    /// first filled and then written from. Whoever reads the range next waits for the disk.</summary>
    /// <param name="offset">A multiple of <see cref="BlockSizeBytes"/>, as are the length and the address of <paramref name="data"/>; any other is written as ever.</param>
    public virtual void WriteDirect(long offset, ReadOnlySpan<byte> data) => Write(offset, data);

    /// <summary>As <see cref="Read"/>, and from the disk itself where the system can, whatever its cache holds, which stays as it is.</summary>
    /// <param name="offset">A multiple of <see cref="BlockSizeBytes"/>, as are the length and the address of <paramref name="target"/>; any other is read as ever.</param>
    public virtual int ReadDirect(long offset, Span<byte> target) => Read(offset, target);

    /// <summary>Reads until <paramref name="target"/> is full or the file ends, and returns the bytes read. An I/O error is never the end of the file.</summary>
    public abstract int Read(long offset, Span<byte> target);

    /// <summary>Makes data and length durable (fdatasync). Throws when the system reports an error; the caller must then treat what
    /// it wrote as lost or kept, unknown which, and never sync this file again.</summary>
    public abstract void Sync();

    /// <summary>Has the system bring what was written to this range to the disk now, and waits for it.</summary>
    /// <remarks>It promises nothing: only <see cref="Sync"/> makes data durable. Who writes a large file beside a log that others wait for calls it
    /// every few hundred kilobytes; else all of it stands in the disk's queue at once, and the log's next sync behind it. Does nothing where the
    /// system has no such call. An error is one of writing, reported once: what was written may be lost.</remarks>
    public virtual void WriteBack(long offset, long length)
    {
    }

    /// <summary>Has the system begin to read a range into its cache, and does not wait for it: for what was written past the cache and is asked for soon. It is advice: where it is not
    /// taken, whoever reads the range waits for the disk.</summary>
    public virtual void Prefetch(long offset, long length)
    {
    }

    /// <summary>Whether a write waits for a device, so that who has much to write does well to compute the next piece meanwhile, on another thread. False also where
    /// the order of all calls must come out of a seed.</summary>
    public virtual bool IsSlow => false;

    public abstract void SetLength(long length);

    /// <summary>Maps a range for reading. The range must lie within the file. Pages are populated, and their errors reported, by
    /// <see cref="MappedRange.Populate"/> before anything reads them.</summary>
    public abstract MappedRange Map(long offset, long length);

    public abstract void Dispose();
}

/// <summary>A range of a file in memory, read-only. Freed by Dispose, or by the finalizer when nothing refers to it any more.</summary>
internal abstract unsafe class MappedRange : IDisposable
{
    /// <summary>The first byte; 64-byte aligned when the file offset is.</summary>
    public byte* Pointer { get; protected init; }

    public long Length { get; protected init; }

    /// <summary>Brings pages in through a call whose result is checked, so that an I/O error is an exception and not the end of the process.</summary>
    public abstract void Populate(long offset, long length);

    /// <summary>Says that all of it will be in memory and be read here and there, so that the system may keep it in large pages; a hint that changes nothing else.</summary>
    /// <remarks>To be given before <see cref="Populate"/>: it is then that the system chooses the size of the pages that it reads into.</remarks>
    public virtual void PreferLargePages()
    {
    }

    public abstract void Dispose();
}
