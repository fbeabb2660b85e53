using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Engine;

/// <summary>Turns a parameter's value into the canonical CLR value of the type that the plan expects (see <see cref="ClrValue"/>).</summary>
/// <remarks>
/// Conversions keep the value: a number that does not fit, a fraction where an integer is expected, a text that cannot be read, are errors that name
/// the parameter. What loses by its nature is done only where the types say that it is wanted: the time of day of a DateTime for <c>date</c>, digits
/// of a double for <c>real</c>.
/// </remarks>
internal static class ParameterConversion
{
    /// <summary>Converts a value that is not NULL.</summary>
    public static object ToCanonical(object value, DataType target, string parameter)
    {
        if (value is Enum)
        {
            value = System.Convert.ChangeType(value, Enum.GetUnderlyingType(value.GetType()), CultureInfo.InvariantCulture);
        }

        return target.Kind switch
        {
            TypeKind.Text => ToText(value, target, parameter),
            TypeKind.Json => JsonText.Normalize(ToText(value, target, parameter)),
            TypeKind.Boolean => ToBoolean(value, target, parameter),
            >= TypeKind.Int8 and <= TypeKind.Decimal => ToNumber(value, target, parameter),
            TypeKind.Bytea => ToBytes(value, target, parameter),
            TypeKind.Uuid => value as Guid? ?? (value is string s && Guid.TryParse(s, out var guid) ? guid
                : value is byte[] { Length: 16 } bytes ? new Guid(bytes, bigEndian: true) : throw Refused(value, target, parameter)),
            TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz or TypeKind.Interval => ToTime(value, target, parameter),
            TypeKind.Vector => ToVector(value, target, parameter),
            TypeKind.HalfVector => ToHalfVector(value, target, parameter),
            TypeKind.SparseVector => value as EngramSparseVector ?? (value is string text ? ReadSparse(text, target, parameter) : new EngramSparseVector(ToVector(value, DataType.Vector(0), parameter))),
            TypeKind.Bit => value as BitArray ?? (value is bool[] bits ? new BitArray(bits) : value is bool bit ? new BitArray([bit]) : value is string digits ? ReadBits(digits, target, parameter) : throw Refused(value, target, parameter)),
            TypeKind.Array => ToArray(value, target, parameter),
            // Nothing in the statement says what it is: an error there, if its value is looked at at all.
            _ => throw Refused(value, target, parameter),
        };
    }

    private static string ToText(object value, DataType target, string parameter)
    {
        var text = value switch
        {
            string s => s,
            char c => c.ToString(),
            char[] a => new string(a),
            ReadOnlyMemory<char> m => m.ToString(),
            _ => throw Refused(value, target, parameter),
        };
        for (var i = 0; i < text.Length; i++)
        {
            // Most texts have no surrogates, and the search for one runs at the speed of memory.
            var next = text.AsSpan(i).IndexOfAnyInRange('\uD800', '\uDFFF');
            if (next < 0)
            {
                break;
            }

            i += next;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
            {
                throw Error.LoneSurrogate(parameter, i);
            }

            i++;
        }

        return text;
    }

    private static object ToBoolean(object value, DataType target, string parameter) => value switch
    {
        bool => value,
        string text => bool.TryParse(text, out var parsed) ? parsed : throw Refused(value, target, parameter),
        _ => throw Refused(value, target, parameter),
    };

    private static object ToNumber(object value, DataType target, string parameter)
    {
        if (ParameterTypes.KindOf(value.GetType()) == target.Kind && value is not Half)
        {
            return value;
        }

        try
        {
            return value switch
            {
                sbyte v => Convert<sbyte>(v, target),
                byte v => Convert<byte>(v, target),
                short v => Convert<short>(v, target),
                ushort v => Convert<ushort>(v, target),
                int v => Convert<int>(v, target),
                uint v => Convert<uint>(v, target),
                long v => Convert<long>(v, target),
                ulong v => Convert<ulong>(v, target),
                Half v => Convert<float>((float)v, target),
                float v => target.Kind == TypeKind.Double ? (object)(double)v : ToIntegerOrDecimal(v, target, () => (decimal)v),
                double v => target.Kind == TypeKind.Single ? (object)ToSingle(v) : ToIntegerOrDecimal(v, target, () => (decimal)v),
                decimal v => target.Kind is TypeKind.Single or TypeKind.Double || decimal.IsInteger(v) ? Convert<decimal>(v, target) : throw new OverflowException(),
                string text => ParseNumber(text, target, parameter),
                _ => throw Refused(value, target, parameter),
            };
        }
        catch (OverflowException)
        {
            throw Error.ParameterOutOfRange(parameter, ClrValue.Describe(value), target.ToString());
        }
    }

