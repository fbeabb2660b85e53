using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary><c>Regex.IsMatch</c> and <c>Regex.Replace</c>: .NET's own expressions, run without backtracking.</summary>
internal sealed class RegexTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    /// <summary>Options that change nothing, since the database compiles expressions, and knows no culture, anyway.</summary>
    private const RegexOptions Ignored = RegexOptions.Compiled | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private static readonly (RegexOptions Option, char Letter)[] Letters =
        [(RegexOptions.IgnoreCase, 'i'), (RegexOptions.Multiline, 'm'), (RegexOptions.Singleline, 's'), (RegexOptions.IgnorePatternWhitespace, 'x')];

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(Regex) || instance is not null || arguments.Any(a => a.Type != typeof(string) && a.Type != typeof(RegexOptions)))
        {
            return null;
        }

        if (arguments.Count > 1 && arguments[1] is SqlConstantExpression { Value: string pattern } && !RunsWithoutBacktracking(pattern))
        {
            return null;
        }

        var texts = arguments.TakeWhile(a => a.Type == typeof(string)).Select(sql.ApplyDefaultTypeMapping).Cast<SqlExpression>().ToList();
        if (texts.Count < arguments.Count)
        {
            if (arguments[^1] is not SqlConstantExpression { Value: RegexOptions options } || FlagsOf(options) is not { } flags)
            {
                return null;
            }

            if (flags.Length > 0)
            {
                texts.Add(sql.ApplyDefaultTypeMapping(sql.Constant(flags)));
            }
        }

        return (method.Name, arguments.Count(a => a.Type == typeof(string))) switch
        {
            (nameof(Regex.IsMatch), 2) => sql.Call("regex_is_match", typeof(bool), [.. texts]),
            (nameof(Regex.Replace), 3) => sql.Call("regex_replace", typeof(string), [.. texts]),
            _ => null,
        };
    }

    /// <summary>A pattern with back references or lookaround does not: where EF Core can, it runs such a one itself.</summary>
    private static bool RunsWithoutBacktracking(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking);
            return true;
        }
        catch (NotSupportedException)
        {
            return false;
        }
        catch (ArgumentException)
        {
            // No pattern at all: the database says where it is wrong.
            return true;
        }
    }

    /// <summary>Null for an option that the database has not.</summary>
    private static string? FlagsOf(RegexOptions options)
    {
        var flags = "";
        foreach (var (option, letter) in Letters)
        {
            flags += options.HasFlag(option) ? letter : "";
            options &= ~option;
        }

        return (options & ~Ignored) == RegexOptions.None ? flags : null;
    }
}
