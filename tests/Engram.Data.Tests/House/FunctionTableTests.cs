using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;

namespace Engram.Data.Tests.House;

/// <summary>The table of functions in docs/sql.md is made from the registry, so it lists what there is and nothing else.</summary>
public sealed class FunctionTableTests
{
    private const string Begin = "<!-- functions: made by FunctionTableTests -->\n";
    private const string End = "<!-- end of functions -->";

    private static readonly TypeKind[] Integers
        = [TypeKind.Int8, TypeKind.Int16, TypeKind.Int32, TypeKind.Int64, TypeKind.UInt8, TypeKind.UInt16, TypeKind.UInt32, TypeKind.UInt64];

    private static readonly TypeKind[] Numbers = [.. Integers, TypeKind.Single, TypeKind.Double, TypeKind.Decimal];

    [Fact]
    public void The_table_of_functions_lists_what_there_is()
    {
        var file = Path.Combine(SourceTree.Root, "docs", "sql.md");
        var page = File.ReadAllText(file).ReplaceLineEndings("\n");
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        Assert.True(begin >= Begin.Length && end >= begin, $"docs/sql.md has no lines '{Begin.Trim()}' and '{End}'.");

        var table = Describe(FunctionRegistry.All);
        if (Environment.GetEnvironmentVariable("ENGRAM_UPDATE_BASELINE") == "1")
        {
            File.WriteAllText(file, page[..begin] + table + page[end..]);
            return;
        }

        var (old, now) = (page[begin..end].Split('\n'), table.Split('\n'));
        var difference = string.Join('\n', old.Except(now).Select(l => "- " + l).Concat(now.Except(old).Select(l => "+ " + l)));
        Assert.True(
            page[begin..end] == table,
            $"The table of functions in docs/sql.md is not what the registry has:\n{difference}\n"
            + "Run: ENGRAM_UPDATE_BASELINE=1 dotnet test --filter \"FullyQualifiedName~FunctionTable\", and commit the file.");
    }

    [Fact]
    public void Every_function_is_explained()
        => Assert.Empty(FunctionRegistry.All.Where(f => f.Summary.Length == 0 || !(f.Summary.EndsWith('.') || f.Summary.EndsWith('…'))).Select(f => f.Name).Distinct());

    [Fact]
    public void Overloads_that_differ_in_one_type_share_a_row()
    {
        FunctionOverload Make(string name, FunctionKind kind, DataType result, params TypeKind[] parameters)
            => new(name, kind, [.. parameters], _ => result) { Summary = "Sense." };

        var overloads = Integers.Select(k => Make("+", FunctionKind.Scalar, new DataType(k), k, k)).ToList();
        overloads.Add(Make("<=>", FunctionKind.Scalar, DataType.Double, TypeKind.Vector, TypeKind.Vector));
        overloads.Add(Make("pad", FunctionKind.Scalar, DataType.Text, TypeKind.Text, TypeKind.Int32) with { IsVariadic = true });
        overloads.Add(Make("count", FunctionKind.Aggregate, DataType.Int64));

        Assert.Equal(
            """
            | operator or function | takes and gives | |
            |---|---|---|
            | `T + T` | → T, for T of: integers | Sense. |
            | `vector <=> vector` | → double precision | Sense. |
            | `pad(text, integer, …)` | → text | Sense. |

            | aggregate | takes and gives | |
            |---|---|---|
            | `count(*)` | → bigint | Sense. |

            """.ReplaceLineEndings("\n"),
            Describe(overloads));
    }

