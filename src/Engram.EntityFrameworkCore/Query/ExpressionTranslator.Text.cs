using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Text.RegularExpressions;
using Engram.EntityFrameworkCore.Query.Translators;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Parts of text, and text put together from a list or a format. StartsWith, EndsWith and Contains are ordinal, as all comparisons of text are.</summary>
internal sealed partial class ExpressionTranslator
{
    /// <summary>An item of a format without width and without a format of its own, an escaped brace, or an item that has them.</summary>
    [GeneratedRegex(@"\{\{|\}\}|\{(?<place>\d+)\}|\{[^}]*\}")]
    private static partial Regex FormatItem { get; }

    /// <summary>Null for what is no method of text that needs more than a method and its arguments.</summary>
    private Expression? TranslateText(MethodCallExpression call)
    {
        if (call.Method.DeclaringType != typeof(string))
        {
            return null;
        }

        if (call.Object is { } instance && IsPatternMethod(call, out var ignoresCase))
        {
            var kind = Enum.Parse<LikePattern>(call.Method.Name);
            if (ignoresCase)
            {
                var upper = typeof(string).GetMethod(nameof(string.ToUpperInvariant), [])!;
                var part = call.Arguments[0].Type == typeof(string) ? call.Arguments[0] : Expression.Call(call.Arguments[0], nameof(ToString), null);
                return TryTranslatePattern(Expression.Call(instance, upper), Expression.Call(part, upper), kind, out var caseless)
                    ? caseless
                    : QueryCompilationContext.NotTranslatedExpression;
            }

            return TryTranslatePattern(instance, call.Arguments[0], kind, out var translation)
                ? translation
                : QueryCompilationContext.NotTranslatedExpression;
        }

        return call.Method.Name switch
        {
            nameof(string.Concat) when call.Arguments is [NewArrayExpression { NodeType: ExpressionType.NewArrayInit } parts] => TranslateParts(parts.Expressions),
            nameof(string.Concat) when call.Arguments.Count > 1 && call.Arguments.Any(a => a.Type == typeof(object)) => TranslateParts(call.Arguments),
            nameof(string.Join) when call.Arguments is [{ } separator, NewArrayExpression { NodeType: ExpressionType.NewArrayInit } parts] =>
                TranslateJoin(separator, parts.Expressions),
            nameof(string.Format) when call.Arguments is [ConstantExpression { Value: string format }, ..] => TranslateFormat(
                format, call.Arguments is [_, NewArrayExpression { NodeType: ExpressionType.NewArrayInit } items] ? [.. items.Expressions] : [.. call.Arguments.Skip(1)]),
            _ => null,
        };
    }

    /// <summary>Each part as text, null as nothing.</summary>
    private SqlExpression? TranslatePart(Expression part)
    {
        while (part is UnaryExpression { NodeType: ExpressionType.Convert } conversion && conversion.Type == typeof(object))
        {
            part = conversion.Operand;
        }

        var text = part.Type == typeof(string) ? part : Expression.Call(part, part.Type.GetMethod(nameof(ToString), [])!);
        return Visit(text) is SqlExpression translated
            ? translated is SqlConstantExpression { Value: string } ? translated : sql.Coalesce(sql.ApplyDefaultTypeMapping(translated), sql.Constant(""))
            : null;
    }

    private SqlExpression? TranslateParts(IEnumerable<Expression> parts)
    {
        var texts = parts.Select(TranslatePart).ToList();
        return texts.Contains(null) ? null : texts.Count == 0 ? sql.Constant("") : texts.Aggregate((a, b) => sql.Add(a!, b!));
    }

    private SqlExpression? TranslateJoin(Expression separator, IReadOnlyList<Expression> parts)
    {
        var texts = parts.Select(TranslatePart).ToList();
        if (texts.Contains(null) || Visit(separator) is not SqlExpression between)
        {
            return null;
        }

        var text = sql.Constant("").TypeMapping ?? typeMappingSource.FindMapping(typeof(string));
        return sql.Function(
            "concat_ws", [sql.ApplyTypeMapping(between, text), .. texts.Select(t => sql.ApplyTypeMapping(t!, text))], nullable: true,
            [true, .. texts.Select(_ => false)], typeof(string), text);
    }

