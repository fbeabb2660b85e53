using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>timestamptz to timestamp: the clock that stood on the wall where the value was given, which is DateTimeOffset.DateTime.</summary>
internal sealed class LocalClockEvaluator(Evaluator operand) : StrictEvaluator(DataType.Timestamp, operand)
{
    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var count = rows?.Count ?? result.Count;
        var target = result.Column.Values<long>(result.Count);
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            target[row] = columns[0].Get<long>(row) + (columns[0].GetOffset(row) * TimeSpan.TicksPerMinute);
        }
    }
}

internal sealed class FormatInstantEvaluator(DataType type, Evaluator operand) : StrictEvaluator(type, operand)
{
    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var count = rows?.Count ?? result.Count;
        var target = result.Column.Values<Bytes>(result.Count);
        Span<byte> buffer = stackalloc byte[DateTimeText.LengthMax];
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            target[row] = result.Column.IsNull(row)
                ? default
                : TextValue.Copy(buffer[..DateTimeText.FormatInstant(columns[0].Get<long>(row), columns[0].GetOffset(row), buffer)], result);
        }
    }
}

/// <summary>Text to timestamptz: the offset is kept; without one the clock is UTC's.</summary>
internal sealed unsafe class ParseInstantEvaluator(Evaluator operand) : ResultEvaluator(DataType.TimestampTz)
{
    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var source = operand.Evaluate(batch, rows);
        if (IsNullConstant(source))
        {
            return Null();
        }

        var result = Begin(batch.RowCount, source.IsConstant);
        NullBits.Add(result, source);
        rows = source.IsConstant ? null : rows;
        var count = rows?.Count ?? result.Count;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            var (ticks, offset) = result.Column.IsNull(row) ? default : Parse(source.Get<Bytes>(row));
            result.Column.Pointer<long>()[row] = ticks;
            result.Column.Offsets[row] = offset;
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        operand.Dispose();
    }

    private static (long UtcTicks, short OffsetMinutes) Parse(Bytes text)
    {
        if (!DateTimeText.TryParseTimestamp(text.Span, out var ticks, out var offset))
        {
            throw TextValue.Invalid(DataType.TimestampTz, text);
        }

        var minutes = (short)(offset ?? 0);
        TickRange.Timestamp(ticks, 0);
        return (TickRange.Timestamp(ticks, -minutes * TimeSpan.TicksPerMinute), minutes);
    }
}

internal readonly struct DateToTicks : IUnaryFunction<int, long>
{
    public static bool IsTotal => true;

    public long Invoke(int a, ColumnBuffer memory) => a * TimeSpan.TicksPerDay;
}

internal readonly struct TicksToDate : IUnaryFunction<long, int>
{
    public static bool IsTotal => true;

    public int Invoke(long a, ColumnBuffer memory) => (int)(a / TimeSpan.TicksPerDay);
}

/// <summary>The time of day of a timestamp, or of an interval: what is left of whole days.</summary>
internal readonly struct TicksToTime : IUnaryFunction<long, long>
{
    public static bool IsTotal => true;

    public long Invoke(long a, ColumnBuffer memory) => TickRange.Time(a);
}
