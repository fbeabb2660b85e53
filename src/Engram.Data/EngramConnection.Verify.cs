using System.Data;
using Engram.Data.Engine;
using Engram.Data.Storage.Maintenance;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data;

public sealed partial class EngramConnection
{
    /// <summary>Reads the whole database and compares it with its checksums and with itself: files, pages, the log, row ids, zone maps, NOT NULL, unique and foreign keys.</summary>
    /// <param name="options">Limits and progress; null for none.</param>
    /// <param name="cancellationToken">Ends it before its time.</param>
    /// <returns>What is wrong; damage is no exception here.</returns>
    /// <remarks>Reads and writes go on meanwhile, on this connection too: it works under a snapshot of its own and takes no lock. It reads every byte at least once, and needs
    /// 16 bytes of memory for each key of the largest unique index, up to 128 MiB, beside one column of one segment. Closing the connection does not end it.</remarks>
    /// <exception cref="InvalidOperationException">The connection is closed.</exception>
    /// <exception cref="EngramException">55006: another process writes the database, and has replaced files since this one opened it to read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<EngramVerifyReport> VerifyAsync(EngramVerifyOptions? options = null, CancellationToken cancellationToken = default)
    {
        var mine = lease;
        if (state != ConnectionState.Open || mine is null)
        {
            throw Error.ConnectionNotOpen(nameof(VerifyAsync));
        }

        var progress = options?.Progress;
        var asked = new VerificationOptions(
            options?.BytesPerSecondMax ?? long.MaxValue,
            progress is null ? null : p => progress.Report(new EngramVerifyProgress(p.FilesDone, p.FilesTotal, p.BytesRead, p.File)));
        // A lease of its own: the connection may be closed meanwhile.
        var held = await DatabaseRegistry.OpenAsync(mine.Database.Target, source?.Logger ?? NullLogger.Instance, isAsync: true, cancellationToken).ConfigureAwait(false);
        try
        {
            var result = await held.Database.Store.VerifyAsync(asked, cancellationToken).ConfigureAwait(false);
            return new EngramVerifyReport
            {
                Problems = [.. result.Problems.Select(p => new EngramVerifyProblem
                {
                    File = p.File, Table = p.Table, Columns = p.Columns, RowIdFirst = p.RowIdFirst, RowIdLast = p.RowIdLast, What = p.What,
                })],
                Files = result.Files,
                Bytes = result.Bytes,
                Pages = result.Pages,
                Rows = result.Rows,
                Duration = result.Duration,
            };
        }
        finally
        {
            await held.ReturnAsync(isAsync: true).ConfigureAwait(false);
        }
    }
}
