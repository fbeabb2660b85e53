using System.Globalization;

namespace Engram.Data;

/// <summary>Window functions: where they cannot stand, and frames that cannot be.</summary>
internal static partial class Error
{
    public static EngramException WindowRule(string rule, int position) => new(rule, SqlStates.WindowingError, position + 1);

    public static EngramException WrongKindOfFunction(string rule, int position) => new(rule, SqlStates.WrongObjectType, position + 1);

    public static EngramException UndefinedWindow(string name, int position)
        => new($"Window {name} does not exist in this query. Define it: WINDOW {name} AS (…).", SqlStates.UndefinedObject, position + 1);

    public static EngramException DistinctOnOrder(int position)
        => new("ORDER BY must begin with the expressions of DISTINCT ON: the first row of each is kept.", SqlStates.InvalidColumnReference, position + 1);

    public static EngramException FrameDistanceIsNull()
        => new("A distance of a window's frame is NULL. Pass a value, or write UNBOUNDED.", SqlStates.NullValueNotAllowed);

    public static EngramException FrameDistanceIsNegative()
        => new("A distance of a window's frame is negative. Write PRECEDING for FOLLOWING or the other way round, with a distance of 0 or more.", SqlStates.InvalidFrameDistance);

    public static EngramException NtileNotPositive(int parts)
        => new(string.Create(CultureInfo.InvariantCulture, $"ntile({parts}): rows are cut into 1 part or more."), SqlStates.InvalidNtileArgument);

    public static EngramException NthValueNotPositive(int number)
        => new(string.Create(CultureInfo.InvariantCulture, $"nth_value: rows of a frame are counted from 1, not {number}."), SqlStates.InvalidNthValueArgument);
}
