using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>Every type of property comes back as it was saved, is found by its value, and can be changed.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly LedgerDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public void Every_type_comes_back_as_it_was_saved()
    {
        Sample[] samples = [Least, Greatest];
        using (var context = database.CreateContext())
        {
            context.AddRange(samples);
            context.SaveChanges();
        }

        using (var context = database.CreateContext())
        {
            var found = context.Samples.OrderBy(s => s.Id).ToList();
            for (var i = 0; i < samples.Length; i++)
            {
                AssertEqual(samples[i], found[i]);
            }
        }
    }

    [Fact]
    public void Every_type_is_found_by_a_parameter()
    {
        using var context = database.CreateContext();
        context.AddRange(Least, Greatest);
        context.SaveChanges();
        var g = Greatest;
        var query = context.Samples.Where(s => s.Bool == g.Bool && s.SByte == g.SByte && s.Short == g.Short && s.Int == g.Int && s.Byte == g.Byte
            && s.UShort == g.UShort && s.UInt == g.UInt && s.ULong == g.ULong && s.Float == g.Float && s.Double == g.Double && s.Decimal == g.Decimal
            && s.Char == g.Char && s.String == g.String && s.Bytes == g.Bytes && s.Guid == g.Guid && s.Date == g.Date && s.Time == g.Time
            && s.DateTime == g.DateTime && s.Instant == g.Instant && s.Span == g.Span && s.Level == g.Level);
        Assert.Equal(g.String, query.Single().String);
    }

    [Fact]
    public void Unsigned_integers_compare_as_numbers()
    {
        using var context = database.CreateContext();
        context.AddRange(Least, Greatest);
        context.SaveChanges();
        var half = ulong.MaxValue / 2;
        Assert.Equal(1, context.Samples.Count(s => s.ULong > half));
        Assert.Equal(ulong.MaxValue, context.Samples.Max(s => s.ULong));
    }

    [Fact]
    public void Arrays_and_vectors_are_replaced()
    {
        using (var context = database.CreateContext())
        {
            context.AddRange(Greatest);
            context.SaveChanges();
        }

        using (var context = database.CreateContext())
        {
            var sample = context.Samples.Single();
            Assert.False(context.ChangeTracker.HasChanges());
            sample.Vector = [9, 8, 7];
            sample.Memory = new float[] { 1, 2, 3, 4 }.AsMemory(1);
            sample.Strings.Add("added");
            sample.Ints = null;
            context.SaveChanges();
            Assert.Contains("\"Memory\" = @p1", database.Commands[^1], StringComparison.Ordinal);
        }

        using (var context = database.CreateContext())
        {
            var sample = context.Samples.Single();
            Assert.Equal([9, 8, 7], sample.Vector!);
            Assert.Equal([2, 3, 4], sample.Memory.ToArray());
            Assert.Equal("added", sample.Strings[^1]);
            Assert.Null(sample.Ints);
        }
    }

    [Fact]
    public void A_vector_of_other_dimensions_is_refused()
    {
        using var context = database.CreateContext();
        var sample = Greatest;
        sample.Vector = [1, 2];
        context.Add(sample);
        var failure = Assert.Throws<DbUpdateException>(() => context.SaveChanges());
        Assert.Contains("dimensions", failure.InnerException!.Message, StringComparison.Ordinal);
    }

    private static Sample Least => new()
    {
        SByte = sbyte.MinValue,
        Short = short.MinValue,
        Double = double.NaN,
        Char = '\'',
        DateTime = DateTime.MinValue,
        Span = TimeSpan.MinValue,
        Memory = new float[3],
    };

    private static Sample Greatest => new()
    {
        Bool = true,
        SByte = sbyte.MaxValue,
        Short = short.MaxValue,
        Int = int.MinValue,
        Byte = byte.MaxValue,
        UShort = ushort.MaxValue,
        UInt = uint.MaxValue,
        ULong = ulong.MaxValue,
        Float = float.MinValue,
        Double = double.MaxValue,
        Decimal = decimal.MaxValue,
        Char = 'Ω',
        String = "naïve 日本 it's \\ \"x\"",
        Bytes = [0, 1, 255],
        Guid = System.Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
        Date = DateOnly.MaxValue,
        Time = TimeOnly.MaxValue,
        DateTime = DateTime.MaxValue,
        Instant = new DateTimeOffset(2024, 2, 29, 23, 59, 59, 999, TimeSpan.FromMinutes(-210)),
        Span = TimeSpan.MaxValue,
        Level = Level.High,
        Ints = [int.MinValue, 0, 7],
        Strings = ["", "a,b", "it's"],
        Memory = new float[] { 1, -2.5f, float.Epsilon },
        Vector = [0.25f, 0, 1e30f],
    };

    private static void AssertEqual(Sample expected, Sample actual)
    {
        foreach (var property in typeof(Sample).GetProperties().Where(p => p.Name != nameof(Sample.Memory)))
        {
            Assert.Equal(property.GetValue(expected), property.GetValue(actual));
        }

        Assert.Equal(expected.Memory.ToArray(), actual.Memory.ToArray());
        Assert.True(expected.Instant is null || expected.Instant.Value.EqualsExact(actual.Instant!.Value));
    }
}
