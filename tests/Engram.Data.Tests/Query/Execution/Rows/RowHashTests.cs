using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Tests.Query.Execution.Rows;

public sealed class RowHashTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Rows_with_one_key_are_chained_in_their_order_and_keys_whose_hashes_hardly_differ_are_told_apart(int partCount)
    {
        // Hashes that share their upper half and their lowest bits, and so their part, their first slot and the tag in it.
        var keys = Enumerable.Range(0, 300).Select(i => Unhash(0xABCD1234_00000000 | ((ulong)i << 20))).ToArray();
        var random = new Random(3);
        var values = Enumerable.Range(0, 5000).Select(i => i % 7 == 0 ? (long?)null : i % 3 == 0 ? i : keys[random.Next(200)]).ToArray();
        using var column = Column(values);
        using var table = Fill(column.Column, values.Length, partCount);
        using var hash = new RowHash(table);

        long?[] wanted = [.. keys, 0, 3, 6, 4999, -1, .. Enumerable.Range(1000, 500).Select(i => (long?)i)];
        using var probe = Column(wanted);
        var selection = new Selection();
        for (var i = 0; i < wanted.Length; i++)
        {
            selection.Add(i);
        }

        var found = new int[Batch.RowCountMax];
        hash.Find([probe.Column], selection, found);
        for (var i = 0; i < wanted.Length; i++)
        {
            var chain = new List<int>();
            for (var row = found[i]; row != RowHash.NoRow; row = table.Nexts[row])
            {
                chain.Add(row);
            }

            Assert.Equal(Enumerable.Range(0, values.Length).Where(row => values[row] == wanted[i]), chain);
        }
    }

    [Fact]
    public void What_it_needs_is_asked_of_the_budget_before_it_is_taken_and_given_back()
    {
        var budget = new MemoryBudget(8 << 20);
        long?[] values = [.. Enumerable.Range(0, 100_000).Select(i => (long?)i)];
        using var column = Column(values);
        Assert.Equal(SqlStates.OutOfMemory, Assert.Throws<EngramException>(() => new RowHashTable([column.Column], [DataType.Int64], 1 << 20, 4, budget)).SqlState);
        Assert.Equal(0, budget.UsedBytes);
        using (var table = Fill(column.Column, values.Length, 4, budget))
        {
            Assert.True(budget.UsedBytes >= 100_000 * (sizeof(int) + (2 * sizeof(ulong))));
        }

        Assert.Equal(0, budget.UsedBytes);
    }

    private static RowHashTable Fill(Column column, int rowCount, int partCount, MemoryBudget? budget = null)
    {
        var table = new RowHashTable([column], [DataType.Int64], rowCount, partCount, budget);
        using var hash = new RowHash(table);
        table.MakeSlots(hash.HashRange(0, rowCount, default));
        for (var part = partCount - 1; part >= 0; part--)
        {
            hash.FillPart(part, rowCount, default);
        }

        table.Finish();
        return table;
    }

    private static ColumnBuffer Column(IEnumerable<long?> values)
    {
        var column = new ColumnBuffer(DataType.Int64);
        foreach (var value in values)
        {
            if (value is { } v)
            {
                column.Append(v);
            }
            else
            {
                column.AppendNull();
            }
        }

        return column;
    }

    /// <summary>The number whose hash is this: <see cref="Hashing.Hash(ulong)"/> backwards.</summary>
    private static long? Unhash(ulong hash)
    {
        var z = UndoShift(hash, 31);
        z = UndoShift(z * Inverse(0x94D049BB133111EB), 27);
        z = UndoShift(z * Inverse(0xBF58476D1CE4E5B9), 30);
        z -= 0x9E3779B97F4A7C15;
        Assert.Equal(hash, Hashing.Hash(z));
        return (long)z;

        static ulong UndoShift(ulong value, int bits)
        {
            var result = value;
            for (var i = 0; i < 64 / bits; i++)
            {
                result = value ^ (result >> bits);
            }

            return result;
        }

        // Newton's iteration for an inverse of an odd number modulo 2^64.
        static ulong Inverse(ulong odd)
        {
            var x = odd;
            for (var i = 0; i < 6; i++)
            {
                x *= 2 - (odd * x);
            }

            return x;
        }
    }
}