    private static string Describe(IEnumerable<FunctionOverload> overloads)
    {
        var all = overloads.ToList();
        var scalar = Rows(all.Where(f => f.Kind == FunctionKind.Scalar));
        var aggregate = Rows(all.Where(f => f.Kind == FunctionKind.Aggregate));
        var others = string.Concat(
            new[] { (FunctionKind.Window, "window function"), (FunctionKind.Table, "function that returns rows") }
                .Select(k => (Title: k.Item2, Rows: Rows(all.Where(f => f.Kind == k.Item1))))
                .Where(k => k.Rows.Length > 0).Select(k => $"\n| {k.Title} | takes and gives | |\n|---|---|---|\n{k.Rows}"));
        return $"| operator or function | takes and gives | |\n|---|---|---|\n{scalar}\n| aggregate | takes and gives | |\n|---|---|---|\n{aggregate}{others}";
    }

    private static string Rows(IEnumerable<FunctionOverload> overloads)
        => string.Concat(overloads
            .OrderBy(f => char.IsLetter(f.Name[0])).ThenBy(f => f.Name, StringComparer.Ordinal)
            .GroupBy(f => (f.Name, f.ParameterTypes.Length, f.Summary))
            .SelectMany(g => RowsOfOne([.. g])));

    /// <summary>As few rows as it takes: the shape that most overloads share first.</summary>
    private static IEnumerable<string> RowsOfOne(List<FunctionOverload> left)
    {
        while (left.Count > 0)
        {
            var best = left.SelectMany(Shapes).GroupBy(s => s).MaxBy(g => g.Count())!.Key;
            var sharing = left.Where(f => Shapes(f).Contains(best)).ToList();
            var shape = sharing.Count == 1 ? Shape(sharing[0], 0) : best;
            var among = sharing.Count == 1 ? "" : $", for T of: {Names(sharing.Select(f => f.ParameterTypes[0]))}";
            var parts = shape.Split(" → ");
            yield return Row(parts[0], parts[1] + among, sharing[0].Summary);
            left = [.. left.Except(sharing)];
        }
    }

    private static string Row(string signature, string result, string summary)
        => $"| `{signature.Replace("|", "\\|", StringComparison.Ordinal)}` | → {result} | {summary.Replace("|", "\\|", StringComparison.Ordinal)} |\n";

    /// <summary>Every way to write the signature with T for some of the places that have the type of the first parameter.</summary>
    private static IEnumerable<string> Shapes(FunctionOverload f)
        => Enumerable.Range(0, 1 << (f.ParameterTypes.Length + 1)).Select(mask => Shape(f, mask)).Distinct();

    private static string Shape(FunctionOverload f, int mask)
    {
        var place = 0;
        string NameOrT(TypeKind k) => (mask >> place++ & 1) != 0 && f.ParameterTypes is [var first, ..] && k == first ? "T" : Name(k);
        return Signature(f, NameOrT) + " → " + NameOrT(Result(f));
    }

    private static string Signature(FunctionOverload f, Func<TypeKind, string> name)
    {
        var parameters = f.ParameterTypes.Select(name).ToList();
        if (!char.IsLetter(f.Name[0]))
        {
            return parameters.Count == 1 ? $"{f.Name} {parameters[0]}" : $"{parameters[0]} {f.Name} {parameters[1]}";
        }

        var list = parameters.Count == 0 && f.Kind == FunctionKind.Aggregate ? "*" : string.Join(", ", parameters) + (f.IsVariadic ? ", …" : "");
        return $"{f.Name}({list})";
    }

    private static TypeKind Result(FunctionOverload f) => f.ResultType([.. f.ParameterTypes.Select(k => new DataType(k))]).Kind;

    private static string Names(IEnumerable<TypeKind> kinds)
    {
        var set = kinds.Distinct().ToList();
        var parts = new List<string>();
        foreach (var (group, name) in new[] { (Numbers, "numbers"), (Integers, "integers") })
        {
            if (group.All(set.Contains))
            {
                parts.Add(name);
                set.RemoveAll(k => group.Contains(k));
            }
        }

        return string.Join(", ", parts.Concat(set.Select(Name)));
    }

    private static string Name(TypeKind kind) => kind switch
    {
        TypeKind.Array => "array",
        TypeKind.Unknown => "any type",
        _ => new DataType(kind).ToString(),
    };
}
