using Engram.Data;
using Microsoft.EntityFrameworkCore.Storage;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Runs an operation again that failed for a reason which passes: another had the write lock for too long, or changed what this one read.</summary>
/// <remarks>As with every strategy that retries, a transaction that the application begins itself must be within <c>Database.CreateExecutionStrategy().Execute</c>.</remarks>
public class EngramRetryingExecutionStrategy : ExecutionStrategy
{
    private readonly HashSet<string> sqlStates;

    /// <summary>Creates the strategy. Called by <c>EnableRetryOnFailure</c>.</summary>
    /// <param name="dependencies">The context and its services.</param>
    /// <param name="retryCountMax">How often an operation is run again.</param>
    /// <param name="retryDelayMax">The longest wait before it is; waits begin near zero and double.</param>
    /// <param name="sqlStatesToAdd">Further SQLSTATEs to retry, besides <c>40001</c> and <c>55P03</c>.</param>
    public EngramRetryingExecutionStrategy(
        ExecutionStrategyDependencies dependencies, int retryCountMax, TimeSpan retryDelayMax, IEnumerable<string>? sqlStatesToAdd = null)
        : base(dependencies, retryCountMax, retryDelayMax)
        => sqlStates = ["40001", "55P03", .. sqlStatesToAdd ?? []];

    /// <inheritdoc/>
    protected override bool ShouldRetryOn(Exception exception) => exception is EngramException error && sqlStates.Contains(error.SqlState);
}
