using System.Runtime.CompilerServices;
using Engram.Data.Columns;
using Engram.Data.Engine;

namespace Engram.Data;

/// <summary>GetFieldValue: one getter for every type. The chains of comparisons below are decided by the JIT, once for each value type.</summary>
public sealed partial class EngramDataReader
{
    /// <summary>The value as a <typeparamref name="T"/>: every type that a column has (see docs/types.md), other numeric types as long as the value fits,
    /// enums, nullable types, <c>ReadOnlyMemory&lt;float&gt;</c>, arrays, <see cref="Stream"/> and <see cref="TextReader"/>.</summary>
    /// <exception cref="InvalidCastException">The column is of another type, the value does not fit, or it is NULL and <typeparamref name="T"/> cannot be.</exception>
    public override T GetFieldValue<T>(int ordinal)
    {
        if (typeof(T).IsValueType)
        {
            return GetValueType<T>(ordinal);
        }

        if (typeof(T) == typeof(string))
        {
            return (T)(object)GetString(ordinal);
        }

        if (typeof(T) == typeof(object) || typeof(T) == typeof(DBNull))
        {
            return GetValue(ordinal) is T value ? value : throw WrongGetter(ordinal, typeof(T).Name);
        }

        var column = AtValue(ordinal);
        if (typeof(T) == typeof(Stream))
        {
            return (T)(object)GetStream(ordinal);
        }

        if (typeof(T) == typeof(TextReader))
        {
            return (T)(object)GetTextReader(ordinal);
        }

        return ClrValue.Read(column, row) switch
        {
            T same => same,
            string text when typeof(T) == typeof(char[]) => (T)(object)text.ToCharArray(),
            Array array when typeof(T).IsArray && typeof(T).GetArrayRank() == 1 => (T)(object)ConvertArray(array, typeof(T), ordinal),
            _ => throw WrongGetter(ordinal, typeof(T).Name),
        };
    }

    /// <inheritdoc/>
    public override Task<T> GetFieldValueAsync<T>(int ordinal, CancellationToken cancellationToken)
        => cancellationToken.IsCancellationRequested ? Task.FromCanceled<T>(cancellationToken) : Task.FromResult(GetFieldValue<T>(ordinal));

    private T GetValueType<T>(int ordinal)
    {
        if (typeof(T) == typeof(int))
        {
            return Same<int, T>(GetInt32(ordinal));
        }

        if (typeof(T) == typeof(long))
        {
            return Same<long, T>(GetInt64(ordinal));
        }

        if (typeof(T) == typeof(bool))
        {
            return Same<bool, T>(GetBoolean(ordinal));
        }

        if (typeof(T) == typeof(double))
        {
            return Same<double, T>(GetDouble(ordinal));
        }

        if (typeof(T) == typeof(float))
        {
            return Same<float, T>(GetFloat(ordinal));
        }

        if (typeof(T) == typeof(decimal))
        {
            return Same<decimal, T>(GetDecimal(ordinal));
        }

        if (typeof(T) == typeof(Guid))
        {
            return Same<Guid, T>(GetGuid(ordinal));
        }

        if (typeof(T) == typeof(short))
        {
            return Same<short, T>(GetInt16(ordinal));
        }

        if (typeof(T) == typeof(byte))
        {
            return Same<byte, T>(GetByte(ordinal));
        }

        if (typeof(T) == typeof(sbyte))
        {
            return Same<sbyte, T>(GetInteger<sbyte>(ordinal));
        }

        if (typeof(T) == typeof(ushort))
        {
            return Same<ushort, T>(GetInteger<ushort>(ordinal));
        }

        if (typeof(T) == typeof(uint))
        {
            return Same<uint, T>(GetInteger<uint>(ordinal));
        }

        if (typeof(T) == typeof(ulong))
        {
            return Same<ulong, T>(GetInteger<ulong>(ordinal));
        }

        return typeof(T).IsEnum ? GetEnum<T>(ordinal) : GetTimeOrOther<T>(ordinal);
    }

    private T GetTimeOrOther<T>(int ordinal)
    {
        if (typeof(T) == typeof(DateTime))
        {
            return Same<DateTime, T>(GetDateTime(ordinal));
        }

        if (typeof(T) == typeof(DateTimeOffset))
        {
            return Same<DateTimeOffset, T>(GetDateTimeOffset(ordinal));
        }

        if (typeof(T) == typeof(DateOnly))
        {
            var column = AtValue(ordinal);
            return column.Type.Kind == TypeKind.Date ? Same<DateOnly, T>(DateOnly.FromDayNumber(column.Get<int>(row))) : throw WrongGetter(ordinal, nameof(DateOnly));
        }

        if (typeof(T) == typeof(TimeOnly))
        {
            var column = AtValue(ordinal);
            return column.Type.Kind == TypeKind.Time ? Same<TimeOnly, T>(new TimeOnly(column.Get<long>(row))) : throw WrongGetter(ordinal, nameof(TimeOnly));
        }

        if (typeof(T) == typeof(TimeSpan))
        {
            return Same<TimeSpan, T>(GetTimeSpan(ordinal));
        }

        if (typeof(T) == typeof(char))
        {
            return Same<char, T>(GetChar(ordinal));
        }

        if (typeof(T) == typeof(Half))
        {
            return Same<Half, T>((Half)GetFloat(ordinal));
        }

        if (typeof(T) == typeof(ReadOnlyMemory<float>))
        {
            return Same<ReadOnlyMemory<float>, T>(GetFieldValue<float[]>(ordinal));
        }

        if (typeof(T) == typeof(ReadOnlyMemory<Half>))
        {
            return Same<ReadOnlyMemory<Half>, T>(GetFieldValue<Half[]>(ordinal));
        }

        if (typeof(T) == typeof(Memory<float>))
        {
            return Same<Memory<float>, T>(GetFieldValue<float[]>(ordinal));
        }

        if (typeof(T) == typeof(ReadOnlyMemory<byte>))
        {
            return Same<ReadOnlyMemory<byte>, T>(GetFieldValue<byte[]>(ordinal));
        }

        return GetNullable<T>(ordinal);
    }

