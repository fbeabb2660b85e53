using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>ToString() of .NET's floats, dates and times in the invariant culture, which is not how SQL writes them.</summary>
internal static class DotNetText
{
    public static Bytes Of<T>(T value, ColumnBuffer memory)
        where T : IUtf8SpanFormattable
    {
        Span<byte> buffer = stackalloc byte[64];
        if (!value.TryFormat(buffer, out var written, default, CultureInfo.InvariantCulture))
        {
            throw Error.Internal("A value has more text than there is room for.");
        }

        return TextValue.Copy(buffer[..written], memory);
    }
}

internal readonly struct NumberToDotNetText<T> : IUnaryFunction<T, Bytes>
    where T : unmanaged, IUtf8SpanFormattable
{
    public static bool IsTotal => false;

    public Bytes Invoke(T a, ColumnBuffer memory) => DotNetText.Of(a, memory);
}

internal readonly struct DateToDotNetText : IUnaryFunction<int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(int a, ColumnBuffer memory) => DotNetText.Of(DateOnly.FromDayNumber(a), memory);
}

internal readonly struct TimeToDotNetText : IUnaryFunction<long, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(long a, ColumnBuffer memory) => DotNetText.Of(new TimeOnly(a), memory);
}

internal readonly struct TimestampToDotNetText : IUnaryFunction<long, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(long a, ColumnBuffer memory) => DotNetText.Of(new DateTime(a), memory);
}

internal readonly struct IntervalToDotNetText : IUnaryFunction<long, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(long a, ColumnBuffer memory) => DotNetText.Of(new TimeSpan(a), memory);
}

internal sealed class InstantToDotNetText(Evaluator instant) : StrictEvaluator(DataType.Text, instant)
{
    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var count = rows?.Count ?? result.Count;
        var target = result.Column.Values<Bytes>(result.Count);
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (!result.Column.IsNull(row))
            {
                var offset = TimeSpan.FromMinutes(columns[0].GetOffset(row));
                target[row] = DotNetText.Of(new DateTimeOffset(columns[0].Get<long>(row) + offset.Ticks, offset), result);
            }
        }
    }
}

/// <summary>An instant with an offset of one's own: to_offset(instant, offset), and make_instant(clock, offset).</summary>
/// <param name="isClock">Whether the first argument is what the clock at that offset shows, instead of an instant.</param>
internal sealed unsafe class OffsetEvaluator(Evaluator time, Evaluator offset, bool isClock) : StrictEvaluator(DataType.TimestampTz, time, offset)
{
    private const long OffsetTicksMax = 14 * TimeSpan.TicksPerHour;

    protected override bool SetsOffsets => true;

    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        new Span<short>(result.Column.Offsets, result.Count).Clear();
        var count = rows?.Count ?? result.Count;
        var target = result.Column.Values<long>(result.Count);
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (result.Column.IsNull(row))
            {
                continue;
            }

            var (ticks, offsetTicks) = (columns[0].Get<long>(row), columns[1].Get<long>(row));
            if (offsetTicks is < -OffsetTicksMax or > OffsetTicksMax || offsetTicks % TimeSpan.TicksPerMinute != 0)
            {
                throw Error.InvalidArgument(isClock ? "make_instant" : "to_offset", "the offset is not in whole minutes, from -14 hours to 14 hours.");
            }

            // The clock at the offset has to show a year from 1 to 9999, and so has that of UTC.
            var other = TickRange.Timestamp(ticks, isClock ? -offsetTicks : offsetTicks);
            target[row] = isClock ? other : ticks;
            result.Column.Offsets[row] = (short)(offsetTicks / TimeSpan.TicksPerMinute);
        }
    }
}