    /// <summary>Items without a width or a format of their own: interpolated strings.</summary>
    private SqlExpression? TranslateFormat(string format, List<Expression> items)
    {
        var parts = new List<Expression>();
        var start = 0;
        foreach (Match match in FormatItem.Matches(format))
        {
            AddText(format[start..match.Index]);
            start = match.Index + match.Length;
            if (match.Value is "{{" or "}}")
            {
                AddText(match.Value[..1]);
            }
            else if (match.Groups["place"] is { Success: true } place && int.Parse(place.Value, System.Globalization.CultureInfo.InvariantCulture) is var i && i < items.Count)
            {
                parts.Add(items[i]);
            }
            else
            {
                return null;
            }
        }

        AddText(format[start..]);
        return TranslateParts(parts);

        void AddText(string text)
        {
            if (text.Length > 0)
            {
                parts.Add(Expression.Constant(text));
            }
        }
    }

    private static bool IsPatternMethod(MethodCallExpression call, out bool ignoresCase)
    {
        var comparison = call.Arguments.Count switch
        {
            1 => StringComparison.Ordinal,
            2 when call.Arguments[1] is ConstantExpression { Value: StringComparison given } => given,
            _ => (StringComparison?)null,
        };
        ignoresCase = comparison == StringComparison.OrdinalIgnoreCase;
        return comparison is StringComparison.Ordinal or StringComparison.OrdinalIgnoreCase
            && call.Method.Name is nameof(string.StartsWith) or nameof(string.EndsWith) or nameof(string.Contains);
    }

    private bool TryTranslatePattern(Expression instance, Expression pattern, LikePattern kind, [NotNullWhen(true)] out SqlExpression? translation)
    {
        if (Visit(instance) is not SqlExpression text || Visit(pattern) is not SqlExpression part)
        {
            translation = null;
            return false;
        }

        var mapping = text.TypeMapping ?? typeMappingSource.FindMapping(typeof(string))!;
        text = sql.ApplyTypeMapping(text, mapping);
        translation = part switch
        {
            SqlConstantExpression { Value: null } => sql.Like(text, sql.Constant(null, typeof(string), mapping)),
            SqlConstantExpression { Value: var value } => sql.Like(text, sql.Constant(LikePatterns.Create(value!.ToString()!, kind), mapping)),
            SqlParameterExpression parameter => sql.Like(text, RegisterPattern(parameter, kind, mapping)),
            _ => TranslatePatternOfRow(text, sql.ApplyDefaultTypeMapping(part), kind),
        };
        return true;
    }

    /// <summary>A second parameter, computed from the first before each execution: its text as a pattern.</summary>
    private SqlParameterExpression RegisterPattern(SqlParameterExpression parameter, LikePattern kind, RelationalTypeMapping mapping)
    {
        var extractor = Expression.Lambda(
            Expression.Call(
                LikePatterns.CreateFromParameterMethod, QueryCompilationContext.QueryContextParameter,
                Expression.Constant(parameter.Name), Expression.Constant(kind)),
            QueryCompilationContext.QueryContextParameter);
        var pattern = queryCompilationContext.RegisterRuntimeParameter($"{parameter.Name}_{kind.ToString().ToLowerInvariant()}", extractor);
        return new SqlParameterExpression(pattern.Name, pattern.Type, mapping);
    }

    /// <summary>The part differs from row to row, so there is no pattern: functions compare the ends of the text.</summary>
    private SqlExpression TranslatePatternOfRow(SqlExpression text, SqlExpression part, LikePattern kind)
    {
        var function = kind switch
        {
            LikePattern.StartsWith => "starts_with",
            LikePattern.EndsWith => "ends_with",
            _ => "contains",
        };

        // As EF Core has it everywhere: no match when either is null, so that its negation is true.
        return sql.AndAlso(sql.IsNotNull(text), sql.AndAlso(sql.IsNotNull(part), sql.Call(function, typeof(bool), text, part)));
    }
}
