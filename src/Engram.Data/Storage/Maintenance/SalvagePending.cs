using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>What is left to do once a salvage has published its manifest: files to be moved to quarantine, and the log to be begun anew.</summary>
/// <remarks>
/// <para><b>The problem.</b> A salvage changes several things: CURRENT, the log, and where damaged files lie. Whatever is cut short by a crash, the next opening
/// must find the damage as it was, or the finished result.</para>
/// <para><b>The picture.</b> Before it publishes, the salvage writes the file <c>quarantine/salvage.pending</c>: a <see cref="FramedFile"/> with the generation that
/// is about to be published, the first group and LSN of the new log, and the moves. Publishing the manifest in CURRENT is the one step that decides.</para>
/// <list type="bullet">
/// <item>A crash before it: the file names a generation that CURRENT does not name. It is deleted at the next opening, after that generation's manifest; what else the
/// salvage wrote is deleted as orphans; nothing else was touched. When CURRENT cannot be read, the next salvage passes over that manifest.</item>
/// <item>A crash after it: the next opening for writing, in any mode, does what the file says before it reads anything else. Each move is done when the
/// file is at its old place, and the log file is made when it is not there; so doing it again is harmless. The file goes last.</item>
/// </list>
/// <para>Opened read-only in between, the database is refused: its log does not reach the new manifest.</para>
/// </remarks>
/// <param name="Generation">What the moves belong to.</param>
/// <param name="LogNumber">The log file that begins anew.</param>
/// <param name="LogGroup">Its first group.</param>
/// <param name="LogLsn">Its first commit.</param>
/// <param name="ReportName">Where the report is.</param>
internal sealed record SalvagePending(
    long Generation, int LogNumber, long LogGroup, Lsn LogLsn, string ReportName, IReadOnlyList<(string From, string To)> Moves)
{
    private const string Name = WalFormat.Quarantine + "/salvage.pending";
    private const string TemporaryName = WalFormat.Quarantine + "/salvage.tmp";

    private static ReadOnlySpan<byte> Magic => "EngrmSLV"u8;

    /// <summary>Finishes a salvage that was cut short after it had published, and forgets one that was cut short before.</summary>
    public static void FinishIfAny(DataDirectory directory, StoreOptions options, ILogger logger)
    {
        if (!directory.Exists(Name) || !directory.Exists(CurrentFile.Name))
        {
            return;
        }

        Current current;
        try
        {
            current = CurrentFile.Read(directory);
        }
        catch (EngramException e) when (e.SqlState is SqlStates.DataCorrupted or SqlStates.NotADatabase)
        {
            // As damaged as the salvage found it: it had not published yet.
            return;
        }

        var pending = Read(directory);
        if (pending.Generation == current.Generation)
        {
            pending.Finish(directory, options, logger);
            logger.LogWarning("A salvage of {Path} that had been interrupted was finished; its report is {Report}", directory.Path, pending.ReportName);
        }
        else
        {
            // Its manifest before it, so that no later salvage takes that for one of a checkpoint.
            directory.Delete(Manifest.NameOf(pending.Generation));
            directory.Sync("");
            directory.Delete(Name);
            directory.Sync(WalFormat.Quarantine);
        }
    }

    /// <summary>The generation of a salvage that did not finish; null when there is none. Its manifest leaves out what only its report tells.</summary>
    public static long? FindGeneration(DataDirectory directory)
    {
        try
        {
            return directory.Exists(Name) ? Read(directory).Generation : null;
        }
        catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
        {
            return null;
        }
    }

    /// <summary>Before publishing. Durable when this returns.</summary>
    public void Write(DataDirectory directory)
    {
        var body = new ByteWriter();
        body.WriteInt64(Generation);
        body.WriteCount(LogNumber);
        body.WriteInt64(LogGroup);
        body.WriteInt64(LogLsn.Value);
        body.WriteString(ReportName);
        body.WriteCount(Moves.Count);
        foreach (var (from, to) in Moves)
        {
            body.WriteString(from);
            body.WriteString(to);
        }

        directory.Delete(TemporaryName);
        var next = body.WrittenMemory;
        FramedFile.Write(directory, TemporaryName, Magic, () =>
        {
            var piece = next;
            next = default;
            return piece;
        });
        // Renamed when it is whole: under its name it is never half written.
        directory.Rename(TemporaryName, Name);
        directory.Sync(WalFormat.Quarantine);
    }

    /// <summary>After publishing.</summary>
    public void Finish(DataDirectory directory, StoreOptions options, ILogger logger)
    {
        foreach (var (from, to) in Moves)
        {
            if (directory.Exists(from))
            {
                directory.Rename(from, to);
            }
        }

        directory.Sync(WalFormat.Quarantine);
        directory.Sync(SegmentFlush.Subdirectory);
        directory.CreateSubdirectory(WalFormat.Directory);
        directory.Sync("");
        directory.Sync(WalFormat.Directory);
        if (!directory.Exists(WalFormat.FileName(LogNumber)))
        {
            var size = WalFormat.AlignToBlock(Math.Max(options.WalFileSizeBytesMin, 4 * WalFormat.BlockSizeBytes));
            using var file = WalFile.Prepare(directory, LogNumber, size, logger);
            file.Publish(new WalFileHeader { StartsAnew = true, FirstGroup = LogGroup, FirstLsn = LogLsn }, out _);
        }

        directory.Delete(Name);
        directory.Sync(WalFormat.Quarantine);
    }

    /// <summary>A name in quarantine/ that says when it came there and where from.</summary>
    public static string QuarantineName(DateTimeOffset now, string name)
        => $"{WalFormat.Quarantine}/{Stamp(now)}-{name.Replace('/', '-')}";

    public static string Stamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);

    private static SalvagePending Read(DataDirectory directory)
    {
        using var file = FramedFile.Open(directory, Name, Magic, null, out var length);
        var body = new byte[length];
        FramedFile.ReadExactly(directory, file, FramedFile.HeaderSize, body);
        var reader = new ByteReader(body, $"File '{Name}' of '{directory.Path}'");
        var generation = reader.ReadInt64();
        var number = reader.ReadCount();
        var group = reader.ReadInt64();
        var lsn = new Lsn(reader.ReadInt64());
        var report = reader.ReadString();
        var moves = new (string, string)[reader.ReadElementCount(2)];
        for (var i = 0; i < moves.Length; i++)
        {
            moves[i] = (reader.ReadString(), reader.ReadString());
        }

        reader.ExpectEnd();
        return new SalvagePending(generation, number, group, lsn, report, moves);
    }
}
