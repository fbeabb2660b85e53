using System.Buffers.Binary;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Wal;

/// <summary>What stands in the log files, group by group, for people who look into them: nothing is applied, written, locked or mapped.</summary>
/// <remarks>
/// <para><b>The problem.</b> Recovery reads the log to decide; whoever looks wants to see also what recovery refuses, and while a writer appends.</para>
/// <para><b>What is shown.</b> Every file by its number, from its first group on. Where a header is valid its group is shown, and whether its payload holds
/// what the header says and continues the group before it. Where none is valid the file is searched block by block for the next one: zeros up to the
/// end are room for later groups, other bytes, and zeros with a group behind them, are shown as bytes that are no group.</para>
/// <para><b>Beside a writer</b> a group that is being written shows as not whole, and a file that a checkpoint deletes meanwhile is left out. Older files that
/// a recovery has superseded show the groups that it cut: the newer file, which starts anew, says which.</para>
/// </remarks>
internal static class WalListing
{
    /// <param name="File">Relative to the database's directory.</param>
    /// <param name="Header">Null for bytes that are no group.</param>
    /// <param name="Problem">Null when the group is whole.</param>
    /// <param name="Commits">The payloads of its commits, in order; none when it is not whole.</param>
    internal readonly record struct Group(string File, long Offset, long SizeBytes, WalGroupHeader? Header, string? Problem, IReadOnlyList<byte[]> Commits);

    public static IEnumerable<Group> Read(DataDirectory directory)
    {
        var numbers = new List<int>();
        foreach (var name in directory.List(WalFormat.Directory))
        {
            if (WalFormat.TryParseName(name, ".wal", out var number))
            {
                numbers.Add(number);
            }
        }

        numbers.Sort();
        foreach (var number in numbers)
        {
            if (TryOpen(directory, WalFormat.FileName(number)) is { } file)
            {
                using (file)
                {
                    foreach (var group in ReadFile(directory, file, number))
                    {
                        yield return group;
                    }
                }
            }
        }
    }

    private static IEnumerable<Group> ReadFile(DataDirectory directory, DataFile file, int number)
    {
        var block = new byte[WalFormat.BlockSizeBytes];
        if (!WalFileHeader.TryRead(block.AsSpan(0, file.Read(0, block)), out var header, out var version))
        {
            yield return Not(file, 0, file.Length, "the file does not begin with a valid header");
            yield break;
        }

        if (version != WalFormat.Version)
        {
            throw Error.UnsupportedFormat($"The log file '{directory.Path}/{file.Name}'", version, WalFormat.Version);
        }

        var length = file.Length;
        uint? previous = header.StartsAnew ? header.ContinuesFrom : null;
        var strangeFrom = -1L;
        var isStrange = false;
        for (var offset = (long)WalFormat.BlockSizeBytes; offset + WalFormat.GroupHeaderSizeBytes <= length;)
        {
            var read = file.Read(offset, block);
            if (!WalGroupHeader.TryRead(block.AsSpan(0, read), out var group) || group.Salt != header.Salt || group.FileNumber != number || group.PayloadLength < 0)
            {
                strangeFrom = strangeFrom < 0 ? offset : strangeFrom;
                isStrange |= block.AsSpan(0, read).ContainsAnyExcept((byte)0);
                offset += WalFormat.BlockSizeBytes;
                continue;
            }

            if (strangeFrom >= 0)
            {
                yield return Not(file, strangeFrom, offset - strangeFrom, "bytes that are no group, with a group behind them");
                (strangeFrom, isStrange, previous) = (-1, false, null);
            }

            var (problem, commits) = ReadGroup(file, offset, length, group);
            if (problem is null && previous is { } checksum && group.PreviousChecksum != checksum)
            {
                problem = "it does not continue the group before it";
            }

            yield return new Group(file.Name, offset, WalFormat.GroupSizeBytes(group.PayloadLength), group, problem, commits);
            previous = group.Checksum;
            // A payload that does not fit may have swallowed others: look at each block behind its header.
            offset += problem is null ? WalFormat.GroupSizeBytes(group.PayloadLength) : WalFormat.BlockSizeBytes;
        }

        if (isStrange)
        {
            yield return Not(file, strangeFrom, length - strangeFrom, "bytes that are no group");
        }
    }

    private static (string? Problem, IReadOnlyList<byte[]> Commits) ReadGroup(DataFile file, long offset, long fileLength, in WalGroupHeader header)
    {
        var start = offset + WalFormat.GroupHeaderSizeBytes;
        if (header.PayloadLength > fileLength - start || header.PayloadLength > Array.MaxLength)
        {
            return (string.Create(CultureInfo.InvariantCulture, $"its payload of {header.PayloadLength} bytes goes beyond the end of the file"), []);
        }

        var payload = new byte[header.PayloadLength];
        if (file.Read(start, payload) != payload.Length || Crc32C.Compute(payload) != header.PayloadChecksum)
        {
            return ("its payload does not have the checksum that its header tells", []);
        }

        var commits = new List<byte[]>();
        for (var at = 0; at < payload.Length;)
        {
            var length = payload.Length - at < WalFormat.CommitHeaderSizeBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(at));
            at += WalFormat.CommitHeaderSizeBytes;
            if (length < 0 || length > payload.Length - at)
            {
                return (string.Create(CultureInfo.InvariantCulture, $"the length of commit {header.FirstLsn.Value + commits.Count} does not fit"), []);
            }

            commits.Add(payload.AsSpan(at, length).ToArray());
            at += length;
        }

        return commits.Count == header.CommitCount
            ? (null, commits)
            : (string.Create(CultureInfo.InvariantCulture, $"it holds {commits.Count} commits, and its header tells of {header.CommitCount}"), []);
    }

    private static Group Not(DataFile file, long offset, long sizeBytes, string problem) => new(file.Name, offset, sizeBytes, null, problem, []);

    /// <summary>Null when a checkpoint has deleted it since it was listed.</summary>
    private static DataFile? TryOpen(DataDirectory directory, string name)
    {
        try
        {
            return directory.Open(name, writable: false);
        }
        catch (EngramException) when (!directory.Exists(name))
        {
            return null;
        }
    }
}
