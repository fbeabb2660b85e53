using System.Buffers.Binary;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage;

/// <summary>STATE: how far the living writer has acknowledged commits, for readers in other processes.</summary>
/// <remarks>
/// <para><b>The problem.</b> A reader of another process finds groups in the log that the writer has written and not synced yet. It must not show
/// them, for nobody was told that they are kept and a power cut may still take them; and it must show every commit that was acknowledged before it
/// opened. The log alone does not tell the two apart until the next group vouches for the last one.</para>
/// <code>
///    0  magic    8    "EngrmSTA"
///    8  version  u32
///   12  zero     u32
///   16  LSN      i64  everything up to it is acknowledged
///   24  session  32   the content of LOCK: which writer says so
///   56  zero     u32
///   60  checksum u32  CRC-32C of bytes 0 to 59
/// </code>
/// <para><b>Invariants.</b> (1) Written after the sync of a group (in modes Interval and None after its write) and before anyone who waits for the group is
/// released: what was acknowledged is here. (2) Written by a new writer before it appends anything: while STATE names another session than
/// LOCK, the log holds nothing but what recovery will keep.</para>
/// <para><b>Crash.</b> Never synced, and recovery does not read it: after a power cut its content is old, torn or gone, and names another
/// session than the next writer's. Readers use it only while a writer holds the lock. A torn read fails the checksum, and the reader reads again.</para>
/// </remarks>
internal sealed class StateFile : IDisposable
{
    public const string Name = "STATE";

    private const int SizeBytes = 64;
    private const int LsnAt = 16;
    private const int SessionAt = 24;
    private const int SessionSizeBytes = 32;
    private const int ChecksumAt = 60;

    private readonly DataFile file;
    private readonly ILogger logger;
    private readonly byte[] record = new byte[SizeBytes];
    private bool hasFailed;

    private StateFile(DataFile file, byte[] session, ILogger logger)
    {
        this.file = file;
        this.logger = logger;
        Magic.CopyTo(record);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(FormatVersion.MagicSize), FormatVersion.Current);
        session.CopyTo(record, SessionAt);
    }

    private static ReadOnlySpan<byte> Magic => "EngrmSTA"u8;

    /// <summary>Begins a writer's session, whose lock is held.</summary>
    public static StateFile Begin(DataDirectory directory, Lsn acknowledged, ILogger logger)
    {
        var file = directory.Exists(Name) ? directory.Open(Name, writable: true) : directory.Create(Name);
        try
        {
            var state = new StateFile(file, ReadSession(directory), logger);
            state.Encode(acknowledged);
            file.Write(0, state.record);
            return state;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Says that everything up to a commit is acknowledged. One call at a time, in order; does not throw.</summary>
    public void Write(Lsn acknowledged)
    {
        if (hasFailed)
        {
            return;
        }

        try
        {
            Encode(acknowledged);
            file.Write(0, record);
        }
        catch (EngramException e)
        {
            // The commit stands whatever readers of other processes can be told. What STATE says remains true, only not the newest.
            hasFailed = true;
            logger.LogError(e, "STATE could not be written; processes that open the database read-only may miss the newest commits until it is reopened");
        }
    }

    /// <summary>What the writer with this content of LOCK has acknowledged; null when STATE is another's, or none.</summary>
    public static Lsn? Read(DataDirectory directory, ReadOnlySpan<byte> session)
    {
        if (!directory.Exists(Name))
        {
            return null;
        }

        using var file = directory.Open(Name, writable: false);
        Span<byte> bytes = stackalloc byte[SizeBytes];
        return file.Read(0, bytes) == SizeBytes && bytes.StartsWith(Magic)
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumAt..]) == Crc32C.Compute(bytes[..ChecksumAt])
            && bytes.Slice(SessionAt, SessionSizeBytes).SequenceEqual(session)
            ? new Lsn(BinaryPrimitives.ReadInt64LittleEndian(bytes[LsnAt..]))
            : null;
    }

    /// <summary>The content of LOCK, which is another for each writer; zeros when there is none.</summary>
    public static byte[] ReadSession(DataDirectory directory)
    {
        var session = new byte[SessionSizeBytes];
        if (directory.Exists(DatabaseFiles.LockName))
        {
            using var held = directory.Open(DatabaseFiles.LockName, writable: false);
            held.Read(0, session);
        }

        return session;
    }

    public void Dispose() => file.Dispose();

    private void Encode(Lsn acknowledged)
    {
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(LsnAt), acknowledged.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(ChecksumAt), Crc32C.Compute(record.AsSpan(0, ChecksumAt)));
    }
}
