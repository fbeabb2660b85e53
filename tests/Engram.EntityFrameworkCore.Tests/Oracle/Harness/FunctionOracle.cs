using System.Text.RegularExpressions;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Harness;

/// <summary>What EF Core's functions of the database mean, in .NET.</summary>
internal static class FunctionOracle
{
    public static bool Like(string? text, string? pattern) => Like(text, pattern, "");

    public static bool Like(string? text, string? pattern, string escape)
    {
        if (text is null || pattern is null)
        {
            return false;
        }

        var regex = new System.Text.StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            if (escape.Length == 1 && pattern[i] == escape[0])
            {
                regex.Append(Regex.Escape(pattern[++i].ToString()));
            }
            else
            {
                regex.Append(pattern[i] switch { '%' => "(.|\n)*", '_' => "(.|\n)", var c => Regex.Escape(c.ToString()) });
            }
        }

        return Regex.IsMatch(text, regex.Append("\\z").ToString(), RegexOptions.CultureInvariant);
    }

    public static T Collate<T>(T value, string collation)
        => collation == "C" ? value : throw new NotSupportedException($"The oracle has no collation '{collation}'.");
}
