using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Harness;

/// <summary>The same rows in lists, in a database whose rows are in memory, and in one whose rows are in segments.</summary>
public abstract class OracleFixture<TContext> : IDisposable
    where TContext : DbContext
{
    private readonly Dictionary<RowState, EngramDataSource> sources = [];
    private readonly Dictionary<string, object?> answers = [];

    public TContext CreateContext(RowState state) => CreateContext(state, _ => { });

    public TContext CreateContext(RowState state, Action<EngramDbContextOptionsBuilder> configure)
    {
        lock (sources)
        {
            if (!sources.TryGetValue(state, out var source))
            {
                sources.Add(state, source = new EngramDataSource("Data Source=:memory:"));
                using var context = Create(source, _ => { });
                context.Database.EnsureCreated();
                Seed(context);
                if (state == RowState.Segments)
                {
                    context.Database.ExecuteSqlRaw("CHECKPOINT");
                }
            }

            return Create(source, configure);
        }
    }

    /// <summary>What the lists answer, computed once for all states.</summary>
    public object? Answer(string name, Func<object?> compute)
    {
        lock (answers)
        {
            if (!answers.TryGetValue(name, out var answer))
            {
                answer = compute();
                answers.Add(name, answer = answer is IQueryable query ? ((System.Collections.IEnumerable)query).Cast<object?>().ToList() : answer);
            }

            return answer;
        }
    }

    public void Dispose()
    {
        foreach (var source in sources.Values)
        {
            source.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    protected abstract TContext Create(DbContextOptions options);

    protected abstract void Seed(TContext context);

    private TContext Create(EngramDataSource source, Action<EngramDbContextOptionsBuilder> configure)
        => Create(new DbContextOptionsBuilder<TContext>().UseEngram(source, configure).EnableSensitiveDataLogging()
            .ConfigureWarnings(w => w.Ignore(CoreEventId.RowLimitingOperationWithoutOrderByWarning, CoreEventId.FirstWithoutOrderByAndFilterWarning, CoreEventId.ManyServiceProvidersCreatedWarning,
                CoreEventId.DistinctAfterOrderByWithoutRowLimitingOperatorWarning, RelationalEventId.MultipleCollectionIncludeWarning, CoreEventId.PossibleIncorrectRequiredNavigationWithQueryFilterInteractionWarning))
            .Options);
}
