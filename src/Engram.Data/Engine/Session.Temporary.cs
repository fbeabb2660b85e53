using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>Temporary tables, and where names are looked up.</summary>
internal sealed partial class Session
{
    private readonly TemporaryTables temporary = new();
    private (ImmutableArray<string> Set, string? Temporary, ImmutableArray<string> Path) path;

    /// <summary>Where names without a schema are looked up: temporary tables first, then what search_path says; default for the public schema alone.</summary>
    public ImmutableArray<string> SearchPath
    {
        get
        {
            var set = Settings.SearchPath;
            if (set.IsDefault && temporary.Schema is null)
            {
                return default;
            }

            if (path.Path.IsDefault || path.Set != set || path.Temporary != temporary.Schema)
            {
                path = (set, temporary.Schema, Combine(set.IsDefault ? [DatabaseCatalog.DefaultSchema] : set, temporary.Schema));
            }

            return path.Path;
        }
    }

    /// <summary>pg_temp stands where the setting has it, else before everything.</summary>
    private static ImmutableArray<string> Combine(ImmutableArray<string> set, string? schema)
    {
        const string Alias = Query.Binding.NameMatch.TemporarySchema;

        // The temporary tables of others are nobody's to name.
        set = set.RemoveAll(s => s.StartsWith(DatabaseCatalog.TemporaryPrefix, StringComparison.Ordinal) && s != schema);
        if (schema is null)
        {
            return set.Remove(Alias);
        }

        return set.Contains(Alias) ? [.. set.Select(s => s == Alias ? schema : s)] : set.Insert(0, schema);
    }

    /// <summary>ON COMMIT of temporary tables, as the last statement of a transaction.</summary>
    private void ActAtCommit(Transaction writer)
    {
        if (temporary.ActsAtCommit)
        {
            RunStatement(writer, transaction =>
            {
                using var snapshot = transaction.OpenSnapshot();
                temporary.Commit(new StatementContext(snapshot, transaction, new Batch(0) { RowCount = 1 }, Database.Clock, CancellationToken.None));
            });
        }
    }

    /// <summary>Drops the tables that end with the session. Waits for nobody: while another writes, they are left to the next session that ends.</summary>
    private void DropTemporary()
    {
        if (temporary.Schema is { } schema)
        {
            Database.TemporaryLeft.Enqueue(schema);
        }

        if (isReadOnly || Database.TemporaryLeft.IsEmpty)
        {
            return;
        }

        var dropped = new List<string>();
        using var atOnce = CreateInterrupt(TimeSpan.FromMilliseconds(1), default);
        try
        {
            using var writer = Waiting.Result(atOnce.BeginWriteAsync(store, null, isAsync: false));
            while (Database.TemporaryLeft.TryDequeue(out var left))
            {
                dropped.Add(left);
            }

            RunStatement(writer, transaction => dropped.ForEach(left => TemporaryTables.Drop(left, transaction)));
            writer.Commit();
        }
        catch (EngramException e) when (e.SqlState != SqlStates.InternalError)
        {
            // Closing does not fail for it: others do not see the tables, and the next session that ends drops them, or the next opening of the database.
            dropped.ForEach(Database.TemporaryLeft.Enqueue);
        }
    }
}
