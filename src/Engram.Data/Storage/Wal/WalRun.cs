using Engram.Data.Kernels;

namespace Engram.Data.Storage.Wal;

/// <summary>Groups that follow each other in one file by what their headers say, on the way to be checked against their payloads.</summary>
internal sealed class WalRun : ReplayTask
{
    private WalFileReader? file;

    public List<(long Offset, WalGroupHeader Header)> Groups { get; } = [];

    /// <summary>How many groups, from the first on, have the payloads that their headers name. Known when the task is done.</summary>
    public int SoundCount { get; private set; }

    public void Begin(WalFileReader reader)
    {
        file = reader;
        Groups.Clear();
        SoundCount = 0;
        IsDone = false;
    }

    protected override unsafe void Run()
    {
        // The chain keeps the file's memory until all its runs are done.
        var memory = file!.Image!.Pointer;
        foreach (var (offset, header) in Groups)
        {
            var payload = new ReadOnlySpan<byte>(memory + offset + WalFormat.GroupHeaderSizeBytes, (int)header.PayloadLength);
            if (Crc32C.Compute(payload) != header.PayloadChecksum)
            {
                return;
            }

            SoundCount++;
        }
    }
}
