using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Harness;

/// <summary>
/// Text by which results of any shape are compared: entities by their scalars, other objects by all properties, float64 to 12 digits. Inner collections
/// are compared without regard to order.
/// </summary>
internal static class Canonical
{
    public static List<string> Rows(IEnumerable rows) => [.. rows.Cast<object?>().Select(Text)];

    public static string Text(object? value)
    {
        var text = new StringBuilder();
        Append(text, value, depth: 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value, int depth)
    {
        if (depth > 12)
        {
            throw new InvalidOperationException("The result is nested too deep; project what is to be compared.");
        }

        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case double d:
                text.Append(d == 0 ? "0" : d.ToString("G11", CultureInfo.InvariantCulture));
                break;
            case float f:
                text.Append(f == 0 ? "0" : f.ToString("G6", CultureInfo.InvariantCulture));
                break;
            case decimal m:
                // Averages: the database keeps as many digits as System.Decimal, the last of them rounded otherwise.
                text.Append(Math.Round(m, 18).ToString("0.##################", CultureInfo.InvariantCulture));
                break;
            case DateTimeOffset o:
                text.Append(o.ToString("O", CultureInfo.InvariantCulture));
                break;
            case DateTime t:
                text.Append(t.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture));
                break;
            case byte[] bytes:
                text.Append(Convert.ToHexString(bytes));
                break;
            case string s:
                text.Append('\'').Append(s).Append('\'');
                break;
            case IEnumerable list:
                var items = list.Cast<object?>().Select(i => { var inner = new StringBuilder(); Append(inner, i, depth + 1); return inner.ToString(); });
                text.Append('[').AppendJoin(", ", items.Order(StringComparer.Ordinal)).Append(']');
                break;
            case IFormattable formattable when value.GetType().Namespace == "System" || value is Enum:
                text.Append(formattable.ToString(null, CultureInfo.InvariantCulture));
                break;
            default:
                AppendObject(text, value, depth);
                break;
        }
    }

    private static void AppendObject(StringBuilder text, object value, int depth)
    {
        var type = value.GetType();
        if (type.Namespace == "System" && type.IsPrimitive)
        {
            text.Append(value);
            return;
        }

        var isEntity = value is IEntity;
        text.Append(isEntity ? type.Name : "").Append('{');
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0).OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            if (isEntity && IsNavigation(property.PropertyType))
            {
                continue;
            }

            text.Append(property.Name).Append('=');
            Append(text, property.GetValue(value), depth + 1);
            text.Append("; ");
        }

        text.Append('}');
    }

    private static bool IsNavigation(Type type)
        => typeof(IEntity).IsAssignableFrom(type)
            || (type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) && typeof(IEntity).IsAssignableFrom(type.GetGenericArguments()[0]));
}

/// <summary>Marks the entities of the oracle's models.</summary>
internal interface IEntity;
