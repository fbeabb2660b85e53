using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>Puts arguments that are given by name into their places: <c>make_interval(hours => 2)</c>. The names are those that PostgreSQL's functions have; most of its functions have none.</summary>
internal static class NamedArguments
{
    /// <summary>By function, the names of its parameters in their order, each with what it is when it is left out; null where it must be given.</summary>
    private static readonly Dictionary<string, (string Name, string? Otherwise)[]> Parameters = new()
    {
        ["make_date"] = [("year", null), ("month", null), ("day", null)],
        ["make_time"] = [("hour", null), ("min", null), ("sec", null)],
        ["make_timestamp"] = [("year", null), ("month", null), ("mday", null), ("hour", null), ("min", null), ("sec", null)],
        ["make_timestamptz"] = [("year", null), ("month", null), ("mday", null), ("hour", null), ("min", null), ("sec", null)],
        ["make_interval"] = [("years", "0"), ("months", "0"), ("weeks", "0"), ("days", "0"), ("hours", "0"), ("mins", "0"), ("secs", "0")],
        ["jsonb_set"] = [("jsonb_in", null), ("path", null), ("replacement", null), ("create_if_missing", "true")],
        ["jsonb_set_lax"] = [("jsonb_in", null), ("path", null), ("replacement", null), ("create_if_missing", "true"), ("null_value_treatment", "'use_json_null'")],
        ["jsonb_insert"] = [("jsonb_in", null), ("path", null), ("replacement", null), ("insert_after", "false")],
        ["jsonb_path_exists"] = [("target", null), ("path", null), ("vars", "'{}'")],
        ["jsonb_path_match"] = [("target", null), ("path", null), ("vars", "'{}'")],
        ["jsonb_path_query"] = [("target", null), ("path", null), ("vars", "'{}'")],
        ["jsonb_path_query_array"] = [("target", null), ("path", null), ("vars", "'{}'")],
        ["jsonb_path_query_first"] = [("target", null), ("path", null), ("vars", "'{}'")],
        ["parse_ident"] = [("str", null), ("strict", "true")],
    };

    public static FunctionCallSyntax InOrder(string function, FunctionCallSyntax call)
    {
        if (call.ArgumentNames.Count == 0)
        {
            return call;
        }

        if (!Parameters.TryGetValue(function, out var parameters))
        {
            throw Error.UndefinedFunction($"{function}({string.Join(", ", call.ArgumentNames.Select(n => n is null ? "…" : $"{n} => …"))})", null, call.Position);
        }

        var places = new ExpressionSyntax?[parameters.Length];
        for (var i = 0; i < call.Arguments.Count; i++)
        {
            var place = call.ArgumentNames[i] is { } name ? Array.FindIndex(parameters, p => p.Name == NameMatch.Fold(name)) : i < parameters.Length ? i : -1;
            if (place < 0)
            {
                throw Error.UndefinedFunction($"{function}({call.ArgumentNames[i]} => …)", null, call.Position);
            }

            places[place] = places[place] is null ? call.Arguments[i] : throw Error.SyntaxRule($"the argument {parameters[place].Name} is given twice.", call.Arguments[i].Position);
        }

        // What is left out at the end stays so: there are functions of fewer arguments.
        var count = Array.FindLastIndex(places, p => p is not null) + 1;
        count = Math.Max(count, Array.FindLastIndex(parameters, p => p.Otherwise is null) + 1);
        var arguments = new List<ExpressionSyntax>();
        for (var i = 0; i < count; i++)
        {
            arguments.Add(places[i] ?? (parameters[i].Otherwise is { } otherwise
                ? Parser.ParseExpression(otherwise)
                : throw Error.UndefinedFunction($"{function}(…) without {parameters[i].Name}", null, call.Position)));
        }

        return call with { Arguments = arguments, ArgumentNames = [] };
    }
}
