namespace Engram.Data;

/// <summary>Errors about grouping sets and aggregates over an order.</summary>
internal static partial class Error
{
    public static EngramException TooManyGroupingSets(int countMax, int position)
        => new($"GROUP BY makes more than {countMax} grouping sets at position {position + 1}. Write fewer keys into CUBE, or the sets that you need into GROUPING SETS.", SqlStates.StatementTooComplex, position + 1);

    public static EngramException TooManyGroupingArguments(int countMax, int position)
        => new($"grouping() takes at most {countMax} keys. Call it for some of them at a time.", SqlStates.ProgramLimitExceeded, position + 1);

    public static EngramException FractionOutOfRange(double fraction)
        => new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The fraction of a percentile is from 0 to 1; this one is {fraction}."), SqlStates.NumericValueOutOfRange);

    public static EngramException GroupingOfNoKey(int position)
        => new("The arguments of grouping() must be keys in GROUP BY of the same query, written alike.", SqlStates.GroupingError, position + 1);
}
