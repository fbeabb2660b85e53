namespace Engram.Data.Storage;

/// <summary>Takes over copies of long values while their source is kept.</summary>
internal sealed unsafe class BulkCopies
{
    public void Add(byte* from, byte* to, long sizeBytes) => Buffer.MemoryCopy(from, to, sizeBytes, sizeBytes);
}
