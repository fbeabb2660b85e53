using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>current_setting(name [, missing_ok]).</summary>
internal readonly struct CurrentSetting(StatementContext context) : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var name = arguments[0].Get<Bytes>(row).Text;
        var value = context.System?.Setting(name, isMissingOk: arguments.Length > 1 && arguments[1].Get<byte>(row) != 0);
        result = value is null ? default : TextValue.Copy(Encoding.UTF8.GetBytes(value), memory);
        return value is not null;
    }
}

/// <summary>set_config(name, value, is_local).</summary>
internal readonly struct SetConfig(StatementContext context) : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var name = arguments[0].Get<Bytes>(row).Text;
        context.System?.Set(name, arguments[1].Get<Bytes>(row).Text, arguments[2].Get<byte>(row) != 0);
        result = TextValue.Copy(Encoding.UTF8.GetBytes(context.System?.Setting(name, isMissingOk: true) ?? ""), memory);
        return true;
    }
}

/// <summary>convert_from(bytes, encoding).</summary>
internal readonly struct ConvertFrom : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var bytes = arguments[0].Get<Bytes>(row).Span;
        var name = arguments[1].Get<Bytes>(row).Text;
        var encoding = NamedEncoding.Find(name);
        try
        {
            var text = encoding.GetString(bytes);
            if (text.Contains('\0', StringComparison.Ordinal))
            {
                throw Error.NotInEncoding("0x00", name);
            }

            result = TextValue.Copy(Encoding.UTF8.GetBytes(text), memory);
            return true;
        }
        catch (DecoderFallbackException e)
        {
            throw Error.NotInEncoding("0x" + Convert.ToHexStringLower(e.BytesUnknown ?? []), name);
        }
    }
}

/// <summary>convert_to(text, encoding).</summary>
internal readonly struct ConvertTo : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var name = arguments[1].Get<Bytes>(row).Text;
        try
        {
            result = TextValue.Copy(NamedEncoding.Find(name).GetBytes(arguments[0].Get<Bytes>(row).Text), memory);
            return true;
        }
        catch (EncoderFallbackException e)
        {
            throw Error.NoEquivalentIn(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"U+{(e.CharUnknownHigh != 0 ? char.ConvertToUtf32(e.CharUnknownHigh, e.CharUnknownLow) : e.CharUnknown):X4}"), name);
        }
    }
}

internal static class NamedEncoding
{
    private static readonly Encoding Utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);
    private static readonly Encoding Latin1 = Encoding.GetEncoding("iso-8859-1", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);

    public static Encoding Find(string name) => name.ToUpperInvariant().Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal) switch
    {
        "UTF8" or "UNICODE" or "SQLASCII" => Utf8,
        "LATIN1" or "ISO88591" => Latin1,
        _ => throw Error.UnknownEncoding(name),
    };
}

/// <summary>Whether a row is in a sample: by a hash of its id and a seed, so that it does not depend on where the row lies or who asks.</summary>
internal struct RowSample(bool isOfBlocks) : IRowFunction<byte>
{
    private const int BlockBits = 7;

    // Without REPEATABLE each run has a seed of its own.
    private readonly ulong ownSeed = (ulong)Random.Shared.NextInt64();

    public readonly bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out byte result)
    {
        if (arguments[1].IsNull(row) || arguments[1].Get<double>(row) is not (>= 0 and <= 100) || arguments[2].IsNull(row))
        {
            throw Error.SampleArgument();
        }

        var given = arguments[2].Get<double>(row);
        var seed = double.IsNaN(given) ? ownSeed : BitConverter.DoubleToUInt64Bits(given);
        var id = (ulong)arguments[0].Get<long>(row) >> (isOfBlocks ? BlockBits : 0);
        result = (byte)(Mix(id ^ Mix(seed)) < arguments[1].Get<double>(row) / 100 * 18446744073709551616.0 ? 1 : 0);
        return true;
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

/// <summary>(a, b) OVERLAPS (c, d), of values that compare as 64-bit integers. An end that is not known may be anywhere behind the start.</summary>
internal readonly struct PeriodsOverlap : IRowFunction<byte>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out byte result)
    {
        result = 0;
        if (Period(arguments, 0, row) is not var (start, end) || Period(arguments, 2, row) is not var (otherStart, otherEnd))
        {
            return false;
        }

        if (start == otherStart)
        {
            result = 1;
            return end is not null && otherEnd is not null;
        }

        var (first, firstEnd, second, secondEnd) = start < otherStart ? (start, end, otherStart, otherEnd) : (otherStart, otherEnd, start, end);
        if (firstEnd is null)
        {
            return false;
        }

        result = (byte)(second < firstEnd ? 1 : 0);
        return result == 1 || secondEnd is not null;
    }

    private static (long Start, long? End)? Period(Column[] arguments, int first, int row)
    {
        long? Value(int i) => arguments[i].IsNull(row) ? null : arguments[i].Get<long>(row);
        var (a, b) = (Value(first), Value(first + 1));
        return (a, b) switch
        {
            (null, null) => null,
            (null, { } end) => (end, null),
            ({ } start, null) => (start, null),
            ({ } start, { } end) => (Math.Min(start, end), Math.Max(start, end)),
        };
    }
}