    /// <summary>Nullable types, of which default is null.</summary>
    private T GetNullable<T>(int ordinal)
    {
        if (default(T) is null && At(ordinal).IsNull(row))
        {
            return default!;
        }

        if (typeof(T) == typeof(int?))
        {
            return Same<int?, T>(GetInt32(ordinal));
        }

        if (typeof(T) == typeof(long?))
        {
            return Same<long?, T>(GetInt64(ordinal));
        }

        if (typeof(T) == typeof(double?))
        {
            return Same<double?, T>(GetDouble(ordinal));
        }

        if (typeof(T) == typeof(float?))
        {
            return Same<float?, T>(GetFloat(ordinal));
        }

        if (typeof(T) == typeof(short?))
        {
            return Same<short?, T>(GetInt16(ordinal));
        }

        if (typeof(T) == typeof(decimal?))
        {
            return Same<decimal?, T>(GetDecimal(ordinal));
        }

        if (typeof(T) == typeof(DateTime?))
        {
            return Same<DateTime?, T>(GetDateTime(ordinal));
        }

        if (typeof(T) == typeof(TimeSpan?))
        {
            return Same<TimeSpan?, T>(GetTimeSpan(ordinal));
        }

        // The rest boxes: bool?, Guid?, DateTimeOffset? and the like are of the column's own type or of none that fits.
        return ClrValue.Read(AtValue(ordinal), row) is T value ? value
            : Nullable.GetUnderlyingType(typeof(T)) is { } underlying && ConvertBoxed(ordinal, underlying) is T converted ? converted
            : throw WrongGetter(ordinal, typeof(T).Name);
    }

    /// <summary>A value as a boxed number or enum; null when it is no number.</summary>
    private object? ConvertBoxed(int ordinal, Type type)
        => type.IsEnum ? Enum.ToObject(type, ConvertBoxed(ordinal, Enum.GetUnderlyingType(type))!) : Type.GetTypeCode(type) switch
        {
            TypeCode.SByte => GetInteger<sbyte>(ordinal),
            TypeCode.Byte => GetInteger<byte>(ordinal),
            TypeCode.Int16 => GetInteger<short>(ordinal),
            TypeCode.UInt16 => GetInteger<ushort>(ordinal),
            TypeCode.Int32 => GetInteger<int>(ordinal),
            TypeCode.UInt32 => GetInteger<uint>(ordinal),
            TypeCode.Int64 => GetInteger<long>(ordinal),
            TypeCode.UInt64 => GetInteger<ulong>(ordinal),
            TypeCode.Char => GetChar(ordinal),
            _ => null,
        };

    /// <summary>An enum from the integer that is stored for it, whether it names that value or not.</summary>
    private T GetEnum<T>(int ordinal) => Type.GetTypeCode(typeof(T)) switch
    {
        TypeCode.SByte => Same<sbyte, T>(GetInteger<sbyte>(ordinal)),
        TypeCode.Byte => Same<byte, T>(GetInteger<byte>(ordinal)),
        TypeCode.Int16 => Same<short, T>(GetInteger<short>(ordinal)),
        TypeCode.UInt16 => Same<ushort, T>(GetInteger<ushort>(ordinal)),
        TypeCode.Int32 => Same<int, T>(GetInteger<int>(ordinal)),
        TypeCode.UInt32 => Same<uint, T>(GetInteger<uint>(ordinal)),
        TypeCode.Int64 => Same<long, T>(GetInteger<long>(ordinal)),
        TypeCode.UInt64 => Same<ulong, T>(GetInteger<ulong>(ordinal)),
        _ => throw WrongGetter(ordinal, typeof(T).Name),
    };

    /// <summary>An array with elements of another nullability: int[] as int?[], or back when no element is null; characters, which are texts of the database.</summary>
    private Array ConvertArray(Array source, Type target, int ordinal)
    {
        var result = Array.CreateInstanceFromArrayType(target, source.Length);
        var element = target.GetElementType()!;
        try
        {
            for (var i = 0; i < source.Length; i++)
            {
                var item = source.GetValue(i);
                if (item is null && element.IsValueType && Nullable.GetUnderlyingType(element) is null)
                {
                    throw Error.NullColumn($"{fields[ordinal].Name}[{i + 1}]");
                }

                result.SetValue(item is string { Length: 1 } character && (Nullable.GetUnderlyingType(element) ?? element) == typeof(char) ? character[0] : item, i);
            }

            return result;
        }
        catch (ArgumentException)
        {
            throw WrongGetter(ordinal, target.Name);
        }
    }

    /// <summary>The same bits under the name of the generic parameter.</summary>
    private static TTo Same<TFrom, TTo>(TFrom value)
    {
        System.Diagnostics.Debug.Assert(Unsafe.SizeOf<TFrom>() == Unsafe.SizeOf<TTo>());
        return Unsafe.As<TFrom, TTo>(ref value);
    }
}
