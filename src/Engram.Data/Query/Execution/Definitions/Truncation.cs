using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>TRUNCATE: all rows of some tables, whatever refers to them, which must be among them.</summary>
internal static class Truncation
{
    public static void Run(TruncateSyntax truncate, StatementContext context)
    {
        var transaction = context.Transaction!;
        var tables = truncate.Tables.Select(name => NameMatch.FindTable(transaction.Catalog, name)).DistinctBy(t => t.Id).ToList();

        // Grows while it is worked through.
        for (var i = 0; i < tables.Count; i++)
        {
            foreach (var (other, key) in DdlExecutor.ReferencesTo(transaction.Catalog, tables[i].Id).Where(r => !tables.Exists(t => t.Id == r.Table.Id)).ToList())
            {
                if (!truncate.IsCascade)
                {
                    throw Error.TruncateReferenced(tables[i].ToString(), other.ToString(), key.Name, truncate.Position);
                }

                if (!tables.Exists(t => t.Id == other.Id))
                {
                    tables.Add(other);
                }
            }
        }

        foreach (var table in tables)
        {
            DeleteAll(table, context);
            if (truncate.RestartIdentity && table.Columns.Any(c => c.Identity != IdentityKind.None))
            {
                ColumnAlteration.RestartIdentities(table.Id, context);
            }

            foreach (var sequence in truncate.RestartIdentity ? transaction.Catalog.Sequences.Where(s => s.Owner?.Table == table.Id).ToList() : [])
            {
                transaction.PutObject(sequence with { Counter = new ObjectId(transaction.Catalog.ObjectIdNext), First = sequence.Start });
            }
        }
    }

    /// <summary>Deletes all rows of a table.</summary>
    public static void DeleteAll(TableDefinition table, StatementContext context)
    {
        using var view = context.Transaction!.OpenLatestSnapshot();
        using var scan = view.Scan(table.Id, [ColumnId.RowId], []);
        var rowIds = new List<long>(Batch.RowCountMax);
        while (scan.NextBlock())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var ids = scan.Load(0, scan.Visible);
            rowIds.Clear();
            for (var i = 0; i < (scan.Visible?.Count ?? scan.RowCount); i++)
            {
                rowIds.Add(ids.Get<long>(scan.Visible is { } visible ? visible.Rows[i] : i));
            }

            context.Transaction!.Delete(table.Id, CollectionsMarshal.AsSpan(rowIds));
        }
    }
}
