using System.Data;
using Engram.Data.Engine;
using Engram.Data.Storage;
using Engram.Data.Storage.Maintenance;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data;

public sealed partial class EngramConnection
{
    /// <summary>Moves the rows of the log into segments, so that opening the database after a crash has nothing to read. In SQL: <c>CHECKPOINT</c>.</summary>
    /// <param name="cancellationToken">Ends it before its time; nothing has changed then.</param>
    /// <remarks>Readers and writers go on. It runs by itself too, see <see cref="EngramConnectionStringBuilder.CheckpointSize"/>. Takes the time to write the rows that were
    /// changed since the last one. Closing the connection does not end it.</remarks>
    /// <exception cref="InvalidOperationException">The connection is closed.</exception>
    /// <exception cref="EngramException">25006: read-only. 25001: this connection's transaction has written. 53100: the disk is full; nothing has changed. EG003: a write had failed before.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task CheckpointAsync(CancellationToken cancellationToken = default)
        => MaintainAsync(nameof(CheckpointAsync), (store, token) => store.CheckpointAsync(token), cancellationToken);

    /// <summary>Writes segments anew without deleted rows and with updated values in their places, and merges small ones: the disk gets the room of deleted rows back, and
    /// scans have less to read. In SQL: <c>VACUUM</c>, of all tables or of those that it names.</summary>
    /// <param name="progress">Called for each group of segments that is done; null for none.</param>
    /// <param name="cancellationToken">Ends it before its time; what is done stays done.</param>
    /// <remarks>Begins with a checkpoint. Readers and writers go on; a snapshot that is open keeps the room of the files that it reads until it is closed. Needs room for one new
    /// segment (at most 1,048,576 rows) beside the old ones, and bounded memory. It runs by itself too, see
    /// <see cref="EngramConnectionStringBuilder.MaintenanceInterval"/>. Closing the connection does not end it.</remarks>
    /// <exception cref="InvalidOperationException">The connection is closed.</exception>
    /// <exception cref="EngramException">25006: read-only. 25001: this connection's transaction has written. 53100: the disk is full. XX001: a segment is damaged. EG003: a write had
    /// failed before. What was compacted before stays so, and no row is lost.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task CompactAsync(IProgress<EngramCompactionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        Action<CompactionState>? report = progress is null ? null : state => progress.Report(new EngramCompactionProgress(state.RowsDone, state.RowsTotal));
        return MaintainAsync(nameof(CompactAsync), (store, token) => store.CompactAsync(null, report, token), cancellationToken);
    }

    private async Task MaintainAsync(string member, Func<Store, CancellationToken, ValueTask> work, CancellationToken cancellationToken)
    {
        var mine = lease;
        if (state != ConnectionState.Open || mine is null)
        {
            throw Error.ConnectionNotOpen(member);
        }

        Session.CheckMaintenance(member);
        // A lease of its own: the connection may be closed meanwhile.
        var held = await DatabaseRegistry.OpenAsync(mine.Database.Target, source?.Logger ?? NullLogger.Instance, isAsync: true, cancellationToken).ConfigureAwait(false);
        try
        {
            await work(held.Database.Store, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await held.ReturnAsync(isAsync: true).ConfigureAwait(false);
        }
    }
}
