using Engram.Data.Columns;
using Engram.Data.Storage;

namespace Engram.Data.Tests.Storage;

public class ColumnCodecTests
{
    public static TheoryData<int> AllTypes => [.. Enumerable.Range(0, RandomColumns.Types.Length)];

    [Theory]
    [MemberData(nameof(AllTypes))]
    public void Values_come_back_behind_those_that_were_there(int typeIndex)
    {
        var type = RandomColumns.Types[typeIndex];
        var random = new Random(4711 + typeIndex);
        var writer = new ByteWriter();
        foreach (var count in new[] { 0, 1, 2, 7, 8, 9, 63, 64, 65, 2048, 5000 })
        {
            foreach (var nullShare in new[] { 0, 0.3, 1 })
            {
                foreach (var isConstant in new[] { false, true })
                {
                    using var source = RandomColumns.Make(random, type, count, nullShare, isConstant);
                    using var target = RandomColumns.Make(random, type, random.Next(0, 70), random.Next(2) * 0.5);
                    using var before = new ColumnBuffer(type);
                    AppendAll(before, target);
                    writer.Clear();
                    ColumnCodec.Write(writer, source.Column, count, null);

                    var reader = new ByteReader(writer.Written, "A record");
                    ColumnCodec.ReadInto(ref reader, type, count, target);
                    reader.ExpectEnd();

                    AppendAll(before, source);
                    Assert.Equal(before.Count, target.Count);
                    for (var i = 0; i < before.Count; i++)
                    {
                        RandomColumns.AssertEqual(before.Column, i, target.Column, i);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllTypes))]
    public unsafe void Selected_rows_of_plain_and_constant_columns_come_back(int typeIndex)
    {
        var type = RandomColumns.Types[typeIndex];
        var random = new Random(815 + typeIndex);
        for (var round = 0; round < 40; round++)
        {
            using var source = RandomColumns.Make(random, type, 2048, round % 3 * 0.4);
            source.Column.IsConstant = round % 4 == 0;
            var selection = new Selection();
            var share = random.NextDouble();
            for (var i = 0; i < 2048; i++)
            {
                if (random.NextDouble() < share)
                {
                    selection.Add(i);
                }
            }

            var writer = new ByteWriter();
            ColumnCodec.Write(writer, source.Column, 2048, selection);
            using var target = new ColumnBuffer(type);
            var reader = new ByteReader(writer.Written, "A record");
            ColumnCodec.ReadInto(ref reader, type, selection.Count, target);
            reader.ExpectEnd();

            Assert.Equal(selection.Count, target.Count);
            for (var i = 0; i < selection.Count; i++)
            {
                RandomColumns.AssertEqual(source.Column, selection.Rows[i], target.Column, i);
            }
        }
    }

    /// <summary>What lies under a NULL is unspecified in memory and must not reach the file.</summary>
    [Fact]
    public void Equal_columns_are_equal_bytes()
    {
        using var one = new ColumnBuffer(DataType.Int64);
        using var other = new ColumnBuffer(DataType.Int64);
        foreach (var buffer in new[] { one, other })
        {
            buffer.Append(1L);
            buffer.AppendNull();
        }

        other.Column.Values<long>(2)[1] = 99;
        Assert.Equal(Encode(one), Encode(other));
    }

    [Fact]
    public void Vectors_of_one_dimension_cost_their_bytes()
    {
        using var vectors = RandomColumns.Make(new Random(1), DataType.Vector(8), 1000, 0);
        Assert.InRange(Encode(vectors).Length, 32_000, 32_004);
    }

    /// <summary>Any byte may be anything: decoding ends in values that are valid, or in XX001, never otherwise.</summary>
    [Theory]
    [MemberData(nameof(AllTypes))]
    public void Changed_and_shortened_bytes_are_refused_or_harmless(int typeIndex)
    {
        var type = RandomColumns.Types[typeIndex];
        var random = new Random(1234 + typeIndex);
        for (var round = 0; round < 300; round++)
        {
            var count = random.Next(1, 20);
            using var source = RandomColumns.Make(random, type, count, random.Next(2) * 0.3, random.Next(4) == 0);
            var bytes = Encode(source);
            if (random.Next(2) == 0)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }
            else
            {
                bytes = bytes[..random.Next(bytes.Length)];
            }

            using var target = new ColumnBuffer(type);
            try
            {
                var reader = new ByteReader(bytes, "A record");
                ColumnCodec.ReadInto(ref reader, type, count, target);
                Assert.Equal(count, target.Count);
                for (var i = 0; type.IsByReference && i < count; i++)
                {
                    Assert.True(target.Column.IsNull(i) || ColumnCodec.Fault(type, target.Column.Get<Bytes>(i).Span) is null);
                }
            }
            catch (EngramException e)
            {
                Assert.Equal(SqlStates.DataCorrupted, e.SqlState);
            }
        }
    }

    [Fact]
    public void Values_that_would_break_an_invariant_are_refused()
    {
        AssertDamaged(DataType.Boolean, 1, [0, 2]);
        AssertDamaged(DataType.Text, 1, [4, 2, 0xC3, 0x28]);
        AssertDamaged(DataType.Vector(2), 1, [4, 4, 0, 0, 0, 0]);
        AssertDamaged(DataType.Int32, 1, [1, 1, 0, 0, 0, 0]);
        AssertDamaged(DataType.Int8, 2, [1, 1, 7, 5]);
        AssertDamaged(DataType.Int8, 2, [1, 5, 0, 5]);
        AssertDamaged(DataType.Decimal, 1, [0, 0, 0, 29, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        AssertDamaged(DataType.TimestampTz, 1, [8, 0, 0, 0, 0, 0, 0, 0, 0, 0x49, 0x03]);
        AssertDamaged(DataType.Int32, int.MaxValue, [0, 0, 0]);
        AssertDamaged(DataType.Text, int.MaxValue, [0, 0, 0]);
        AssertDamaged(DataType.Int32, 1, [16, 0, 0, 0, 0]);
        AssertDamaged(DataType.Int32, 0, [2]);
    }

    private static void AssertDamaged(DataType type, int count, byte[] bytes)
    {
        var error = Assert.Throws<EngramException>(() =>
        {
            using var target = new ColumnBuffer(type);
            var reader = new ByteReader(bytes, "A record");
            ColumnCodec.ReadInto(ref reader, type, count, target);
        });
        Assert.Equal(SqlStates.DataCorrupted, error.SqlState);
    }

    private static byte[] Encode(ColumnBuffer buffer)
    {
        var writer = new ByteWriter();
        ColumnCodec.Write(writer, buffer.Column, buffer.Count, null);
        return writer.ToArray();
    }

    private static void AppendAll(ColumnBuffer target, ColumnBuffer source)
    {
        for (var i = 0; i < source.Count; i++)
        {
            target.AppendFrom(source.Column, i);
        }
    }
}
