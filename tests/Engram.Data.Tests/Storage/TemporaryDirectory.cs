namespace Engram.Data.Tests.Storage;

/// <summary>A directory of its own for one test, gone afterwards.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("engram-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
