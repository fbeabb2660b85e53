using System.Collections.Immutable;
using System.Text;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>Renames a column where the table's own expressions name it: checks, computed columns, conditions of indexes.</summary>
/// <remarks>
/// Expressions are kept as they were written, so the name is replaced in the text: each word that is the name and is not that of a function or of a type. Whether that was right is not
/// left to the words: the text must read the same columns after the change as before, or the change is refused.
/// </remarks>
internal static class ColumnRenaming
{
    public static TableDefinition Run(DatabaseCatalog catalog, TableDefinition table, ColumnDefinition column, string name, int position)
    {
        var renamed = table with { Columns = table.Columns.Replace(column, column with { Name = name }) };
        string Rewritten(string sql) => Rewrite(catalog, table, renamed, column, name, sql, position);
        return renamed with
        {
            Columns = [.. renamed.Columns.Select(c => c.ComputedSql is { } sql ? c.IsHidden ? c with { ComputedSql = Rewritten(sql), Name = Rewritten(sql) } : c with { ComputedSql = Rewritten(sql) } : c)],
            Checks = [.. table.Checks.Select(c => c with { Sql = Rewritten(c.Sql) })],
            Indexes = [.. table.Indexes.Select(i => i.FilterSql is { } sql && Rewritten(sql) is var next && next != sql ? i with { FilterSql = next } : i)],
        };
    }

    private static string Rewrite(DatabaseCatalog catalog, TableDefinition table, TableDefinition renamed, ColumnDefinition column, string name, string sql, int position)
    {
        var read = StoredExpressions.ColumnsReadBy(catalog, table, sql);
        if (!read.Contains(table.IndexOf(column.Id)))
        {
            return sql;
        }

        var next = Replace(sql, column.Name, name);
        var isSame = false;
        try
        {
            isSame = StoredExpressions.ColumnsReadBy(catalog, renamed, next).SequenceEqual(read);
        }
        catch (EngramException e) when (e.SqlState != SqlStates.InternalError)
        {
            // Said below.
            isSame = false;
        }

        return isSame ? next : throw Error.NotSupported($"Renaming column '{column.Name}' in the expression '{sql}' (drop what has the expression, and add it again)", position + 1);
    }

    private static string Replace(string sql, string from, string to)
    {
        var result = new StringBuilder();
        var lexer = new Lexer(sql);
        var copied = 0;
        var before = default(Token);
        for (var token = lexer.Next(); token.Kind != TokenKind.End;)
        {
            var next = lexer.Next();
            if (IsName(sql, token, from) && next.Kind != TokenKind.LeftParenthesis && before.Kind != TokenKind.DoubleColon && before.Keyword != Keyword.As)
            {
                result.Append(sql, copied, token.Start - copied).Append('"').Append(to.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
                copied = token.End;
            }

            before = token;
            token = next;
        }

        return result.Append(sql, copied, sql.Length - copied).ToString();
    }

    /// <summary>Unquoted names may differ in case, as wherever the name is looked up; whether another column was meant shows when the columns are compared.</summary>
    private static bool IsName(string sql, Token token, string name) => token.Kind switch
    {
        TokenKind.QuotedName => LiteralDecoder.QuotedName(sql, token) == name,
        TokenKind.Word => sql.AsSpan(token.Start, token.Length).Equals(name, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };
}
