using System.Data;

namespace Engram.Data.Cli.Import;

/// <summary>A column that values go into.</summary>
/// <param name="Type">As SQL names it, such as <c>vector(768)</c>.</param>
internal sealed record TableColumn(string Name, string Type);

/// <summary>The columns of tables.</summary>
internal static class TableColumns
{
    /// <summary>In their order; none when there is no such table. Names that differ in case only are found when there is one.</summary>
    public static IReadOnlyList<TableColumn> Find(EngramConnection connection, string table)
    {
        var parts = table.Split('.');
        var (schema, name) = parts.Length == 2 ? (parts[0].Trim('"'), parts[1].Trim('"')) : ("public", table.Trim('"'));
        var rows = connection.GetSchema("Columns", [schema, null, null]).Rows.Cast<DataRow>().ToList();
        var exact = rows.Where(r => (string)r["table_name"] == name).ToList();
        var found = exact.Count > 0 ? exact : rows.Where(r => ((string)r["table_name"]).Equals(name, StringComparison.OrdinalIgnoreCase)).ToList();
        return [.. found.OrderBy(r => (int)r["ordinal_position"]).Select(r => new TableColumn((string)r["column_name"], (string)r["data_type"]))];
    }
}
