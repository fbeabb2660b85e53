using System.Text;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Engram.EntityFrameworkCore.Update;

/// <summary>Paths to parts of documents, as SaveChanges gives them: <c>$.Member[0].Other</c>.</summary>
/// <remarks>EF Core writes the names of members as they are, so that one with a point or a bracket in it cannot be told from two. The model says which names
/// there are: <see cref="Quote"/> finds the one way to read a path, and <see cref="Steps"/> reads what it has quoted.</remarks>
internal static partial class DocumentPath
{
    /// <summary>The path with its names quoted, or as it was when no type has such members.</summary>
    public static string Quote(string path, IEnumerable<ITypeBase> types)
    {
        foreach (var type in types)
        {
            if (Read(path.AsSpan(1), type) is { } quoted)
            {
                return "$" + quoted;
            }
        }

        return path;
    }

    /// <summary>Names of members and places in lists, from the outermost.</summary>
    public static IEnumerable<string> Steps(string path)
        => Step().Matches(path).Select(m => m.Groups["quoted"] is { Success: true } quoted ? Escaped().Replace(quoted.Value, "$1") : m.Groups["step"].Value);

    /// <summary>The rest of a path from a part of this type (null: a scalar or a list of them), or null if it leads nowhere.</summary>
    private static string? Read(ReadOnlySpan<char> rest, ITypeBase? type)
    {
        if (rest.IsEmpty)
        {
            return "";
        }

        if (rest[0] == '[')
        {
            var end = rest.IndexOf(']');
            return end > 1 && !rest[1..end].ContainsAnyExceptInRange('0', '9') && Read(rest[(end + 1)..], type) is { } after ? $"{rest[..(end + 1)]}{after}" : null;
        }

        if (rest[0] != '.' || type is null)
        {
            return null;
        }

        foreach (var (name, member) in MembersOf(type).OrderByDescending(m => m.Name.Length))
        {
            if (rest[1..].StartsWith(name, StringComparison.Ordinal) && Read(rest[(name.Length + 1)..], member) is { } after)
            {
                var text = new StringBuilder(name).Replace("\\", "\\\\").Replace("\"", "\\\"");
                return $".\"{text}\"{after}";
            }
        }

        return null;
    }

    private static IEnumerable<(string Name, ITypeBase? Type)> MembersOf(ITypeBase type)
    {
        foreach (var property in type.GetProperties())
        {
            if (property.GetJsonPropertyName() is { } name)
            {
                yield return (name, null);
            }
        }

        foreach (var complex in type.GetComplexProperties())
        {
            yield return (complex.ComplexType.GetJsonPropertyName() ?? complex.Name, complex.ComplexType);
        }

        foreach (var navigation in (type as IEntityType)?.GetNavigations() ?? [])
        {
            if (navigation.ForeignKey.IsOwnership && !navigation.IsOnDependent && navigation.TargetEntityType.GetJsonPropertyName() is { } name)
            {
                yield return (name, navigation.TargetEntityType);
            }
        }
    }

    [GeneratedRegex("""\."(?<quoted>(\\.|[^"\\])*)"|\.(?<step>[^.\[]+)|\[(?<step>\d+)\]""")]
    private static partial Regex Step();

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escaped();
}
