using System.Buffers.Binary;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Catalog;

/// <summary>Which manifest is the database, as CURRENT says.</summary>
/// <param name="Sequence">Counts writes of CURRENT.</param>
/// <param name="Generation">The manifest's generation, which is its name.</param>
/// <param name="ManifestChecksum">The checksum of the manifest's file.</param>
/// <param name="DatabaseId">Random, given at creation, never changed.</param>
internal sealed record Current(long Sequence, long Generation, uint ManifestChecksum, Guid DatabaseId);

/// <summary>CURRENT: the one small file that is overwritten in place, and so decides what a directory is.</summary>
/// <remarks>
/// <para><b>The problem.</b> A checkpoint replaces one set of files by another. At every moment, whatever is lost in a crash, exactly one
/// of the two sets must be the database, and all of its files must be there.</para>
/// <para><b>The picture.</b> Two slots of 4 KiB. Write number n goes to slot n mod 2.</para>
/// <code>
///    0  magic      8     "EngrmCUR"                    } these four stand where they are for ever, so that
///    8  version    u32   FormatVersion.Current         } every version can tell that another wrote the slot
///   12  zero       u32
///   16  sequence   i64   n                             }
///   24  generation i64   names MANIFEST-&lt;generation&gt;
///   32  manifest   u32   the manifest's checksum
///   36  zero       u32
///   40  database   16    the database's id
///   56  zero       up to
/// 4092  checksum   u32   CRC-32C of bytes 0 to 4091    }
/// </code>
/// <para>The valid slot with the greater sequence counts. <see cref="Publish"/> writes the slot with the lesser one and syncs, then the other
/// with the same content and syncs. So between writes both slots say the same, and damage to either is survived.</para>
/// <para><b>Invariants.</b> (1) A slot is written only when the other is valid and on the disk, so at most one is not, and that is the one
/// with the greater sequence. (2) A slot names a manifest that was synced, with everything it names, before. (3) Files are deleted only when
/// both slots on the disk name the manifest that does without them: after <see cref="Publish"/> returned, or after <see cref="Open"/> did.</para>
/// <para><b>What a crash or bad input leaves behind.</b></para>
/// <list type="bullet">
/// <item>During the first write: that slot is old, new or torn. Old or torn: the other slot and the old set count, which by (3) is there. New:
/// the new set counts, which by (2) is there. Neither case has deleted anything.</item>
/// <item>During the second write: the first is synced, so the new set counts whatever becomes of this slot.</item>
/// <item>A process ends between a write and its sync, or a sync fails: either set may count at the next opening. Until then the caller writes
/// nothing more and deletes nothing. The next program may see a slot that is in the system's cache only, and after a failed sync the system calls
/// such a page clean and answers every later sync with success. So <see cref="Open"/> trusts neither the slots' agreement nor a sync of
/// what it did not write: it writes the counting slot again, in its place, and syncs that. By (1) the other is on the disk, and by
/// (3) its set is still there should this write be torn. Then, when the slots differ, it writes the other as well. When the other is invalid it
/// was the one being written, so the counting one is on the disk, and only the other is written.</item>
/// <item>Both slots fail their checksums: XX001. There is no guessing from the manifests that lie around: the newest need not be published.</item>
/// <item>No slot has the magic: EG001, another program's file. A greater version: EG002. A slot in the other's place is invalid (n mod 2).</item>
/// <item>No CURRENT: a directory that is empty is a database to be created; one that holds anything else is not ours, or lost its CURRENT:
/// EG001, and nothing in it is touched.</item>
/// <item>During creation: <see cref="BeginCreate"/> makes CURRENT.new before anything else, <see cref="Create"/> renames it to CURRENT after
/// everything else. CURRENT.new without CURRENT is a creation that never acknowledged anything, and is begun anew.</item>
/// </list>
/// </remarks>
internal static class CurrentFile
{
    public const string Name = "CURRENT";

    /// <summary>Stands for CURRENT while a database is created.</summary>
    public const string NewName = "CURRENT.new";

    /// <summary>CURRENT while <see cref="Replace"/> makes it. Not <see cref="NewName"/>, which allows to begin anew.</summary>
    private const string ReplacementName = "CURRENT.tmp";

    /// <summary>What may lie in a directory that is not a database yet: the lock is taken before anything is looked at.</summary>
    private const string LockName = "LOCK";

    private static readonly string[] Subdirectories = ["segments", "wal"];

    private const int SlotSize = 4096;
    private const int SequenceAt = 16;
    private const int GenerationAt = 24;
    private const int ManifestAt = 32;
    private const int DatabaseIdAt = 40;
    private const int ChecksumAt = SlotSize - sizeof(uint);

