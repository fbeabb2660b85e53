using System.Collections;
using System.Reflection;
using Engram.EntityFrameworkCore.Tests.Model;

namespace Engram.EntityFrameworkCore.Tests.Oracle;

/// <summary>Compares results of any shape, element by element: lists in order, objects by their properties, sums of floats with a tolerance.</summary>
internal static class ResultAssert
{
    public static void Equal(object? expected, object? actual) => Equal(expected, actual, "result");

    private static void Equal(object? expected, object? actual, string path)
    {
        switch (expected, actual)
        {
            case (null, null):
                return;
            case (null, _) or (_, null):
                Assert.Fail($"{path}: expected {Show(expected)}, found {Show(actual)}");
                return;
            case (double e, double a):
                Assert.True(AreClose(e, a, 1e-9), $"{path}: expected {e:R}, found {a:R}");
                return;
            case (float e, float a):
                Assert.True(AreClose(e, a, 1e-5), $"{path}: expected {e:R}, found {a:R}");
                return;
            case (DateTimeOffset e, DateTimeOffset a):
                Assert.True(e.EqualsExact(a), $"{path}: expected {e:O}, found {a:O}");
                return;
            case (string, _) or (ValueType, _) when IsScalar(expected.GetType()):
                Assert.True(expected.Equals(actual), $"{path}: expected {Show(expected)}, found {Show(actual)}");
                return;
            case (IEnumerable e, IEnumerable a):
                EqualLists(e.Cast<object?>().ToList(), a.Cast<object?>().ToList(), path);
                return;
            default:
                EqualProperties(expected, actual, path);
                return;
        }
    }

    private static bool IsScalar(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string) || type.Namespace == "System";

    private static void EqualLists(List<object?> expected, List<object?> actual, string path)
    {
        for (var i = 0; i < Math.Min(expected.Count, actual.Count); i++)
        {
            Equal(expected[i], actual[i], $"{path}[{i}]");
        }

        Assert.True(expected.Count == actual.Count, $"{path}: expected {expected.Count} elements, found {actual.Count}");
    }

    private static void EqualProperties(object expected, object actual, string path)
    {
        Assert.Equal(expected.GetType(), actual.GetType());
        foreach (var property in expected.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            // Files are loaded only where a shape includes them, and such shapes project them.
            if (expected is not Episode || property.Name != nameof(Episode.Files))
            {
                Equal(property.GetValue(expected), property.GetValue(actual), $"{path}.{property.Name}");
            }
        }
    }

    private static bool AreClose(double expected, double actual, double tolerance)
        => expected.Equals(actual) || Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected));

    private static string Show(object? value) => value is null ? "null" : $"'{value}'";
}
