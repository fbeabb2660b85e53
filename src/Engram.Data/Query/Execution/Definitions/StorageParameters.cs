using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>CREATE TABLE … WITH (cluster_by = 'embedding, created'), ALTER TABLE … SET (…) and RESET (…): how a table's rows are kept.</summary>
/// <remarks>Changes of the definition alone: compactions follow it from then on, and rows are the same wherever they lie.</remarks>
internal static class StorageParameters
{
    public const string ClusterBy = "cluster_by";

    public static TableDefinition Apply(TableDefinition table, IReadOnlyList<StorageOptionSyntax> options, bool isReset)
    {
        foreach (var option in options)
        {
            if (option.Name != ClusterBy)
            {
                throw Error.UnknownStorageParameter(option.Name, option.Position);
            }

            if (isReset != option.Value is null)
            {
                throw Error.StorageParameter(option.Name, option.Value ?? "", isReset ? "no value in RESET" : "names of columns, such as 'embedding, created'", option.Position);
            }

            table = table with { ClusteredBy = isReset ? [] : ColumnsOf(table, option) };
        }

        return table;
    }

    /// <summary>The value of cluster_by, as it may be written; null when the table is not clustered.</summary>
    public static string? TextOf(TableDefinition table) => table.ClusteredBy.IsEmpty ? null
        : string.Join(", ", table.ClusteredBy.Select(id => NameOf(table.FindColumn(id)!.Name)));

    /// <summary>Whether a column by which the table is clustered may get another type.</summary>
    public static void CheckRetype(TableDefinition table, ColumnDefinition column, DataType type, int position)
    {
        if (table.ClusteredBy.Contains(column.Id) && !CanOrder(type))
        {
            throw Error.ColumnInUse($"{table}.{column.Name}", $"the table is clustered by it, and type {type} has no order", position);
        }
    }

    private static ImmutableArray<ColumnId> ColumnsOf(TableDefinition table, StorageOptionSyntax option)
    {
        var columns = ImmutableArray.CreateBuilder<ColumnId>();
        foreach (var name in Names(option))
        {
            var column = NameMatch.FindColumn(table, name);
            if (column.IsVirtual)
            {
                throw Error.StorageParameter(option.Name, option.Value!, $"columns whose values are stored, and '{column.Name}' is computed when it is read", option.Position);
            }

            if (!CanOrder(column.Type))
            {
                throw Error.StorageParameter(option.Name, option.Value!, $"columns of type vector or of a type with an order, and '{column.Name}' is {column.Type}", option.Position);
            }

            if (columns.Contains(column.Id))
            {
                throw Error.StorageParameter(option.Name, option.Value!, $"each column once, and '{column.Name}' is there twice", option.Position);
            }

            columns.Add(column.Id);
        }

        return columns.Count <= ClusterColumns.CountMax ? columns.ToImmutable()
            : throw Error.StorageParameter(option.Name, option.Value!, "four columns at most", option.Position);
    }

    private static bool CanOrder(DataType type) => type.Kind == TypeKind.Vector || KeyShape.IsOrdered(type);

    /// <summary>The names of the value, as names are written in statements: a quoted one is exact, and may have a comma in it.</summary>
    private static IEnumerable<IdentifierSyntax> Names(StorageOptionSyntax option)
    {
        var lexer = new Lexer(option.Value!);
        for (var token = lexer.Next(); token.Kind != TokenKind.End; token = lexer.Next())
        {
            if (token.Kind is not (TokenKind.Word or TokenKind.QuotedName))
            {
                throw Error.StorageParameter(option.Name, option.Value!, "names of columns with commas between them", option.Position);
            }

            var text = option.Value!.Substring(token.Start, token.Length);
            var isQuoted = token.Kind == TokenKind.QuotedName;
            yield return new IdentifierSyntax(option.Span, isQuoted ? text[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : text, isQuoted);
            if (lexer.Next().Kind is var next && next == TokenKind.End)
            {
                yield break;
            }

            if (next != TokenKind.Comma)
            {
                throw Error.StorageParameter(option.Name, option.Value!, "names of columns with commas between them", option.Position);
            }
        }
    }

    private static string NameOf(string name)
        => name.Length > 0 && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            ? name : "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
