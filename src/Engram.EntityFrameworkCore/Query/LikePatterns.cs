using System.Reflection;
using System.Text;
using Microsoft.EntityFrameworkCore.Query;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Where the part must stand in the text; named as the methods of <see cref="string"/>.</summary>
public enum LikePattern
{
    /// <summary>At the start.</summary>
    StartsWith,

    /// <summary>At the end.</summary>
    EndsWith,

    /// <summary>Anywhere.</summary>
    Contains,
}

/// <summary>Patterns for LIKE from plain text. Public because precompiled queries call it; not for applications.</summary>
public static class LikePatterns
{
    internal static readonly MethodInfo CreateFromParameterMethod = typeof(LikePatterns).GetMethod(nameof(CreateFromParameter))!;

    /// <summary>The pattern that matches text which holds a part; LIKE's own characters are escaped with a backslash, its default.</summary>
    public static string Create(string part, LikePattern kind)
    {
        var pattern = new StringBuilder(part.Length + 2);
        if (kind != LikePattern.StartsWith)
        {
            pattern.Append('%');
        }

        foreach (var c in part)
        {
            if (c is '%' or '_' or '\\')
            {
                pattern.Append('\\');
            }

            pattern.Append(c);
        }

        // "%%" would be right for an empty part too, but "%" alone is recognised as "not null".
        if (kind != LikePattern.EndsWith && (part.Length > 0 || pattern.Length == 0))
        {
            pattern.Append('%');
        }

        return pattern.ToString();
    }

    /// <summary>The pattern for a parameter's value at execution; null when it is null.</summary>
    public static string? CreateFromParameter(QueryContext queryContext, string parameterName, LikePattern kind)
        => queryContext.Parameters[parameterName]?.ToString() is { } part ? Create(part, kind) : null;
}
