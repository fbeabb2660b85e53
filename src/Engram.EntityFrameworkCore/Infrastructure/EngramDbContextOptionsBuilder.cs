using Engram.EntityFrameworkCore.Infrastructure;

namespace Microsoft.EntityFrameworkCore.Infrastructure;

/// <summary>Options of the Engram provider: the parameter of the action that <c>UseEngram</c> takes.</summary>
/// <param name="optionsBuilder">The context's builder.</param>
public class EngramDbContextOptionsBuilder(DbContextOptionsBuilder optionsBuilder)
    : RelationalDbContextOptionsBuilder<EngramDbContextOptionsBuilder, EngramOptionsExtension>(optionsBuilder)
{
    private const int RetryCountMaxDefault = 6;

    private static readonly TimeSpan RetryDelayMaxDefault = TimeSpan.FromSeconds(5);

    /// <summary>Runs operations again that failed for a reason which passes, up to 6 times within waits of at most 5 seconds.</summary>
    public virtual EngramDbContextOptionsBuilder EnableRetryOnFailure() => EnableRetryOnFailure(RetryCountMaxDefault, RetryDelayMaxDefault);

    /// <summary>Runs operations again that failed for a reason which passes: <c>40001</c>, <c>55P03</c>, and what is added here.</summary>
    /// <param name="maxRetryCount">How often an operation is run again.</param>
    /// <param name="maxRetryDelay">The longest wait before it is.</param>
    /// <param name="sqlStatesToAdd">Further SQLSTATEs to retry.</param>
    public virtual EngramDbContextOptionsBuilder EnableRetryOnFailure(int maxRetryCount, TimeSpan maxRetryDelay, IEnumerable<string>? sqlStatesToAdd = null)
        => ExecutionStrategy(d => new EngramRetryingExecutionStrategy(d, maxRetryCount, maxRetryDelay, sqlStatesToAdd));
}