    /// <summary>The slot that does not count, beside the one that does.</summary>
    private enum OtherSlot
    {
        Same,
        Differs,
        Invalid,
    }

    private static ReadOnlySpan<byte> Magic => "EngrmCUR"u8;

    /// <summary>Whether the directory holds a database. False: it is empty, or its creation never ended, and one may be created.</summary>
    /// <exception cref="EngramException">EG001: it holds something else.</exception>
    public static bool Exists(DataDirectory directory)
    {
        if (directory.Exists(Name))
        {
            return true;
        }

        if (!directory.Exists(NewName))
        {
            var others = directory.List("").Where(name => name != LockName).ToList();
            // The files of a database whose CURRENT and manifest are both gone are the last thing to build another one over.
            others.AddRange(Subdirectories.SelectMany(s => directory.List(s).Select(name => $"{s}/{name}")));
            if (others.Count > 0)
            {
                throw Error.NotADatabase(directory.Path, $"it has no file CURRENT, but others, such as '{others[0]}'{SalvageAdvice(others)}");
            }
        }

        return false;
    }

    /// <summary>Begins to create a database where <see cref="Exists"/> is false: marks the directory as ours, and clears what an earlier
    /// attempt left.</summary>
    public static void BeginCreate(DataDirectory directory, params ReadOnlySpan<string> subdirectories)
    {
        if (directory.Exists(NewName))
        {
            foreach (var name in directory.List("").Where(n => n.StartsWith(Manifest.NamePrefix, StringComparison.Ordinal)))
            {
                directory.Delete(name);
            }

            foreach (var subdirectory in subdirectories)
            {
                foreach (var name in directory.List(subdirectory))
                {
                    directory.Delete($"{subdirectory}/{name}");
                }
            }
        }
        else
        {
            directory.Create(NewName).Dispose();
            // The mark must not come after what it marks.
            directory.Sync("");
        }

        foreach (var subdirectory in subdirectories)
        {
            directory.CreateSubdirectory(subdirectory);
        }
    }

    /// <summary>Ends the creation of a database: everything that its first manifest names is there and synced.</summary>
    public static Current Create(DataDirectory directory, Guid databaseId, long generation, uint manifestChecksum)
    {
        var current = new Current(1, generation, manifestChecksum, databaseId);
        using (var file = directory.Open(NewName, writable: true))
        {
            WriteSlot(file, current with { Sequence = 0 });
            WriteSlot(file, current);
            file.Sync();
        }

        directory.Rename(NewName, Name);
        directory.Sync("");
        return current;
    }

