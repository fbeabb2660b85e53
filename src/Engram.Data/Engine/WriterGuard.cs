using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>Ends a write transaction that was forgotten: with a connection that was neither closed nor disposed, and that nothing refers to any more.</summary>
/// <remarks>
/// <para><b>The problem.</b> A write transaction holds the lock that all other writers wait for. When the application lets go of its connection without
/// closing it, nobody is left who could commit or roll back.</para>
/// <para><b>How.</b> The explicit transaction refers to this, and nothing else does, so the finalizer runs when the transaction cannot be reached any more.
/// A statement or a commit under way reaches it: readers of a command refer to their session until they return, and a commit takes the
/// transaction away from here before it begins. Rolling back touches rows of the store, which is alive, and memory of the transaction, whose own finalizers may
/// have run before or will after, on this same thread; freeing twice does nothing.</para>
/// <para>A forgotten reader needs no such thing: its snapshot is memory, and goes with it.</para>
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA1816", Justification = "Release is how this ends: by handing over, not by disposing.")]
internal sealed class WriterGuard(Transaction writer)
{
    private Transaction? writer = writer;

    ~WriterGuard() => Interlocked.Exchange(ref writer, null)?.Rollback();

    public Transaction Writer => writer ?? throw Error.Internal("a transaction is used whose guard has let it go");

    /// <summary>Takes the transaction away: from here on the caller ends it.</summary>
    public Transaction Release()
    {
        GC.SuppressFinalize(this);
        return Interlocked.Exchange(ref writer, null) ?? throw Error.Internal("a transaction ends whose guard has let it go");
    }
}
