using System.Globalization;
using System.Text;
using Engram.Data.Columns;

namespace Engram.Data.Tests.Query.Reference;

/// <summary>Scalar functions and operators over objects. Arguments of strict functions are not null.</summary>
internal static class ReferenceFunctions
{
    public static object? Call(string name, object?[] a, DataType type)
    {
        try
        {
            return (name, a.Length) switch
            {
                ("=" or "<>" or "<" or "<=" or ">" or ">=", 2) => Compare(name, ReferenceValues.Compare(a[0]!, a[1]!)),
                ("any_equal", 2) => a[1] is Array items ? ReferenceExpressions.In(a[0], items.Cast<object?>()) : null,
                ("array", _) => a,
                ("greatest", _) => a.OfType<object>().Aggregate((object?)null, (x, y) => x is null || ReferenceValues.Compare(y, x) > 0 ? y : x),
                ("least", _) => a.OfType<object>().Aggregate((object?)null, (x, y) => x is null || ReferenceValues.Compare(y, x) < 0 ? y : x),
                ("nullif", 2) => a[0] is null || (a[1] is not null && ReferenceValues.Compare(a[0]!, a[1]!) == 0) ? null : a[0],
                ("concat", _) => string.Concat(a),
                ("concat_ws", _) => a[0] is null ? null : string.Join((string)a[0]!, a.Skip(1).Where(x => x is not null)),
                ("||", 2) when a[0] is byte[] x => (byte[])[.. x, .. (byte[])a[1]!],
                ("||", 2) when a[0] is string x => x + (string)a[1]!,
                ("+" or "-" or "*" or "/" or "%" or "mod" or "&" or "|" or "#" or "~", _) => ReferenceArithmetic.Call(name, a, type),
                _ when a[0] is string text => Text(name, text, a),
                _ => ReferenceArithmetic.Function(name, a, type),
            };
        }
        catch (OverflowException e)
        {
            throw new ReferenceErrorException(e.Message);
        }
    }

    private static bool Compare(string name, int order) => name switch
    {
        "=" => order == 0,
        "<>" => order != 0,
        "<" => order < 0,
        "<=" => order <= 0,
        ">" => order > 0,
        _ => order >= 0,
    };

    private static object? Text(string name, string text, object?[] a) => (name, a.Length) switch
    {
        ("length" or "char_length" or "character_length", 1) => Points(text).Count,
        ("octet_length", 1) => Encoding.UTF8.GetByteCount(text),
        ("lower", 1) => text.ToLowerInvariant(),
        ("upper", 1) => text.ToUpperInvariant(),
        ("reverse", 1) => string.Concat(Enumerable.Reverse(Points(text))),
        ("btrim" or "trim", _) => TrimEnd(TrimStart(text, Set(a)), Set(a)),
        ("ltrim", _) => TrimStart(text, Set(a)),
        ("rtrim", _) => TrimEnd(text, Set(a)),
        ("substr" or "substring", 2) => Part(text, (int)a[1]!, int.MaxValue),
        ("substr" or "substring", 3) => Part(text, (int)a[1]!, (int)a[2]!),
        ("left", 2) => (int)a[1]! is var n && n >= 0 ? First(text, n) : First(text, Points(text).Count + n),
        ("right", 2) => (int)a[1]! is var n && n >= 0 ? Last(text, n) : Last(text, Points(text).Count + n),
        ("replace", 3) => ((string)a[1]!).Length == 0 ? text : text.Replace((string)a[1]!, (string)a[2]!, StringComparison.Ordinal),
        ("repeat", 2) => string.Concat(Enumerable.Repeat(text, Math.Max(0, (int)a[1]!))),
        ("lpad" or "rpad", _) => Pad(name == "lpad", text, (int)a[1]!, a.Length > 2 ? (string)a[2]! : " "),
        ("strpos" or "position", 2) => text.IndexOf((string)a[1]!, StringComparison.Ordinal) is >= 0 and var at ? Points(text[..at]).Count + 1 : 0,
        ("starts_with", 2) => text.StartsWith((string)a[1]!, StringComparison.Ordinal),
        ("like", 2) => Like(text, (string)a[1]!, false),
        ("ilike", 2) => Like(text, (string)a[1]!, true),
        ("date_trunc", 2) => ReferenceArithmetic.Truncate(text, a[1]!),
        ("extract" or "date_part", 2) => ReferenceArithmetic.Part(text, a[1]!),
        _ => throw new NotInReferenceException("function " + name),
    };

    private static List<Rune> Points(string text) => [.. text.EnumerateRunes()];

    private static List<Rune> Set(object?[] a) => a.Length > 1 ? Points((string)a[1]!) : [new Rune(' ')];

    private static string First(string text, int count) => string.Concat(Points(text).Take(Math.Max(0, count)));

    private static string Last(string text, int count) => string.Concat(Points(text).TakeLast(Math.Max(0, count)));

    private static string TrimStart(string text, List<Rune> set) => string.Concat(Points(text).SkipWhile(set.Contains));

    private static string TrimEnd(string text, List<Rune> set) => string.Concat(Enumerable.Reverse(Enumerable.Reverse(Points(text)).SkipWhile(set.Contains)));

    /// <summary>Places before the first count, though there is nothing there.</summary>
    private static string Part(string text, int start, int length)
    {
        if (length < 0)
        {
            throw new ReferenceErrorException("negative length");
        }

        var end = length == int.MaxValue ? long.MaxValue : (long)start + length;
        return string.Concat(Points(text).Where((_, i) => i + 1 >= start && i + 1 < end));
    }

    private static string Pad(bool isLeft, string text, int length, string fill)
    {
        var points = Points(text);
        if (points.Count >= length || fill.Length == 0)
        {
            return First(text, length);
        }

        var filling = Points(fill);
        var padding = string.Concat(Enumerable.Range(0, length - points.Count).Select(i => filling[i % filling.Count]));
        return isLeft ? padding + text : text + padding;
    }

    private static bool Like(string text, string pattern, bool ignoresCase)
    {
        var (t, p) = ignoresCase ? (Points(text.ToLowerInvariant()), Points(pattern.ToLowerInvariant())) : (Points(text), Points(pattern));
        return Like(t, 0, p, 0);
    }

    /// <summary>Each % tries every length: slow, and plainly right.</summary>
    private static bool Like(List<Rune> text, int i, List<Rune> pattern, int j)
    {
        if (j == pattern.Count)
        {
            return i == text.Count;
        }

        switch (pattern[j].Value)
        {
            case '%':
                return Enumerable.Range(i, text.Count - i + 1).Any(k => Like(text, k, pattern, j + 1));
            case '_':
                return i < text.Count && Like(text, i + 1, pattern, j + 1);
            case '\\':
                return j + 1 < pattern.Count
                    ? i < text.Count && text[i] == pattern[j + 1] && Like(text, i + 1, pattern, j + 2)
                    : throw new ReferenceErrorException("ends in its escape");
            default:
                return i < text.Count && text[i] == pattern[j] && Like(text, i + 1, pattern, j + 1);
        }
    }
}