    private static object Convert<T>(T value, DataType target)
        where T : System.Numerics.INumberBase<T>
        => target.Kind switch
        {
            // Boxed one by one: the arms have no type in common.
            TypeKind.Int8 => (object)sbyte.CreateChecked(value),
            TypeKind.Int16 => short.CreateChecked(value),
            TypeKind.Int32 => int.CreateChecked(value),
            TypeKind.Int64 => long.CreateChecked(value),
            TypeKind.UInt8 => byte.CreateChecked(value),
            TypeKind.UInt16 => ushort.CreateChecked(value),
            TypeKind.UInt32 => uint.CreateChecked(value),
            TypeKind.UInt64 => ulong.CreateChecked(value),
            TypeKind.Single => float.CreateChecked(value),
            TypeKind.Double => double.CreateChecked(value),
            TypeKind.Decimal => decimal.CreateChecked(value),
            _ => throw Error.Internal($"{target} is not a number"),
        };

    private static object ToIntegerOrDecimal(double value, DataType target, Func<decimal> toDecimal)
        => target.Kind == TypeKind.Decimal ? toDecimal() : double.IsInteger(value) ? Convert(value, target) : throw new OverflowException();

    private static float ToSingle(double value)
        => double.IsFinite(value) && !float.IsFinite((float)value) ? throw new OverflowException() : (float)value;

    private static object ParseNumber(string text, DataType target, string parameter)
    {
        const NumberStyles Integer = NumberStyles.Integer;
        var culture = CultureInfo.InvariantCulture;
        var style = NumberStyles.Float;
        return target.Kind switch
        {
            TypeKind.Int64 when long.TryParse(text, Integer, culture, out var v) => (object)v,
            TypeKind.UInt64 when ulong.TryParse(text, Integer, culture, out var v) => v,
            TypeKind.Single when float.TryParse(text, style, culture, out var v) => v,
            TypeKind.Double when double.TryParse(text, style, culture, out var v) => v,
            TypeKind.Decimal when decimal.TryParse(text, style, culture, out var v) => v,
            _ when target.IsInteger && long.TryParse(text, Integer, culture, out var v) => Convert(v, target),
            _ => throw Error.ParameterTextUnreadable(parameter, ClrValue.Describe(text), target.ToString()),
        };
    }

    private static byte[] ToBytes(object value, DataType target, string parameter)
    {
        switch (value)
        {
            case byte[] bytes: return bytes;
            case ReadOnlyMemory<byte> memory: return memory.ToArray();
            case Memory<byte> memory: return memory.ToArray();
            case ArraySegment<byte> segment: return segment.ToArray();
            case Guid guid: return guid.ToByteArray(bigEndian: true);
            case Stream stream:
                using (var copy = new MemoryStream())
                {
                    stream.CopyTo(copy);
                    return copy.ToArray();
                }

            default: throw Refused(value, target, parameter);
        }
    }

    private static object ToTime(object value, DataType target, string parameter) => (target.Kind, value) switch
    {
        (TypeKind.Date, DateOnly) or (TypeKind.Time, TimeOnly) or (TypeKind.TimestampTz, DateTimeOffset) or (TypeKind.Interval, TimeSpan) => value,
        (TypeKind.Timestamp, DateTime time) => time,
        (TypeKind.Timestamp, DateOnly date) => date.ToDateTime(TimeOnly.MinValue),
        (TypeKind.TimestampTz, DateTime time) => time.Kind == DateTimeKind.Unspecified ? throw Error.UnspecifiedKind(parameter) : new DateTimeOffset(time),
        (TypeKind.Date, DateTime time) => DateOnly.FromDateTime(time),
        (TypeKind.Time, DateTime time) => TimeOnly.FromDateTime(time),
        (TypeKind.Time, TimeSpan span) => span >= TimeSpan.Zero && span < TimeSpan.FromDays(1)
            ? TimeOnly.FromTimeSpan(span) : throw Error.ParameterOutOfRange(parameter, ClrValue.Describe(value), target.ToString()),
        (TypeKind.Interval, TimeOnly time) => time.ToTimeSpan(),
        (_, string text) => ParseTime(text, target, parameter),
        _ => throw Refused(value, target, parameter),
    };

