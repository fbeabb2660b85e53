using Engram.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Members of <see cref="DbContext.Database"/> that concern Engram databases.</summary>
public static class EngramDatabaseFacadeExtensions
{
    /// <summary>Whether the context uses the Engram provider. Valid once the context is configured.</summary>
    public static bool IsEngram(this DatabaseFacade database)
        => string.Equals(database.ProviderName, typeof(EngramDbContextOptionsBuilder).Assembly.GetName().Name, StringComparison.Ordinal);

    /// <summary>Writes what is only in the log into the database's files: see <see cref="EngramConnection.CheckpointAsync"/>.</summary>
    public static Task CheckpointAsync(this DatabaseFacade database, CancellationToken cancellationToken = default)
        => WithConnectionAsync(database, c => c.CheckpointAsync(cancellationToken), cancellationToken);

    /// <summary>Gives the room of deleted and replaced rows back: see <see cref="EngramConnection.CompactAsync"/>.</summary>
    /// <param name="progress">Told now and then how far it is; may be null.</param>
    public static Task CompactAsync(this DatabaseFacade database, IProgress<EngramCompactionProgress>? progress = null, CancellationToken cancellationToken = default)
        => WithConnectionAsync(database, c => c.CompactAsync(progress, cancellationToken), cancellationToken);

    /// <summary>Reads every file of the database and checks it: see <see cref="EngramConnection.VerifyAsync"/>.</summary>
    /// <param name="options">How fast at most, and who is told; may be null.</param>
    public static async Task<EngramVerifyReport> VerifyAsync(
        this DatabaseFacade database, EngramVerifyOptions? options = null, CancellationToken cancellationToken = default)
    {
        EngramVerifyReport? report = null;
        await WithConnectionAsync(database, async c => report = await c.VerifyAsync(options, cancellationToken).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
        return report!;
    }

    /// <summary>Copies the database as it is now, while others read and write it: see <see cref="EngramConnection.BackupDatabaseAsync"/>.</summary>
    /// <param name="path">The copy's directory, which must not be there or be empty.</param>
    /// <param name="progress">Told now and then how far it is; may be null.</param>
    public static Task BackupAsync(
        this DatabaseFacade database, string path, IProgress<EngramBackupProgress>? progress = null, CancellationToken cancellationToken = default)
        => WithConnectionAsync(database, c => c.BackupDatabaseAsync(path, progress, cancellationToken), cancellationToken);

    /// <summary>Opens the context's connection for as long as the action runs; one that is open stays so.</summary>
    private static async Task WithConnectionAsync(DatabaseFacade database, Func<EngramConnection, Task> action, CancellationToken cancellationToken)
    {
        if (database.GetDbConnection() is not EngramConnection connection)
        {
            throw new InvalidOperationException("The context's connection is no EngramConnection.");
        }

        await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await action(connection).ConfigureAwait(false);
        }
        finally
        {
            await database.CloseConnectionAsync().ConfigureAwait(false);
        }
    }
}
