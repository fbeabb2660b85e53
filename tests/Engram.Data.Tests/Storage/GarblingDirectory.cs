using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Storage;

/// <summary>A directory whose disk flips one bit at one place of whatever is written there.</summary>
internal sealed class GarblingDirectory(DataDirectory inner) : DataDirectory
{
    public long GarbleAt { get; set; }

    public override string Path => inner.Path;

    public override bool CanMap => inner.CanMap;

    public override ulong NextRandom() => inner.NextRandom();

    public override bool Exists(string name) => inner.Exists(name);

    public override IReadOnlyList<string> List(string subdirectory) => inner.List(subdirectory);

    public override DataFile Create(string name) => new GarblingFile(inner.Create(name), this);

    public override DataFile Open(string name, bool writable) => inner.Open(name, writable);

    public override void Rename(string from, string to) => inner.Rename(from, to);

    public override void Delete(string name) => inner.Delete(name);

    public override void CreateSubdirectory(string name) => inner.CreateSubdirectory(name);

    public override void Sync(string subdirectory) => inner.Sync(subdirectory);

    public override IDisposable? TryLock(string name, out int holder) => inner.TryLock(name, out holder);

    public override void Dispose()
    {
        // The inner directory belongs to the test.
    }

    private sealed class GarblingFile(DataFile inner, GarblingDirectory directory) : DataFile
    {
        public override string Name => inner.Name;

        public override long Length => inner.Length;

        public override void Write(long offset, ReadOnlySpan<byte> data)
        {
            var at = directory.GarbleAt - offset;
            if (at >= 0 && at < data.Length)
            {
                var garbled = data.ToArray();
                garbled[at] ^= 4;
                data = garbled;
            }

            inner.Write(offset, data);
        }

        public override int Read(long offset, Span<byte> target) => inner.Read(offset, target);

        public override void Sync() => inner.Sync();

        public override void SetLength(long length) => inner.SetLength(length);

        public override MappedRange Map(long offset, long length) => inner.Map(offset, length);

        public override void Dispose() => inner.Dispose();
    }
}
