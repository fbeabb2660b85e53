using Engram.Data;
using Engram.EntityFrameworkCore.Update;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Bulk loads of entities.</summary>
public static class EngramDbSetExtensions
{
    /// <summary>Inserts many entities by <see cref="EngramBulkCopy"/>, without tracking them: the fastest way to load rows, all of them or none.</summary>
    /// <remarks>
    /// <para>Value converters, discriminators, owned and complex types in the same table, foreign keys by reference, and values generated on the client are
    /// applied, the last also written to the entities. What the database generates is not read back. Related entities are not inserted, and
    /// interceptors of SaveChanges not called. Within a transaction of the context, the rows are a part of it.</para>
    /// <para>A column that the database generates is left to it when the first entity has no value for it; then no other may have one.</para>
    /// </remarks>
    /// <param name="set">The entities' set. Its table must be the only one of the entity, and hold no documents.</param>
    /// <param name="entities">Read once, as the rows are written.</param>
    /// <returns>How many rows were inserted.</returns>
    /// <exception cref="NotSupportedException">The entity is mapped to several tables, to none, or has documents.</exception>
    /// <exception cref="EngramException">What INSERT throws; no row was inserted then.</exception>
    public static Task<long> ImportFromAsync<TEntity>(this DbSet<TEntity> set, IEnumerable<TEntity> entities, CancellationToken cancellationToken = default)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(entities);
        return set.ImportFromAsync(ToAsync(entities), cancellationToken);
    }

    /// <inheritdoc cref="ImportFromAsync{TEntity}(DbSet{TEntity}, IEnumerable{TEntity}, CancellationToken)"/>
    public static async Task<long> ImportFromAsync<TEntity>(
        this DbSet<TEntity> set, IAsyncEnumerable<TEntity> entities, CancellationToken cancellationToken = default)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(entities);
        var context = set.GetService<ICurrentDbContext>().Context;
        if (context.Database.GetDbConnection() is not EngramConnection connection)
        {
            throw new InvalidOperationException("The context's connection is no EngramConnection.");
        }

        await context.Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await new EntityImport(context, set.EntityType).RunAsync(connection, entities, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await context.Database.CloseConnectionAsync().ConfigureAwait(false);
        }
    }

    private static async IAsyncEnumerable<TEntity> ToAsync<TEntity>(IEnumerable<TEntity> entities)
    {
        foreach (var entity in entities)
        {
            yield return entity;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }
}
