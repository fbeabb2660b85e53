using Engram.Data.Columns;

namespace Engram.Data.Tests.Storage;

/// <summary>Columns of random values of every storable type, with NULLs and extremes, and an exact comparison of two columns.</summary>
internal static class RandomColumns
{
    public static readonly DataType[] Types =
    [
        DataType.Boolean, DataType.Int8, DataType.Int16, DataType.Int32, DataType.Int64, DataType.UInt8, DataType.UInt16, DataType.UInt32,
        DataType.UInt64, DataType.Single, DataType.Double, DataType.Decimal, new(TypeKind.Decimal, 18, 2), DataType.Text, new(TypeKind.Text, 40),
        DataType.Bytea, DataType.Uuid, DataType.Date, DataType.Time, DataType.Timestamp, DataType.TimestampTz, DataType.Interval, DataType.Json,
        DataType.ArrayOf(TypeKind.Int32), DataType.Vector(8), DataType.Vector(0), new(TypeKind.HalfVector, 6), new(TypeKind.Bit, 16), new(TypeKind.SparseVector),
    ];

    private static readonly double[] Doubles =
        [0, -0.0, 1, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.MinValue, double.Epsilon];

    private static readonly decimal[] Decimals = [0, -0.0m, 1.0m, 1.00m, decimal.MaxValue, decimal.MinValue, 0.0000000000000000000000000001m];

    private static readonly string[] Texts = ["", "a", "naïve 🙂", "\0", "the quick brown fox jumps over the lazy dog"];

    /// <summary>How much of a column is NULL, and whether its values are spread or few.</summary>
    public static ColumnBuffer Make(Random random, DataType type, int count, double nullShare, bool isConstant = false)
    {
        var buffer = new ColumnBuffer(type, Math.Max(count, 1));
        var seed = random.Next();
        for (var i = 0; i < count; i++)
        {
            if (random.NextDouble() < nullShare)
            {
                buffer.AppendNull();
            }
            else
            {
                Append(buffer, isConstant ? new Random(seed) : random);
            }
        }

        return buffer;
    }

    public static void Append(ColumnBuffer buffer, Random random)
    {
        var isExtreme = random.Next(4) == 0;
        switch (buffer.Type.Physical)
        {
            case PhysicalType.Byte: buffer.Append((byte)(buffer.Type.Kind == TypeKind.Boolean ? random.Next(2) : random.Next(256))); break;
            case PhysicalType.SByte: buffer.Append((sbyte)random.Next(-128, 128)); break;
            case PhysicalType.Int16: buffer.Append(isExtreme ? Pick(random, short.MinValue, short.MaxValue) : (short)random.Next(-100, 100)); break;
            case PhysicalType.UInt16: buffer.Append(isExtreme ? Pick(random, ushort.MinValue, ushort.MaxValue) : (ushort)random.Next(100)); break;
            case PhysicalType.Int32: buffer.Append(isExtreme ? Pick(random, int.MinValue, int.MaxValue) : random.Next(-100, 100)); break;
            case PhysicalType.UInt32: buffer.Append(isExtreme ? Pick(random, uint.MinValue, uint.MaxValue) : (uint)random.Next(100)); break;
            case PhysicalType.Int64 when buffer.Type.HasOffsets:
                buffer.AppendInstant(random.NextInt64(DateTime.MaxValue.Ticks), (short)(isExtreme ? random.Next(-840, 841) : 60));
                break;
            case PhysicalType.Int64: buffer.Append(isExtreme ? Pick(random, long.MinValue, long.MaxValue) : random.NextInt64(-100, 100)); break;
            case PhysicalType.UInt64: buffer.Append(isExtreme ? Pick(random, ulong.MinValue, ulong.MaxValue) : (ulong)random.NextInt64(100)); break;
            case PhysicalType.Single: buffer.Append(isExtreme ? (float)Pick(random, Doubles) : random.NextSingle()); break;
            case PhysicalType.Double: buffer.Append(isExtreme ? Pick(random, Doubles) : random.NextDouble()); break;
            case PhysicalType.Decimal: buffer.Append(isExtreme ? Pick(random, Decimals) : random.Next(-1000, 1000) / 100m); break;
            case PhysicalType.Guid:
                Span<byte> guid = stackalloc byte[16];
                random.NextBytes(guid);
                buffer.Append(new Guid(guid));
                break;
            default: AppendBytes(buffer, random); break;
        }
    }

    /// <summary>Fails unless both show the same values, bit by bit, and the same NULLs and offsets.</summary>
    public static unsafe void AssertEqual(Column expected, int expectedRow, Column actual, int actualRow)
    {
        var isNull = expected.IsNull(expectedRow);
        if (isNull != actual.IsNull(actualRow))
        {
            Assert.Fail($"{expected.Type}: row {actualRow} is {(isNull ? "not " : "")}NULL");
        }

        if (isNull)
        {
            return;
        }

        if (expected.Type.IsByReference)
        {
            Assert.True(expected.Get<Bytes>(expectedRow).Equals(actual.Get<Bytes>(actualRow)), $"{expected.Type}: row {actualRow}");
            return;
        }

        var size = expected.Type.PhysicalSize;
        var e = new ReadOnlySpan<byte>((byte*)expected.Data + (expected.At(expectedRow) * size), size);
        var a = new ReadOnlySpan<byte>((byte*)actual.Data + (actual.At(actualRow) * size), size);
        Assert.True(e.SequenceEqual(a), $"{expected.Type}: row {actualRow}");
        Assert.Equal(expected.GetOffset(expectedRow), actual.GetOffset(actualRow));
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];

    private static unsafe void AppendBytes(ColumnBuffer buffer, Random random)
    {
        switch (buffer.Type.Kind)
        {
            case TypeKind.Text or TypeKind.Json:
                buffer.AppendText(random.Next(3) == 0 ? Pick(random, Texts) : new string((char)random.Next('a', 'z'), random.Next(12)));
                break;
            case TypeKind.Vector:
                var floats = new float[buffer.Type.Size == 0 ? random.Next(1, 9) : buffer.Type.Size];
                foreach (ref var f in floats.AsSpan())
                {
                    f = random.NextSingle() - 0.5f;
                }

                buffer.AppendBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(floats.AsSpan()));
                break;
            case TypeKind.Bit:
                var bits = new System.Collections.BitArray(buffer.Type.Size);
                for (var i = 0; i < bits.Length; i++)
                {
                    bits[i] = random.Next(2) == 0;
                }

                buffer.AppendBytes(BitString.Of(bits));
                break;
            case TypeKind.SparseVector:
                int[] places = [.. Enumerable.Range(0, 8).Where(_ => random.Next(2) == 0)];
                var value = new byte[SparseValue.SizeOf(places.Length)];
                SparseValue.Write(value, 8, places, [.. places.Select(_ => random.NextSingle() + 0.5f)]);
                buffer.AppendBytes(value);
                break;
            default:
                var bytes = new byte[buffer.Type.Kind == TypeKind.HalfVector ? buffer.Type.Size * 2 : random.Next(20)];
                random.NextBytes(bytes);
                buffer.AppendBytes(bytes);
                break;
        }
    }
}
