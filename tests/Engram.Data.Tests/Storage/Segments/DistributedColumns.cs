using System.Buffers.Binary;
using Engram.Data.Columns;

namespace Engram.Data.Tests.Storage.Segments;

/// <summary>How the values of a column are spread.</summary>
public enum Distribution
{
    Constant,
    FewDistinct,
    ManyDistinct,
    Ascending,
    Multiples,
    Extreme,
    Random,
}

/// <summary>Columns of every type whose values follow a distribution.</summary>
internal static class DistributedColumns
{
    /// <summary>Each type once; those that lie in memory as another does are there for their names.</summary>
    public static readonly DataType[] Types = [.. RandomColumns.Types.Where(t => t.Kind is not (TypeKind.Vector or TypeKind.HalfVector))];

    public static ColumnBuffer Make(Random random, DataType type, int count, Distribution distribution, double nullShare)
    {
        var buffer = new ColumnBuffer(type, count);
        var few = Enumerable.Range(0, random.Next(2, 20)).Select(_ => random.NextInt64(long.MinValue, long.MaxValue)).ToArray();
        var many = Enumerable.Range(0, 300).Select(_ => random.NextInt64(long.MinValue, long.MaxValue)).ToArray();
        var start = random.NextInt64(1L << 40);
        for (var i = 0; i < count; i++)
        {
            if (random.NextDouble() < nullShare)
            {
                buffer.AppendNull();
                continue;
            }

            switch (distribution)
            {
                case Distribution.Constant: Append(buffer, few[0]); break;
                case Distribution.FewDistinct: Append(buffer, few[random.Next(few.Length)]); break;
                case Distribution.ManyDistinct: Append(buffer, many[random.Next(many.Length)]); break;
                case Distribution.Ascending: Append(buffer, start + (i * 5) + random.Next(5)); break;
                case Distribution.Multiples: Append(buffer, start + (random.Next(1_000_000) * 10_000L)); break;
                case Distribution.Extreme: Append(buffer, random.Next(2) == 0 ? long.MinValue : long.MaxValue); break;
                default: RandomColumns.Append(buffer, random); break;
            }
        }

        return buffer;
    }

    /// <summary>A value made of a number: the same of the same.</summary>
    private static void Append(ColumnBuffer buffer, long number)
    {
        switch (buffer.Type.Physical)
        {
            case PhysicalType.Byte: buffer.Append(buffer.Type.Kind == TypeKind.Boolean ? (byte)(number & 1) : (byte)number); break;
            case PhysicalType.SByte: buffer.Append((sbyte)number); break;
            case PhysicalType.Int16: buffer.Append((short)number); break;
            case PhysicalType.UInt16: buffer.Append((ushort)number); break;
            case PhysicalType.Int32: buffer.Append((int)number); break;
            case PhysicalType.UInt32: buffer.Append((uint)number); break;
            case PhysicalType.Int64 when buffer.Type.HasOffsets: buffer.AppendInstant(number, (short)(number % 7 == 0 ? 120 : 60)); break;
            case PhysicalType.Int64: buffer.Append(number); break;
            case PhysicalType.UInt64: buffer.Append((ulong)number); break;
            case PhysicalType.Single: buffer.Append((float)number); break;
            case PhysicalType.Double: buffer.Append((double)number); break;
            case PhysicalType.Decimal: buffer.Append((decimal)number / 100); break;
            case PhysicalType.Guid: buffer.Append(new Guid((int)number, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)); break;
            default:
                Span<byte> bytes = stackalloc byte[32];
                bytes.Fill((byte)'x');
                BinaryPrimitives.WriteInt64LittleEndian(bytes, number & 0x7F7F7F7F7F7F7F7F);
                buffer.AppendBytes(bytes[..(int)(8 + (number & 15))]);
                break;
        }
    }
}
