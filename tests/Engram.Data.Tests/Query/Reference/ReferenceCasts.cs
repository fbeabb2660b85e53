using System.Globalization;
using System.Text;
using Engram.Data.Columns;

namespace Engram.Data.Tests.Query.Reference;

/// <summary>Conversions between types.</summary>
internal static class ReferenceCasts
{
    public static object? Cast(object? value, DataType from, DataType to, bool isExplicit)
    {
        if (value is null)
        {
            return null;
        }

        if (value is string literal && to.Kind != TypeKind.Text)
        {
            return Parse(literal, to);
        }

        return to.Kind switch
        {
            TypeKind.Int16 => (short)Integer(value, short.MinValue, short.MaxValue),
            TypeKind.Int32 => (int)Integer(value, int.MinValue, int.MaxValue),
            TypeKind.Int64 => Integer(value, long.MinValue, long.MaxValue),
            TypeKind.Single => Convert.ToSingle(value, CultureInfo.InvariantCulture),
            TypeKind.Double => Convert.ToDouble(value, CultureInfo.InvariantCulture),
            TypeKind.Decimal => Limited(Number(value), to),
            TypeKind.Text => Limited(Text(value), to, isExplicit),
            TypeKind.Boolean when value is bool => value,
            TypeKind.Boolean when from.IsInteger => Convert.ToInt64(value, CultureInfo.InvariantCulture) != 0,
            TypeKind.Date => value switch
            {
                DateOnly => value,
                DateTime t => DateOnly.FromDateTime(t),
                _ => throw Unknown(value, to),
            },
            TypeKind.Timestamp => value switch
            {
                DateTime => value,
                DateOnly d => d.ToDateTime(TimeOnly.MinValue),
                _ => throw Unknown(value, to),
            },
            TypeKind.TimestampTz => value switch
            {
                DateTimeOffset => value,
                DateOnly d => new DateTimeOffset(d.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero),
                DateTime t => new DateTimeOffset(t, TimeSpan.Zero),
                _ => throw Unknown(value, to),
            },
            TypeKind.Time when value is DateTime t => TimeOnly.FromDateTime(t),
            _ when from.Kind == to.Kind => value,
            _ => throw Unknown(value, to),
        };
    }

    /// <summary>A number as text, in the form of PostgreSQL; what would have an exponent is left to other tests.</summary>
    public static string Text(object value) => value switch
    {
        string s => s,
        bool b => b ? "true" : "false",
        DateOnly d => d.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime d => d.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        Guid g => g.ToString(),
        float or double => ((IFormattable)value).ToString("R", CultureInfo.InvariantCulture) is var text && !text.Contains('E', StringComparison.Ordinal)
            ? text : throw new NotInReferenceException("a float as text"),
        decimal or short or int or long => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        _ => throw Unknown(value, DataType.Text),
    };

    /// <summary>Reads a literal; only in the forms that random queries write.</summary>
    private static object Parse(string text, DataType type) => type.Kind switch
    {
        TypeKind.Time => TimeOnly.Parse(text, CultureInfo.InvariantCulture),
        TypeKind.Date => DateOnly.Parse(text, CultureInfo.InvariantCulture),
        TypeKind.Timestamp => DateTime.Parse(text, CultureInfo.InvariantCulture),
        TypeKind.TimestampTz => DateTimeOffset.Parse(text[^3] is '+' or '-' ? text + ":00" : text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        TypeKind.Uuid => Guid.Parse(text),
        TypeKind.Bytea => Convert.FromHexString(text[2..]),
        TypeKind.Interval => Interval(text.Split(' ')),
        _ => throw Unknown(text, type),
    };

    private static TimeSpan Interval(string[] words)
    {
        var sum = TimeSpan.Zero;
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i].Contains(':', StringComparison.Ordinal))
            {
                sum += TimeSpan.Parse(words[i], CultureInfo.InvariantCulture);
                continue;
            }

            var count = decimal.Parse(words[i++], CultureInfo.InvariantCulture);
            sum += new TimeSpan((long)(count * (words[i].TrimEnd('s') switch
            {
                "second" => TimeSpan.TicksPerSecond,
                "minute" => TimeSpan.TicksPerMinute,
                "hour" => TimeSpan.TicksPerHour,
                "day" => TimeSpan.TicksPerDay,
                _ => throw new NotInReferenceException("interval " + words[i]),
            })));
        }

        return sum;
    }

    private static NotInReferenceException Unknown(object value, DataType to) => new($"cast of {value.GetType().Name} to {to.Kind}");

    /// <summary>Decimals round half away from zero, floats half to even.</summary>
    private static long Integer(object value, long min, long max)
    {
        var number = value switch
        {
            bool b => b ? 1 : 0,
            decimal d => Math.Round(d, MidpointRounding.AwayFromZero),
            float or double => Math.Round(Convert.ToDouble(value, CultureInfo.InvariantCulture), MidpointRounding.ToEven) is var r && Math.Abs(r) < 1e18
                ? (decimal)r : throw new ReferenceErrorException("out of range"),
            short or int or long => Convert.ToDecimal(value, CultureInfo.InvariantCulture),
            _ => throw Unknown(value, DataType.Int64),
        };
        return number >= min && number <= max ? (long)number : throw new ReferenceErrorException("out of range");
    }

    private static decimal Number(object value) => value switch
    {
        decimal d => d,
        short or int or long => Convert.ToDecimal(value, CultureInfo.InvariantCulture),
        float or double => decimal.TryParse(((IFormattable)value).ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out var d)
            ? d : throw new ReferenceErrorException("out of range"),
        _ => throw Unknown(value, DataType.Decimal),
    };

    private static decimal Limited(decimal value, DataType type)
    {
        if (type.Size == 0)
        {
            return value;
        }

        var scale = Math.Max(type.Scale, 0);
        var rounded = Math.Round(value, scale, MidpointRounding.AwayFromZero);
        var limit = Enumerable.Repeat(10m, type.Size - scale).Aggregate(1m, (a, b) => a * b);
        // Adding zeros after the point gives the scale.
        return Math.Abs(rounded) < limit ? rounded + new decimal(0, 0, 0, false, (byte)scale) : throw new ReferenceErrorException("out of range");
    }

    private static string Limited(string text, DataType type, bool isExplicit)
    {
        var runes = text.EnumerateRunes().ToList();
        if (type.Size == 0 || runes.Count <= type.Size)
        {
            return text;
        }

        return isExplicit || runes.Skip(type.Size).All(r => r.Value == ' ')
            ? string.Concat(runes.Take(type.Size)) : throw new ReferenceErrorException("too long");
    }
}
