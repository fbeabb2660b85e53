using System.Globalization;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>SET NULL, SET DEFAULT and ON UPDATE CASCADE: one change of all the referring rows, with the defaults, computed columns, checks and further foreign keys of an UPDATE.</summary>
/// <remarks>
/// <para>All rows are found before the first is changed: keys that change places (1 becomes 2, 2 becomes 3) would otherwise carry a row along with the next key, too.</para>
/// <para>What is set comes from an UPDATE statement that is planned and never run: its expressions read the new keys from columns behind the table's.</para>
/// </remarks>
internal sealed class ReferenceUpdate : IDisposable
{
    private readonly TableDefinition child;
    private readonly ForeignKeyDefinition foreignKey;
    private readonly StatementContext context;
    private readonly RowUpdate update;
    private readonly int[] neededOrdinals;

    // By place in the foreign key: the column of new keys that the expressions read; none but for CASCADE.
    private readonly ColumnBuffer[] values;
    private readonly Batch batch;

    /// <param name="keyTypes">For CASCADE: the types of the columns referred to. Lengths and scales may be others than the child's.</param>
    public ReferenceUpdate(
        TableDefinition child, ForeignKeyDefinition foreignKey, ReferentialAction action, DataType[] keyTypes, StatementContext context)
    {
        (this.child, this.foreignKey, this.context) = (child, foreignKey, context);
        var sql = Write(action);
        var types = keyTypes.Select((t, i) => KeyValuePair.Create($"v{i}", t)).ToDictionary();
        var statement = Planner.Plan(Parser.ParseScript(sql)[0], sql, context.Transaction!.Catalog, types);
        if (statement.Plan is not UpdatePlan plan)
        {
            throw Error.Internal($"an update for the foreign key '{foreignKey.Name}' was planned as {statement.Plan.GetType().Name}");
        }

        var width = child.Columns.Length;
        values = [.. keyTypes.Select(t => new ColumnBuffer(t))];

        // A parameter is named v with the column's place. Binding gives it the child's type; where that is another, the key is converted.
        BoundExpression? ToColumn(BoundExpression e)
        {
            if (e is not BoundParameter p)
            {
                return null;
            }

            var place = int.Parse(statement.Parameters[p.Index].Name.AsSpan(1), CultureInfo.InvariantCulture);
            return p.Type.Kind == keyTypes[place].Kind
                ? new BoundColumn(p.Type, 1 + width + place, "")
                : new BoundCast(p.Type, new BoundColumn(keyTypes[place], 1 + width + place, ""), false);
        }

        update = new RowUpdate(
            child, [.. plan.Set.Select(s => (s.Column, ExpressionTree.Rewrite(s.Value, ToColumn)))], plan.Computed, plan.Checks, plan.CheckNames, [], context);
        var read = plan.Set.SelectMany(s => PlanWalker.ColumnsOf(s.Value)).Where(o => o > 0 && o <= width).Select(o => o - 1);
        neededOrdinals = [.. read.Union(update.KeptOrdinals)];
        batch = new Batch(1 + width + values.Length);
    }

    /// <param name="found">The rows, each with the number of its key.</param>
    /// <param name="newKeys">For CASCADE: by number, what each key becomes.</param>
    public void Run(List<(int Key, long RowId)> found, ColumnBuffer[] newKeys)
    {
        if (found.Count == 0)
        {
            return;
        }

        using var snapshot = context.Transaction!.OpenSnapshot();
        using var fetch = snapshot.OpenFetch(child.Id, [ColumnId.RowId, .. neededOrdinals.Select(o => child.Columns[o].Id)]);
        var rowIds = found.Select(f => f.RowId).ToArray();
        for (var start = 0; start < rowIds.Length; start += Batch.RowCountMax)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(rowIds.Length - start, Batch.RowCountMax);
            var rows = fetch.Fetch(rowIds.AsSpan(start, count));
            if (rows.RowCount != count)
            {
                throw Error.Internal($"{count} rows of {child} were found by a foreign key, of which {rows.RowCount} are there");
            }

            batch.Columns[0] = rows.Columns[0];
            for (var i = 0; i < neededOrdinals.Length; i++)
            {
                batch.Columns[1 + neededOrdinals[i]] = rows.Columns[1 + i];
            }

            for (var i = 0; i < values.Length; i++)
            {
                values[i].Clear();
                for (var row = 0; row < count; row++)
                {
                    values[i].AppendFrom(newKeys[i].Column, found[start + row].Key);
                }

                batch.Columns[1 + child.Columns.Length + i] = values[i].Column;
            }

            batch.RowCount = count;
            update.Update(batch, null);
        }

        update.Finish();
    }

    public void Dispose()
    {
        update.Dispose();
        foreach (var value in values)
        {
            value.Dispose();
        }
    }

    private string Write(ReferentialAction action)
    {
        var sql = new StringBuilder("UPDATE ").Append(Quote(child.Schema)).Append('.').Append(Quote(child.Name)).Append(" SET ");
        for (var i = 0; i < foreignKey.Columns.Length; i++)
        {
            var column = child.FindColumn(foreignKey.Columns[i])!;
            sql.Append(i == 0 ? "" : ", ").Append(Quote(column.Name)).Append(" = ").Append(action switch
            {
                ReferentialAction.SetNull => "NULL",
                ReferentialAction.SetDefault => "DEFAULT",
                _ => $"@v{i}",
            });
        }

        return sql.ToString();
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
