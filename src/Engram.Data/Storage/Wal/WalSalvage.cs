using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Wal;

/// <summary>What a salvage found in the log.</summary>
internal sealed record WalSalvageResult
{
    /// <summary>The newest commit that was applied, or the checkpoint's when none was.</summary>
    public required Lsn LastLsn { get; init; }

    /// <summary>Why the log cannot be read to its end; null when it can.</summary>
    public string? Damage { get; init; }

    /// <summary>The file in which the readable part ends; "" when there is none.</summary>
    public string File { get; init; } = "";

    /// <summary>The commit that did not fit the rows that are there; it was half applied, so that all must be applied anew up to the one before it.</summary>
    public Lsn? MisfitLsn { get; init; }

    /// <summary>The first commit that is not applied, when <see cref="Damage"/>.</summary>
    public Lsn FirstLost => LastLsn.Next;

    /// <summary>The greatest LSN of which any readable part of the log tells; before <see cref="FirstLost"/> when none tells of a lost one.</summary>
    public Lsn LastKnownLsn { get; init; }

    /// <summary>The greatest number of a group of which any readable part of the log tells.</summary>
    public long LastKnownGroup { get; init; }

    /// <summary>A number that no file has, nor a later one.</summary>
    public int FileNumberNext { get; init; }

    /// <summary>What lost commits, as far as they can be decoded, did to rows.</summary>
    public IReadOnlyList<WalLostChange> Changes { get; init; } = [];

    /// <summary>Commits that were applied, and their bytes.</summary>
    public long Transactions { get; init; }

    public long Bytes { get; init; }

    /// <summary>Bytes of a torn tail, which was never acknowledged.</summary>
    public long TornBytes { get; init; }
}

/// <summary>Reads as much of a log as forms an unbroken prefix, and looks at what lies behind the break. Changes nothing.</summary>
/// <remarks>
/// <para><b>The problem.</b> <see cref="WalReader"/> refuses a log in which acknowledged commits are damaged. A salvage wants what stands before the
/// damage, and a list of what stands behind it.</para>
/// <para><b>Only a prefix is applied.</b> Groups behind the damage may be whole. They are not applied: a commit may rest on rows and keys of one that is lost, and
/// what came out would be a database that never existed. They are decoded for the report, and their files go to quarantine.</para>
/// <para><b>What counts as damage</b> is what <see cref="WalReader"/> refuses: a break in the chain while something says that the log went on; a file
/// with a bad header, or one that was cut short, unless a checkpoint made it superfluous; files that are missing; a commit that passes its
/// checksum and does not fit the rows. A torn tail is none: it was never acknowledged.</para>
/// <para>An I/O error is no damage: it passes through as 58030, for the next attempt, or a copy of the disk, may read what this one could not.</para>
/// </remarks>
internal static class WalSalvage
{
    /// <param name="after">The newest commit in the segments.</param>
    /// <param name="cut">Commits after this one are not applied, because of what an earlier reading found.</param>
    /// <param name="apply">Throws XX001 for a commit that does not fit.</param>
    public static WalSalvageResult Read(DataDirectory directory, Lsn after, (Lsn Last, string Damage)? cut, Action<Lsn, Bytes> apply)
    {
        var files = new List<WalFileReader>();
        try
        {
            var damage = Open(directory, after, files, out var unreadable, out var numberNext, out var isReached);
            var last = after;
            Lsn? misfit = null;
            WalChain? chain = null;
            var (transactions, bytes, tornBytes) = (0L, 0L, 0L);
            if (isReached)
            {
                var applying = Lsn.Zero;
                // One thread: what is half applied at an error must be known.
                using var workers = new ReplayWorkers(ReplayOptions.Default);
                using var reading = new WalReadAhead(workers, files);
                chain = new WalChain(files, after, (lsn, payload) =>
                {
                    if (cut is null || lsn <= cut.Value.Last)
                    {
                        applying = lsn;
                        apply(lsn, payload);
                        (last, applying) = (lsn, Lsn.Zero);
                        transactions++;
                        bytes += payload.Length;
                    }
                }, workers, directory.Clock);
                try
                {
                    chain.Follow();
                    tornBytes = WalTail.Examine(directory, files, chain).TornBytes;
                    if (chain.NextLsn <= after)
                    {
                        damage ??= string.Create(CultureInfo.InvariantCulture, $"the log ends after commit {chain.NextLsn.Value - 1}, and the last checkpoint holds everything up to {after}");
                    }
                }
                catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
                {
                    damage = Error.Finding(e);
                    misfit = applying > Lsn.Zero ? applying : null;
                }
            }

            damage = cut?.Damage ?? damage;
            var rest = WalSalvageScan.Run(directory, files, unreadable, last.Next);
            return new WalSalvageResult
            {
                LastLsn = last,
                Damage = damage,
                File = chain is null ? WalFormat.Directory : files[chain.FileIndex].Name,
                MisfitLsn = misfit,
                LastKnownLsn = rest.LastLsn,
                LastKnownGroup = Math.Max(rest.LastGroup, (chain?.NextGroup ?? 1) - 1),
                FileNumberNext = numberNext,
                Changes = damage is null ? [] : rest.Changes,
                Transactions = transactions,
                Bytes = bytes,
                TornBytes = tornBytes,
            };
        }
        finally
        {
            files.ForEach(f => f.Dispose());
        }
    }

    /// <summary>Opens the files that recovery would read, leaving out those that cannot be.</summary>
    /// <param name="isReached">Whether the first one begins at or before the first commit after the checkpoint.</param>
    /// <returns>What is wrong with a file, or with the whole; null when nothing is.</returns>
    private static string? Open(DataDirectory directory, Lsn after, List<WalFileReader> files, out List<int> unreadable, out int numberNext, out bool isReached)
    {
        unreadable = [];
        numberNext = 1;
        var numbers = new List<int>();
        foreach (var name in directory.List(WalFormat.Directory))
        {
            if (WalFormat.TryParseName(name, ".wal", out var number))
            {
                numbers.Add(number);
            }
            else
            {
                WalFormat.TryParseName(name, ".tmp", out number);
            }

            numberNext = Math.Max(numberNext, number + 1);
        }

        numbers.Sort();
        string? damage = null;
        isReached = false;
        for (var i = numbers.Count - 1; i >= 0 && !isReached; i--)
        {
            try
            {
                var file = WalFileReader.Open(directory, numbers[i], isWritable: false, takesShort: true);
                files.Insert(0, file);
                isReached = file.Header.FirstLsn <= after.Next;
                damage ??= file.IsShort ? string.Create(CultureInfo.InvariantCulture, $"'{file.Name}' was cut to {file.SizeBytes} bytes of {file.Header.SizeBytes}") : null;
            }
            catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
            {
                damage ??= Error.Finding(e);
                unreadable.Add(numbers[i]);
            }
        }

        if (isReached || (files.Count == 0 && unreadable.Count == 0 && after == Lsn.Zero))
        {
            return damage;
        }

        return damage ?? (files.Count == 0
            ? "there are no log files"
            : string.Create(CultureInfo.InvariantCulture, $"its oldest file, '{files[0].Name}', begins with commit {files[0].Header.FirstLsn}, and the last checkpoint holds everything up to {after}"));
    }
}
