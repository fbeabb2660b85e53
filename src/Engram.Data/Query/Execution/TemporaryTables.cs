using Engram.Data.Columns;
using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution;

/// <summary>The temporary tables of one session.</summary>
/// <remarks>
/// <para><b>The problem.</b> A temporary table belongs to one session: others neither see it nor collide with its name, and it ends with the session.</para>
/// <para><b>The picture.</b> It is a table as any other, in a schema that its session alone has in its search path, before all others, and that the session calls <c>pg_temp</c>:</para>
/// <code>
///   session 3:  pg_temp_3, public        session 4:  pg_temp_4, public        both write to one log, and read by one kind of snapshot
/// </code>
/// <para><b>Invariants.</b> No permanent table refers to a temporary one, and no view reads one, so that dropping the schema takes nothing else along. A name of a schema is given to one session of a
/// process, and never while a schema has it. Lists of tables leave out the schemas of others.</para>
/// <para><b>Crash.</b> The schemas of sessions that ended without being closed are there when the database is opened, and are dropped then (<see cref="DropAll"/>): no session is older than that.</para>
/// <para>Used by one thread at a time.</para>
/// </remarks>
internal sealed class TemporaryTables
{
    private static int last;

    private readonly Dictionary<TableId, CommitAction> actions = [];

    /// <summary>The session's schema; null before its first temporary table.</summary>
    public string? Schema { get; private set; }

    /// <summary>Whether a commit may have something to do here.</summary>
    public bool ActsAtCommit => actions.Count > 0;

    /// <summary>The schema, made if need be; names are looked up there first from now on.</summary>
    public string Enter(Transaction transaction)
    {
        while (Schema is null)
        {
            var name = DatabaseCatalog.TemporaryPrefix + Interlocked.Increment(ref last).ToString(System.Globalization.CultureInfo.InvariantCulture);
            Schema = transaction.Catalog.Schemas.Contains(name) ? null : name;
        }

        if (!transaction.Catalog.Schemas.Contains(Schema))
        {
            transaction.PutSchema(Schema);
        }

        if (!transaction.Catalog.SearchPath.Contains(Schema))
        {
            transaction.SearchPath = transaction.Catalog.SearchPath.Insert(0, Schema);
        }

        return Schema;
    }

    /// <summary>Says what a commit does with a table.</summary>
    public void SetAction(TableId table, CommitAction action)
    {
        if (action == CommitAction.Preserve)
        {
            actions.Remove(table);
        }
        else
        {
            actions[table] = action;
        }
    }

    /// <summary>Refuses a table that keeps its rows at a commit and refers to one that does not.</summary>
    /// <param name="table">A temporary one, as it is about to be.</param>
    /// <param name="action">What a commit does with it; null for what was said before.</param>
    /// <param name="catalog">Which has what it refers to.</param>
    public void CheckForeignKeys(TableDefinition table, CommitAction? action, DatabaseCatalog catalog)
    {
        if ((action ?? actions.GetValueOrDefault(table.Id, CommitAction.Preserve)) != CommitAction.Preserve)
        {
            return;
        }

        foreach (var key in table.ForeignKeys)
        {
            if (key.ReferencedTable != table.Id && actions.GetValueOrDefault(key.ReferencedTable, CommitAction.Preserve) == CommitAction.DeleteRows)
            {
                throw Error.OnCommitOfReferenced(table.Name, catalog.Get(key.ReferencedTable).Name);
            }
        }
    }

    /// <summary>ON COMMIT, right before the commit: as one statement of the transaction.</summary>
    public void Commit(StatementContext context)
    {
        var transaction = context.Transaction!;
        foreach (var (id, action) in actions.ToList())
        {
            // An id that a rollback took back may be that of another session's table by now.
            if (transaction.Catalog.Tables.GetValueOrDefault(id)?.Schema != Schema)
            {
                actions.Remove(id);
            }
            else if (action == CommitAction.DeleteRows)
            {
                Truncation.DeleteAll(transaction.Catalog.Get(id), context);
            }
            else
            {
                Drop(id, transaction);
                actions.Remove(id);
            }
        }
    }

    /// <summary>Drops a schema with all that is in it. Nothing happens when it is not there.</summary>
    public static void Drop(string schema, Transaction transaction)
    {
        if (!transaction.Catalog.Schemas.Contains(schema))
        {
            return;
        }

        foreach (var table in transaction.Catalog.Tables.Values.Where(t => t.Schema == schema).Select(t => t.Id).ToList())
        {
            Drop(table, transaction);
        }

        foreach (var thing in transaction.Catalog.Objects.Values.Where(o => o.Schema == schema).Select(o => o.Id).ToList())
        {
            transaction.DropObject(thing);
        }

        transaction.DropSchema(schema);
    }

    /// <summary>Drops what sessions left behind that ended without being closed.</summary>
    public static void DropAll(Transaction transaction)
    {
        foreach (var schema in Left(transaction.Catalog))
        {
            Drop(schema, transaction);
        }
    }

    /// <summary>The schemas of temporary tables.</summary>
    public static List<string> Left(DatabaseCatalog catalog) => [.. catalog.Schemas.Where(s => s.StartsWith(DatabaseCatalog.TemporaryPrefix, StringComparison.Ordinal))];

    private static void Drop(TableId id, Transaction transaction)
    {
        foreach (var (other, _) in DdlExecutor.ReferencesTo(transaction.Catalog, id).Where(r => r.Table.Id != id).DistinctBy(r => r.Table.Id).ToList())
        {
            var definition = transaction.Catalog.Get(other.Id);
            transaction.PutTable(definition with { ForeignKeys = [.. definition.ForeignKeys.Where(k => k.ReferencedTable != id)] });
        }

        SequenceDefinitions.DropOwned(transaction, id);
        transaction.DropTable(id);
    }
}
