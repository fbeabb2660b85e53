using System.Collections;
using System.Globalization;
using System.Text;

namespace Engram.Data.Tests.Query.Reference;

/// <summary>What the reference does not know: the query is passed over, and counted.</summary>
internal sealed class NotInReferenceException(string what) : Exception(what);

/// <summary>An error that a statement would end with, such as a number out of range.</summary>
internal sealed class ReferenceErrorException(string what) : Exception(what);

/// <summary>Order and equality of values as .NET objects.</summary>
internal static class ReferenceValues
{
    /// <summary>Compares two values of one type, or of types that the engine compares without a cast; neither of them null.</summary>
    public static int Compare(object a, object b) => (a, b) switch
    {
        (string x, string y) => Compare(Encoding.UTF8.GetBytes(x), Encoding.UTF8.GetBytes(y)),
        (byte[] x, byte[] y) => x.AsSpan().SequenceCompareTo(y),
        (float x, float y) => CompareFloating(x, y),
        (double x, double y) => CompareFloating(x, y),
        (DateTimeOffset x, DateTimeOffset y) => x.UtcTicks.CompareTo(y.UtcTicks),
        (Array x, Array y) => CompareArrays(x, y),
        (DateTime x, DateTimeOffset y) => x.Ticks.CompareTo(y.UtcTicks),
        (DateTimeOffset x, DateTime y) => x.UtcTicks.CompareTo(y.Ticks),
        (short or int or long, short or int or long) => Convert.ToInt64(a, CultureInfo.InvariantCulture).CompareTo(Convert.ToInt64(b, CultureInfo.InvariantCulture)),
        (IComparable x, IComparable) when a.GetType() == b.GetType() => x.CompareTo(b),
        _ => throw new NotInReferenceException($"comparison of {a.GetType().Name} and {b.GetType().Name}"),
    };

    public static bool AreSame(object? a, object? b) => a is null || b is null ? a is null && b is null : Compare(a, b) == 0;

    /// <summary>A text that two values of one type share exactly when they are equal.</summary>
    public static string Key(object? value) => value switch
    {
        null => "null",
        string s => "'" + s,
        byte[] b => Convert.ToHexString(b),
        float f => f == 0 ? "0" : f.ToString("R", CultureInfo.InvariantCulture),
        double d => d == 0 ? "0" : d.ToString("R", CultureInfo.InvariantCulture),
        decimal d => d == 0 ? "0" : d.ToString("0.############################", CultureInfo.InvariantCulture),
        DateTimeOffset o => o.UtcTicks.ToString(CultureInfo.InvariantCulture),
        DateTime t => t.Ticks.ToString(CultureInfo.InvariantCulture),
        TimeOnly t => t.Ticks.ToString(CultureInfo.InvariantCulture),
        IEnumerable items => "{" + string.Join("|", items.Cast<object?>().Select(Key)) + "}",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static int CompareFloating(double x, double y)
        => double.IsNaN(x) ? double.IsNaN(y) ? 0 : 1 : double.IsNaN(y) ? -1 : x < y ? -1 : x > y ? 1 : 0;

    private static int CompareArrays(Array x, Array y)
    {
        for (var i = 0; i < Math.Min(x.Length, y.Length); i++)
        {
            var (a, b) = (x.GetValue(i), y.GetValue(i));
            var order = a is null || b is null ? (a is null ? 1 : 0) - (b is null ? 1 : 0) : Compare(a, b);
            if (order != 0)
            {
                return order;
            }
        }

        return x.Length - y.Length;
    }
}
