namespace Engram.Data.Cli.Commands;

/// <summary>Names as SQL writes them.</summary>
internal static class SqlName
{
    /// <summary>A name, or a schema and a name with a dot between, quoted so that its letters stay as they are.</summary>
    public static string Quote(string name) => string.Join('.', name.Split('.').Select(part => $"\"{part.Trim('"').Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
}
