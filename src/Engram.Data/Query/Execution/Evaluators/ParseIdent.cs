using System.Text;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>parse_ident(text [, strict]): the parts of a name, folded to lower case where they have no quotes.</summary>
internal struct ParseIdent : IRowFunction<Bytes>
{
    private ArrayWriter writer;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var text = arguments[0].Get<Bytes>(row).Text;
        var isStrict = arguments.Length < 2 || arguments[1].Get<byte>(row) != 0;
        writer.Begin();
        var at = SkipBlanks(text, 0);
        while (true)
        {
            writer.Add(Encoding.UTF8.GetBytes(Take(text, ref at)));
            at = SkipBlanks(text, at);
            if (at >= text.Length || text[at] != '.')
            {
                break;
            }

            at = SkipBlanks(text, at + 1);
        }

        if (at < text.Length && isStrict)
        {
            throw Invalid(text);
        }

        result = writer.End(memory);
        return true;
    }

    private static string Take(string text, ref int at)
    {
        var start = at;
        if (at < text.Length && text[at] == '"')
        {
            var name = new StringBuilder();
            at++;
            while (at < text.Length)
            {
                var c = text[at++];
                if (c != '"')
                {
                    name.Append(c);
                }
                else if (at < text.Length && text[at] == '"')
                {
                    name.Append(c);
                    at++;
                }
                else
                {
                    return name.Length > 0 ? name.ToString() : throw Invalid(text);
                }
            }

            throw Invalid(text);
        }

        while (at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] is '_' or >= '\u0080' || (at > start && (char.IsAsciiDigit(text[at]) || text[at] == '$'))))
        {
            at++;
        }

        return at > start ? string.Concat(text[start..at].Select(c => char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c)) : throw Invalid(text);
    }

    private static int SkipBlanks(string text, int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\n' or '\r' or '\f' or '\v')
        {
            at++;
        }

        return at;
    }

    private static EngramException Invalid(string text)
        => Error.InvalidArgument("parse_ident", $"\"{(text.Length > 40 ? text[..40] + "…" : text)}\" is no name: parts, in double quotes or not, with points between them.");
}
