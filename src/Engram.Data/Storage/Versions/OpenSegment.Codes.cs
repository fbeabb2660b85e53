using Engram.Data.Columns;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Versions;

/// <content>The codes of the segment's columns of vectors: from their files, or made in the background when there are none.</content>
/// <remarks>
/// <para>Nobody waits for codes that are missing: a search reads float32 and leaves word, one thread makes the codes of one segment after another, in memory, and
/// searches that begin later use them. It writes no file: the directory is the checkpoint's. It gives up when it is the last that refers to the segment.</para>
/// </remarks>
internal sealed partial class OpenSegment
{
    /// <summary>Codes are made one segment at a time, so that searches keep the other cores.</summary>
    internal static readonly TaskFactory Making = new(
        CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskContinuationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);

    private readonly Lock codesGate = new();
    private readonly List<SegmentCodes> codesReplaced = [];
    private readonly HashSet<ColumnId> codesMaking = [];
    private readonly HashSet<ColumnId> codesWaiting = [];
    private SegmentCodesOf[] codes = [];

    /// <summary>The codes of a column of vectors as the segment stores it; null while there are none, or when the segment is older than the column.</summary>
    public SegmentCodes? FindCodes(ColumnId column, int dimensions)
    {
        foreach (var entry in Volatile.Read(ref codes))
        {
            if (entry.Column == column && entry.Codes.Dimensions == dimensions && !entry.Codes.IsDamaged)
            {
                return entry.Codes;
            }
        }

        if (files is null || !HasVectors(column, dimensions))
        {
            return null;
        }

        lock (codesGate)
        {
            var there = Array.Find(codes, c => c.Column == column);
            if (there.Codes is { IsDamaged: false } found)
            {
                return found;
            }

            if (there.Codes is null && !codesMaking.Contains(column) && !codesWaiting.Contains(column) && CodeFile.TryOpen(files, Segment, column, dimensions) is { } opened)
            {
                PutCodes(column, opened);
                return opened;
            }

            if (!codesMaking.Contains(column) && MayMakeCodes(column, dimensions))
            {
                codesMaking.Add(column);
                AddReference();
                _ = Making.StartNew(() => MakeCodes(column, dimensions));
            }
        }

        return null;
    }

    /// <summary>Somebody found that the file is damaged: has codes made anew, as if a search had.</summary>
    public void RemakeCodes(ColumnId column, int dimensions)
    {
        if (FindCodes(column, dimensions) is { IsMapped: true } there)
        {
            there.MarkDamaged();
            FindCodes(column, dimensions);
        }
    }

    /// <summary>Makes sure that a column's codes are in a file, from which they are then read. Called by whoever writes segments, one at a time.</summary>
    /// <param name="isNew">Whether the segment was written just now, so that a file of the codes' name was written beside it, or is another's.</param>
    public void WriteCodes(ColumnId column, int dimensions, bool isNew)
    {
        if (files is null || !HasVectors(column, dimensions))
        {
            return;
        }

        var there = Array.Find(Volatile.Read(ref codes), c => c.Column == column).Codes;
        var name = CodeFile.NameOf(Segment.Info, column);
        bool isWaiting;
        lock (codesGate)
        {
            isWaiting = codesWaiting.Contains(column);
        }

        try
        {
            // A file that nobody has opened yet is looked at when somebody does. One that somebody found useless, without memory for other codes, is written anew.
            if (!isNew && !isWaiting && there is null or { IsMapped: true, IsDamaged: false } && files.Directory.Exists(name))
            {
                return;
            }

            if (isNew && files.Directory.Exists(name) && CodeFile.TryOpen(files, Segment, column, dimensions) is { } written)
            {
                lock (codesGate)
                {
                    PutCodes(column, written);
                }

                return;
            }

            CodeFile.Write(files.Directory, Segment, column, dimensions);
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "Code file {Name} could not be written; searches of {Segment} make the codes in memory", name, Segment.Info.Name);
            return;
        }

        if (CodeFile.TryOpen(files, Segment, column, dimensions) is { } opened)
        {
            lock (codesGate)
            {
                PutCodes(column, opened);
            }
        }
    }

    private bool HasVectors(ColumnId column, int dimensions)
        => Segment.TryFindColumn(column, out var ordinal) && Segment.TypeOf(ordinal) is { IsVector: true } type && type.Size == dimensions;

    /// <summary>Counts the memory that codes take; false, told once, while there is not as much. Called under the lock.</summary>
    private bool MayMakeCodes(ColumnId column, int dimensions)
    {
        var size = CodeFile.LengthOf(Segment, dimensions);
        if (files!.Memory?.TryReserveDerived(size) != false)
        {
            codesWaiting.Remove(column);
            return true;
        }

        if (codesWaiting.Add(column))
        {
            files.Logger.LogWarning(
                "Codes of column {Column} of {Segment} would take {Size} bytes, more than Memory Limit leaves: float32 is read meanwhile, and the next checkpoint writes the codes to a file",
                column, Segment.Info.Name, size);
        }

        return false;
    }

    /// <summary>Makes codes in memory that was counted.</summary>
    private void MakeCodes(ColumnId column, int dimensions)
    {
        NativeBlock? memory = null;
        var isPut = false;
        try
        {
            memory = new NativeBlock(CodeFile.LengthOf(Segment, dimensions));
            if (!TryMakeCodes(column, dimensions, memory))
            {
                return;
            }

            lock (codesGate)
            {
                codesMaking.Remove(column);
                if (Array.Find(codes, c => c.Column == column).Codes is { IsDamaged: false })
                {
                    // A checkpoint wrote a file meanwhile, which takes no memory.
                    return;
                }

                PutCodes(column, new SegmentCodes(Segment, dimensions, memory, files!.Memory));
                isPut = true;
            }

            files.Logger.LogInformation("Codes of column {Column} were made from {Segment}, {Size} bytes in memory", column, Segment.Info.Name, memory.Length);
            files.Made?.Invoke();
        }
        catch (EngramException e)
        {
            // Not tried again: what is the matter with the segment is told to who reads its rows.
            files!.Logger.LogWarning(e, "Codes of column {Column} could not be made from {Segment}: it is searched without", column, Segment.Info.Name);
        }
        finally
        {
            if (!isPut)
            {
                memory?.Release();
                files!.Memory?.ReleaseDerived(CodeFile.LengthOf(Segment, dimensions));
            }

            Release();
        }
    }

    private unsafe bool TryMakeCodes(ColumnId column, int dimensions, NativeBlock memory)
    {
        using var maker = new CodeMaker(Segment, column, dimensions);
        for (var block = 0; block < Segment.BlockCount; block++)
        {
            if (!IsShared)
            {
                return false;
            }

            maker.Make(block, memory.Pointer + CodeFile.OffsetOf(block, dimensions));
        }

        return true;
    }

    /// <summary>Called under the lock.</summary>
    private void PutCodes(ColumnId column, SegmentCodes made)
    {
        // Or every checkpoint would go on writing them anew.
        codesWaiting.Remove(column);
        if (Array.Find(codes, c => c.Column == column).Codes is { } old)
        {
            // Somebody may be reading it.
            codesReplaced.Add(old);
        }

        Volatile.Write(ref codes, [.. codes.Where(c => c.Column != column), new SegmentCodesOf(column, made)]);
    }

    private void FreeCodes()
    {
        foreach (var entry in codes)
        {
            entry.Codes.Dispose();
        }

        codesReplaced.ForEach(c => c.Dispose());
    }

    private readonly record struct SegmentCodesOf(ColumnId Column, SegmentCodes Codes);
}