    /// <summary>A new random id for <see cref="Create"/>.</summary>
    public static Guid NewDatabaseId(DataDirectory directory)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(id, directory.NextRandom());
        BinaryPrimitives.WriteUInt64LittleEndian(id[sizeof(ulong)..], directory.NextRandom());
        return new Guid(id);
    }

    /// <summary>Reads CURRENT and makes sure of what it says, as the only writer.</summary>
    /// <exception cref="EngramException">EG001 not a database, EG002 another version's, XX001 damaged.</exception>
    public static Current Open(DataDirectory directory)
    {
        using var file = directory.Open(Name, writable: true);
        var current = Read(directory, file, out var other);
        if (other != OtherSlot.Invalid)
        {
            WriteSlot(file, current);
            file.Sync();
        }

        if (other != OtherSlot.Same)
        {
            current = current with { Sequence = current.Sequence + 1 };
            WriteSlot(file, current);
            file.Sync();
        }

        return current;
    }

    /// <summary>Reads CURRENT and changes nothing, for a reader beside or without a writer.</summary>
    /// <exception cref="EngramException">EG001 not a database, EG002 another version's, XX001 damaged.</exception>
    public static Current Read(DataDirectory directory)
    {
        using var file = directory.Open(Name, writable: false);
        return Read(directory, file, out _);
    }

    /// <summary>What is wrong with one of the two slots, or with both, as a sentence; null when both are whole.</summary>
    public static string? FindInvalidSlot(DataDirectory directory)
    {
        using var file = directory.Open(Name, writable: false);
        Read(directory, file, out var other);
        return other == OtherSlot.Invalid ? "one of its two copies does not match its checksum; the other one counts, and the next checkpoint writes both anew" : null;
    }

    /// <summary>Makes another manifest the database. It and all that it names are synced already.</summary>
    /// <returns>To be given to the next call. When this throws, either manifest may count: write nothing more, delete nothing.</returns>
    public static Current Publish(DataDirectory directory, Current previous, long generation, uint manifestChecksum)
    {
        using var file = directory.Open(Name, writable: true);
        var current = previous with { Generation = generation, ManifestChecksum = manifestChecksum };
        for (var i = 0; i < 2; i++)
        {
            current = current with { Sequence = current.Sequence + 1 };
            WriteSlot(file, current);
            file.Sync();
        }

        return current;
    }

    /// <summary>Puts a whole CURRENT in the place of one that cannot be read, or of none, in one step. For a salvage.</summary>
    public static Current Replace(DataDirectory directory, Guid databaseId, long generation, uint manifestChecksum)
    {
        var current = new Current(1, generation, manifestChecksum, databaseId);
        directory.Delete(ReplacementName);
        using (var file = directory.Create(ReplacementName))
        {
            WriteSlot(file, current with { Sequence = 0 });
            WriteSlot(file, current);
            file.Sync();
        }

        directory.Rename(ReplacementName, Name);
        directory.Sync("");
        return current;
    }

    /// <summary>A directory with manifests was a database of ours.</summary>
    private static string SalvageAdvice(IEnumerable<string> names)
        => names.LastOrDefault(n => n.StartsWith(Manifest.NamePrefix, StringComparison.Ordinal)) is { } manifest
            ? $". If it is one that lost its file CURRENT, Recovery=Salvage makes a new one that names '{manifest}'" : "";

    private static void WriteSlot(DataFile file, Current current)
    {
        var slot = new byte[SlotSize];
        Magic.CopyTo(slot);
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(FormatVersion.MagicSize), FormatVersion.Current);
        BinaryPrimitives.WriteInt64LittleEndian(slot.AsSpan(SequenceAt), current.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(slot.AsSpan(GenerationAt), current.Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(ManifestAt), current.ManifestChecksum);
        current.DatabaseId.TryWriteBytes(slot.AsSpan(DatabaseIdAt));
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(ChecksumAt), Crc32C.Compute(slot.AsSpan(0, ChecksumAt)));
        file.Write((current.Sequence & 1) * SlotSize, slot);
    }

    private static Current Read(DataDirectory directory, DataFile file, out OtherSlot other)
    {
        var bytes = new byte[2 * SlotSize];
        var length = file.Read(0, bytes);
        // What is missing reads as zeros, which is no valid slot.
        var first = bytes.AsSpan(0, SlotSize);
        var second = bytes.AsSpan(SlotSize);
        var isFirst = IsValid(first, 0);
        var isSecond = IsValid(second, 1);
        if (!isFirst && !isSecond)
        {
            throw Unreadable(directory, bytes, length);
        }

        var counting = isFirst && (!isSecond || Sequence(first) > Sequence(second)) ? first : second;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(counting[FormatVersion.MagicSize..]);
        if (version != FormatVersion.Current)
        {
            throw Error.UnsupportedFormat($"The database '{directory.Path}'", version, FormatVersion.Current);
        }

        other = !isFirst || !isSecond ? OtherSlot.Invalid
            : first[GenerationAt..ChecksumAt].SequenceEqual(second[GenerationAt..ChecksumAt]) ? OtherSlot.Same : OtherSlot.Differs;
        return new Current(
            Sequence(counting),
            BinaryPrimitives.ReadInt64LittleEndian(counting[GenerationAt..]),
            BinaryPrimitives.ReadUInt32LittleEndian(counting[ManifestAt..]),
            new Guid(counting[DatabaseIdAt..(DatabaseIdAt + 16)]));
    }

    private static bool IsValid(ReadOnlySpan<byte> slot, int place)
        => slot.StartsWith(Magic)
            && BinaryPrimitives.ReadUInt32LittleEndian(slot[ChecksumAt..]) == Crc32C.Compute(slot[..ChecksumAt])
            && (Sequence(slot) & 1) == place;

    private static long Sequence(ReadOnlySpan<byte> slot) => BinaryPrimitives.ReadInt64LittleEndian(slot[SequenceAt..]);

    private static EngramException Unreadable(DataDirectory directory, ReadOnlySpan<byte> bytes, int length)
    {
        // One whole magic is enough to say that this was a database; none, and nothing here is ours to judge.
        var isOurs = bytes.StartsWith(Magic) || bytes[SlotSize..].StartsWith(Magic);
        if (!isOurs)
        {
            return Error.NotADatabase(directory.Path, $"its file CURRENT ({length} bytes) was not written by Engram.Data{SalvageAdvice(directory.List(""))}");
        }

        return length < 2 * SlotSize
            ? Error.FileLength(directory.Path, Name, 2 * SlotSize, length)
            : Error.FileDamaged(directory.Path, Name, "neither of its two copies matches its checksum, so it is unknown which manifest counts");
    }
}
