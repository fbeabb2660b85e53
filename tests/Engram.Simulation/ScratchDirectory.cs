namespace Engram.Simulation;

/// <summary>A directory of its own for one command; kept when something went wrong in it.</summary>
internal sealed class ScratchDirectory(string command) : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory($"engram-{command}-").FullName;

    public bool IsKept { get; set; }

    public void Dispose()
    {
        if (!IsKept)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
