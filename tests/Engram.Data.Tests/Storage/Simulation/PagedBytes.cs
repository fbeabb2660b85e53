namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>The bytes of a file in pages that are replaced and never modified, so that a copy of the whole costs one reference a page.</summary>
/// <remarks>A page of zeros is null. Bytes at and beyond <see cref="Length"/> are zero. Not thread-safe.</remarks>
internal sealed class PagedBytes
{
    public const int PageSize = 4096;

    private byte[]?[] _pages = [];

    public long Length { get; private set; }

    public PagedBytes Copy() => new() { _pages = (byte[]?[])_pages.Clone(), Length = Length };

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        if (offset + data.Length > Length)
        {
            SetLength(offset + data.Length);
        }

        while (data.Length > 0)
        {
            var page = (int)(offset / PageSize);
            var within = (int)(offset % PageSize);
            var count = Math.Min(data.Length, PageSize - within);
            var part = data[..count];
            if (_pages[page] is not null || part.ContainsAnyExcept((byte)0))
            {
                var bytes = _pages[page] is { } old ? (byte[])old.Clone() : new byte[PageSize];
                part.CopyTo(bytes.AsSpan(within));
                _pages[page] = bytes;
            }

            data = data[count..];
            offset += count;
        }
    }

    public int Read(long offset, Span<byte> target)
    {
        var total = (int)Math.Clamp(Length - offset, 0, target.Length);
        for (var done = 0; done < total;)
        {
            var within = (int)((offset + done) % PageSize);
            var count = Math.Min(total - done, PageSize - within);
            var part = target.Slice(done, count);
            if (_pages[(int)((offset + done) / PageSize)] is { } page)
            {
                page.AsSpan(within, count).CopyTo(part);
            }
            else
            {
                part.Clear();
            }

            done += count;
        }

        return total;
    }

    public void SetLength(long length)
    {
        var pages = (int)((length + PageSize - 1) / PageSize);
        if (pages != _pages.Length)
        {
            Array.Resize(ref _pages, pages);
        }

        var within = (int)(length % PageSize);
        if (length < Length && within != 0 && _pages[^1] is { } last)
        {
            // What the file is later extended by reads as zeros.
            var kept = new byte[PageSize];
            last.AsSpan(0, within).CopyTo(kept);
            _pages[^1] = kept;
        }

        Length = length;
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        Read(0, bytes);
        return bytes;
    }
}
