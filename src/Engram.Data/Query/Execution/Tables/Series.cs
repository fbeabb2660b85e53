using System.Numerics;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Tables;

/// <summary>generate_series of numbers: from the first to the last, both included. It ends where the next number would leave the type.</summary>
internal sealed class Series<T> : TableFunction
    where T : unmanaged, INumber<T>, IMinMaxValue<T>
{
    private T next;
    private T last;
    private T step;
    private bool isEnded;

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        (next, last) = (arguments[0].Get<T>(0), arguments[1].Get<T>(0));
        step = arguments.Length > 2 ? arguments[2].Get<T>(0) : T.One;
        if (T.IsZero(step))
        {
            throw Error.InvalidArgument("generate_series", "a step of zero would never end. Give a step above or below zero.");
        }

        isEnded = IsBeyond(next);
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        var count = 0;
        var target = targets[0];
        for (; count < countMax && !isEnded; count++)
        {
            target.Append(next);
            // Before adding: the sum might leave the type.
            if (step > T.Zero ? next > T.MaxValue - step : next < T.MinValue - step)
            {
                isEnded = true;
                continue;
            }

            next += step;
            isEnded = IsBeyond(next);
        }

        return count;
    }

    private bool IsBeyond(T value) => step > T.Zero ? value > last : value < last;
}

/// <summary>generate_series of timestamps: ticks. Instants keep the offset of the first one.</summary>
internal sealed class TimeSeries(TypeKind kind) : TableFunction
{
    private Int128 next;
    private long last;
    private long step;
    private short offset;

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        (next, last, step) = (arguments[0].Get<long>(0), arguments[1].Get<long>(0), arguments[2].Get<long>(0));
        offset = arguments[0].GetOffset(0);
        if (step == 0)
        {
            throw Error.InvalidArgument("generate_series", "a step of zero would never end. Give a step above or below zero.");
        }
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        var count = 0;
        for (; count < countMax && (step > 0 ? next <= last : next >= last); count++, next += step)
        {
            if (kind == TypeKind.TimestampTz)
            {
                targets[0].AppendInstant((long)next, offset);
            }
            else
            {
                targets[0].Append((long)next);
            }
        }

        return count;
    }
}
