using System.Runtime.CompilerServices;

namespace Engram.Data.Storage.Versions;

/// <summary>What a reader may see: everything committed up to an LSN, and, inside a write transaction, its own earlier statements.</summary>
/// <remarks>
/// <para>Every version carries one 64-bit <em>stamp</em>: a positive stamp is the LSN of the commit that made it; a negative one is minus the
/// number of the statement of the write transaction that is running now (there is only one); 0 stands for "never";
/// <see cref="Aborted"/> for a version that was rolled back. Committing rewrites the negative stamps to the LSN before the LSN can become
/// visible to anyone, so a stamp is never seen half-way: before and after the rewrite it is out of sight of everybody but its owner.</para>
/// </remarks>
/// <param name="Lsn">The newest commit that is seen.</param>
/// <param name="StatementLimit">Own statements with a smaller number are seen; 0 for a reader that is not in the write transaction.</param>
/// <param name="HasGap">Whether commits that are not seen may stand between those that are seen and the own statements: so for a write
/// transaction that reads as of an earlier moment. Then what is seen of a chunk is not one run of rows.</param>
internal readonly record struct ReadHorizon(long Lsn, long StatementLimit, bool HasGap = false)
{
    /// <summary>The stamp of a rolled-back version: later than every horizon.</summary>
    public const long Aborted = long.MaxValue;

    /// <summary>Whether a version with this stamp (not 0) has happened for this reader.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Sees(long stamp) => stamp > 0 ? stamp <= Lsn : -stamp < StatementLimit;
}
