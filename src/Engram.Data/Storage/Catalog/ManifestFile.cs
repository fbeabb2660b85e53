using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Catalog;

/// <summary>Manifests on disk: one immutable file a generation.</summary>
/// <remarks>
/// <para>A checkpoint makes a new set of files the database in one step. It writes segments and overlays, then a manifest that names them,
/// and at last a slot of CURRENT that names the manifest (<see cref="CurrentFile"/>). A manifest that CURRENT does not name is nothing.</para>
/// <para>The file is a <see cref="FramedFile"/> with magic "EngrmMAN" around the body of <see cref="ManifestCodec"/>.</para>
/// <para>What a crash leaves behind:</para>
/// <list type="bullet">
/// <item>while the file is written, or before it and its name are synced: a file of any content, or none, that nothing names. Recovery
/// deletes it, and <see cref="Write"/> replaces it if the same generation comes again;</item>
/// <item>after both syncs: a whole manifest that nothing names yet. The same;</item>
/// <item>after CURRENT names it: it is synced, name and content, and was read back. If it does not match the checksum in CURRENT, it was
/// damaged or exchanged later, and opening fails with XX001.</item>
/// </list>
/// </remarks>
internal static class ManifestFile
{
    private static ReadOnlySpan<byte> Magic => "EngrmMAN"u8;

    /// <summary>Writes, syncs and reads back the file of a generation that CURRENT does not name.</summary>
    /// <param name="isCurrentReadable">False in a salvage that found no valid CURRENT: then nothing tells what is published.</param>
    /// <returns>The checksum for <see cref="CurrentFile.Publish"/>.</returns>
    public static uint Write(DataDirectory directory, Manifest manifest, bool isCurrentReadable = true)
    {
        if (isCurrentReadable && directory.Exists(CurrentFile.Name) && CurrentFile.Read(directory).Generation >= manifest.Generation)
        {
            throw Error.Internal($"manifest {manifest.Generation} would replace one that is published");
        }

        var body = new ByteWriter(64 * 1024);
        ManifestCodec.Write(body, manifest);
        var name = Manifest.NameOf(manifest.Generation);
        directory.Delete(name);
        var next = body.WrittenMemory;
        var checksum = FramedFile.Write(directory, name, Magic, () =>
        {
            var piece = next;
            next = default;
            return piece;
        });
        directory.Sync("");

        // Decoding proves that the file says what was meant, not only that the bytes arrived.
        Read(directory, manifest.Generation, checksum);
        return checksum;
    }

    /// <summary>Reads the manifest of the generation that CURRENT names.</summary>
    /// <exception cref="EngramException">XX001 the file is missing, cut short, damaged or another's; EG002 a later version wrote it.</exception>
    /// <param name="checksum">Null takes any manifest that is whole, for a salvage.</param>
    public static Manifest Read(DataDirectory directory, long generation, uint? checksum)
    {
        var name = Manifest.NameOf(generation);
        using var file = FramedFile.Open(directory, name, Magic, checksum, out var bodyLength);
        var body = new byte[bodyLength];
        FramedFile.ReadExactly(directory, file, FramedFile.HeaderSize, body);
        var reader = new ByteReader(body, $"File '{name}' of '{directory.Path}'");
        var manifest = ManifestCodec.Read(ref reader);
        reader.ExpectEnd();
        return manifest.Generation == generation
            ? manifest
            : throw Error.FileDamaged(directory.Path, name, $"it is the manifest of generation {manifest.Generation}");
    }
}