    private static object ParseTime(string text, DataType target, string parameter)
    {
        var culture = CultureInfo.InvariantCulture;
        return target.Kind switch
        {
            TypeKind.Date when DateOnly.TryParse(text, culture, out var v) => (object)v,
            TypeKind.Time when TimeOnly.TryParse(text, culture, out var v) => v,
            TypeKind.Timestamp when DateTime.TryParse(text, culture, DateTimeStyles.NoCurrentDateDefault, out var v) && v.Kind == DateTimeKind.Unspecified => v,
            TypeKind.TimestampTz when DateTimeOffset.TryParse(text, culture, DateTimeStyles.AssumeUniversal, out var v) => v,
            TypeKind.Interval when TimeSpan.TryParse(text, culture, out var v) => v,
            _ => throw Error.ParameterTextUnreadable(parameter, ClrValue.Describe(text), target.ToString()),
        };
    }

    private static float[] ToVector(object value, DataType target, string parameter)
    {
        var vector = value switch
        {
            float[] array => array,
            ReadOnlyMemory<float> memory => WholeArray(memory),
            Memory<float> memory => WholeArray(memory),
            ArraySegment<float> segment => segment.ToArray(),
            IEnumerable<float> list => [.. list],
            IEnumerable<double> list => [.. list.Select(v => (float)v)],
            ReadOnlyMemory<Half> memory => Array.ConvertAll(memory.ToArray(), h => (float)h),
            Memory<Half> memory => Array.ConvertAll(memory.ToArray(), h => (float)h),
            IEnumerable<Half> list => [.. list.Select(h => (float)h)],
            _ => throw Refused(value, target, parameter),
        };
        if (target.Size != 0 && vector.Length != target.Size)
        {
            throw Error.VectorDimensions(parameter, target.Size, vector.Length);
        }

        if (!Finite.All(vector))
        {
            throw Error.VectorNotFinite(parameter, Array.FindIndex(vector, v => !float.IsFinite(v)));
        }

        return vector;
    }

    private static EngramSparseVector ReadSparse(string text, DataType target, string parameter)
        => EngramSparseVector.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out var vector, out _) ? vector : throw Error.ParameterTextUnreadable(parameter, ClrValue.Describe(text), target.ToString());

    private static BitArray ReadBits(string digits, DataType target, string parameter)
        => digits.AsSpan().ContainsAnyExcept('0', '1')
            ? throw Error.ParameterTextUnreadable(parameter, ClrValue.Describe(digits), target.ToString())
            : new BitArray([.. digits.Select(d => d == '1')]);

    private static Half[] ToHalfVector(object value, DataType target, string parameter)
    {
        var vector = value switch
        {
            Half[] array => array,
            ReadOnlyMemory<Half> memory => memory.ToArray(),
            Memory<Half> memory => memory.ToArray(),
            IEnumerable<Half> list => [.. list],
            _ => Array.ConvertAll(ToVector(value, DataType.Vector(0), parameter), f => (Half)f),
        };
        if (target.Size != 0 && vector.Length != target.Size)
        {
            throw Error.VectorDimensions(parameter, target.Size, vector.Length);
        }

        return HalfFloats.AreFinite(vector) ? vector : throw Error.VectorNotFinite(parameter, Array.FindIndex(vector, v => !Half.IsFinite(v)));
    }

    private static float[] WholeArray(ReadOnlyMemory<float> memory)
        => MemoryMarshal.TryGetArray(memory, out var segment) && segment.Array is { } array && segment.Offset == 0 && segment.Count == array.Length
            ? array : memory.ToArray();

    private static object?[] ToArray(object value, DataType target, string parameter)
    {
        var element = new DataType(target.Element);
        IEnumerable items = value switch
        {
            string => throw Refused(value, target, parameter),
            ReadOnlyMemory<float> memory => memory.ToArray(),
            Memory<float> memory => memory.ToArray(),
            Array { Rank: not 1 } => throw Refused(value, target, parameter),
            IEnumerable list => list,
            _ => throw Refused(value, target, parameter),
        };
        var result = new List<object?>();
        foreach (var item in items)
        {
            result.Add(item is null or DBNull ? null : ToCanonical(item, element, parameter));
        }

        return [.. result];
    }

    private static EngramException Refused(object value, DataType target, string parameter)
        => value is string ? Error.ParameterTextUnreadable(parameter, ClrValue.Describe(value), target.ToString())
            : Error.ParameterNotConvertible(parameter, value.GetType(), ClrValue.Describe(value), target.ToString());
}
