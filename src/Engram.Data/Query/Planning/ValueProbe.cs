using System.Collections.Immutable;
using Engram.Data.Columns;

namespace Engram.Data.Query.Planning;

/// <summary>About where among the values of a column the value of a parameter lay when a plan was made for it: the plan is used again for values of the same place.</summary>
/// <remarks>
/// <para><b>The problem.</b> <c>WHERE time &gt; @since</c> may leave ten rows of a million, or all of them, and the order of joins that is best for one is bad for the other. A plan that is made without the value
/// is mediocre for both; planning for each value takes longer than most queries run.</para>
/// <para><b>The picture.</b> Ranges of parameters are tried on a sample with the values of the execution that the plan is made for, as if they were constants. Values of the column that split the sample
/// (its least, its greatest, and those between which lie a hundredth, a twentieth, a fifth and a half of it from either end) are kept with the plan, and between which of them the parameter's value lay. To see
/// whether a plan fits other values takes a few comparisons. A statement has a few such plans; beyond these, one for all values.</para>
/// <para>An estimate that is wrong costs time, never rows: the plan reads the parameter, not the value that it was made for.</para>
/// </remarks>
/// <param name="Parameter">Its name.</param>
/// <param name="Type">What the plan converts its value to: an enum, a text or a local time has no place, or another one, before it is converted.</param>
/// <param name="Steps">Ascending.</param>
/// <param name="Place">How many of them are less than the value; -1 for NULL, which has a plan of its own.</param>
internal sealed record ValueProbe(string Parameter, DataType Type, ImmutableArray<double> Steps, int Place)
{
    /// <summary>Places that split a sample of the column's values, as parts of it.</summary>
    public static ReadOnlySpan<double> Parts => [0, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1];

    /// <summary>Whether values of a type have a number each. Others are not to be asked for: a value may be long, or a stream that can be read only once.</summary>
    public static bool IsOrdered(TypeKind kind)
        => kind is (>= TypeKind.Int8 and <= TypeKind.Decimal) or TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz or TypeKind.Interval;

    /// <summary>Whether another value, converted, lies in the same place.</summary>
    public bool Fits(object? value) => PlaceOf(Steps, value) == Place;

    /// <summary>How many steps are less than a value; -1 for NULL and what has no order here.</summary>
    public static int PlaceOf(ImmutableArray<double> steps, object? value)
    {
        if (NumberOf(value) is not { } number)
        {
            return -1;
        }

        var place = 0;
        while (place < steps.Length && steps[place] < number)
        {
            place++;
        }

        return place;
    }

    /// <summary>A number in the order of the values of one type; null for NULL and for types that have none.</summary>
    public static double? NumberOf(object? value) => value switch
    {
        int v => v,
        long v => v,
        short v => v,
        sbyte v => v,
        byte v => v,
        ushort v => v,
        uint v => v,
        ulong v => v,
        float v => v,
        double v => v,
        decimal v => (double)v,
        DateTime v => v.Ticks,
        DateTimeOffset v => v.UtcTicks,
        DateOnly v => v.DayNumber * (double)TimeSpan.TicksPerDay,
        TimeOnly v => v.Ticks,
        TimeSpan v => v.Ticks,
        _ => null,
    };
}
