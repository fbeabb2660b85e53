using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>SET NULL, SET DEFAULT and ON UPDATE CASCADE: an UPDATE of the referring rows, planned once and run for each key that has any.</summary>
internal sealed class ReferenceUpdate : IDisposable
{
    private readonly TableDefinition child;
    private readonly ForeignKeyDefinition foreignKey;
    private readonly StatementContext context;
    private readonly BoundStatement statement;
    private readonly Batch parameters;
    private readonly ColumnBuffer[] values;

    public ReferenceUpdate(TableDefinition child, ForeignKeyDefinition foreignKey, ReferentialAction action, StatementContext context)
    {
        (this.child, this.foreignKey, this.context) = (child, foreignKey, context);
        var types = new Dictionary<string, DataType>();
        var sql = Write(action, types);
        statement = Planner.Plan(Parser.ParseScript(sql)[0], sql, context.Transaction!.Catalog, types);
        values = [.. statement.Parameters.Select(p => ClrValue.Constant(p.Type, null))];
        parameters = new Batch(values.Length) { RowCount = 1 };
        for (var i = 0; i < values.Length; i++)
        {
            parameters.Columns[i] = values[i].Column;
        }
    }

    /// <param name="newKeys">For CASCADE: by number, what each key becomes.</param>
    public void Run(KeyTable keys, ColumnBuffer[] newKeys)
    {
        var found = new List<(int Key, long RowId)>();
        using (var snapshot = context.Transaction!.OpenSnapshot())
        {
            KeyLookup.Find(snapshot, child, foreignKey.Columns, keys, found, context.Cancellation);
        }

        foreach (var key in found.Select(f => f.Key).Distinct())
        {
            for (var i = 0; i < values.Length; i++)
            {
                // Names are k and v with the column's place.
                var name = statement.Parameters[i].Name;
                var place = int.Parse(name.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
                values[i].Clear();
                values[i].AppendFrom(name[0] == 'k' ? keys.Key(place) : newKeys[place].Column, key);
            }

            using var snapshot = context.Transaction.OpenSnapshot();
            using var update = OperatorFactory.Create(
                statement.Plan, new StatementContext(snapshot, context.Transaction, parameters, context.Clock, context.Cancellation));
            while (update.Next() is not null)
            {
                throw Error.Internal("an update without RETURNING gave rows");
            }
        }
    }

    public void Dispose()
    {
        foreach (var value in values)
        {
            value.Dispose();
        }
    }

    private string Write(ReferentialAction action, Dictionary<string, DataType> types)
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
            types[$"k{i}"] = column.Type;
            types[$"v{i}"] = column.Type;
        }

        for (var i = 0; i < foreignKey.Columns.Length; i++)
        {
            sql.Append(i == 0 ? " WHERE " : " AND ").Append(Quote(child.FindColumn(foreignKey.Columns[i])!.Name)).Append($" = @k{i}");
        }

        return sql.ToString();
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
