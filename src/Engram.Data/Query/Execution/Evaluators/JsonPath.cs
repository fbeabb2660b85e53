using System.Globalization;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Runs a json path over values. In SQL's lax mode what is not there gives nothing, and an array stands for its elements where an element is wanted; in strict mode both are errors.</summary>
/// <remarks>An error within a condition makes it unknown; so errors are kept, and thrown at the end alone. The path is taken apart again only when it changes. Results are views of the value, of the variables, of the path, or of the memory that is given.</remarks>
internal sealed class JsonPath
{
    private static readonly JsonPathLiteral True = JsonPathLiteral.Of("true"u8);
    private static readonly JsonPathLiteral False = JsonPathLiteral.Of("false"u8);
    private static readonly JsonPathLiteral Null = JsonPathLiteral.Of("null"u8);

    // What looking at a value counts for, until the next look for a cancellation.
    private const int ValueWorkBytes = 64;

    private byte[]? text;
    private JsonPathNode path = JsonPathRoot.Instance;
    private Bytes root;
    private Bytes variables;
    private bool hasVariables;
    private int last;
    private ColumnBuffer memory = null!;
    private bool isStrict;

    // The first error, after which nothing is evaluated any more.
    private EngramException? failure;

    /// <summary>Appends what the path finds.</summary>
    /// <param name="isSilent">Whether an error gives false, and is not thrown.</param>
    /// <param name="isExistence">Whether the first result is enough: in lax mode, an error behind it is none.</param>
    public bool Run(Bytes value, Bytes pathText, Bytes? vars, ColumnBuffer scratch, List<Bytes> results, bool isSilent, bool isExistence = false)
    {
        failure = null;
        if (text is null || !pathText.Span.SequenceEqual(text))
        {
            path = new JsonPathParser(pathText.Text).Parse(out isStrict);
            text = pathText.Span.ToArray();
        }

        root = value;
        hasVariables = vars is not null;
        variables = vars ?? default;
        memory = scratch;
        if (hasVariables && JsonText.KindOf(variables.Span) != JsonKind.Object)
        {
            throw Error.InvalidArgument("json path", "the variables are no object.");
        }

        Evaluate(path, root, results);
        return failure is null || (isExistence && Exists(results)) || (isSilent ? false : throw failure);
    }

    /// <summary>Whether there is something before the error, if there was one, that makes the rest unnecessary.</summary>
    private bool Exists(List<Bytes> results) => results.Count > 0 && (failure is null || !isStrict);

    /// <summary>Appends what a part finds up to the first error.</summary>
    private void Evaluate(JsonPathNode node, Bytes current, List<Bytes> results)
    {
        if (failure is not null)
        {
            return;
        }

        switch (node)
        {
            case JsonPathRoot: results.Add(root); break;
            case JsonPathCurrent: results.Add(current); break;
            case JsonPathLiteral literal: results.Add(literal.Value); break;
            case JsonPathVariable variable: results.Add(FindVariable(variable)); break;
            case JsonPathLast: results.Add(Number(last)); break;
            case JsonPathPredicate predicate: results.Add(Test(predicate, current) switch { true => True.Value, false => False.Value, null => Null.Value }); break;
            case JsonPathMember member: ForEach(member.Input, current, unwraps: !isStrict, v => AddMember(v, member, results)); break;
            case JsonPathMembers members: ForEach(members.Input, current, unwraps: !isStrict, v => AddMembers(v, members, results)); break;
            case JsonPathDescendants all: ForEach(all.Input, current, unwraps: false, v => AddAll(v, all, 0, results)); break;
            case JsonPathKeyValue pairs: ForEach(pairs.Input, current, unwraps: !isStrict, v => AddPairs(v, results)); break;
            case JsonPathElements { Ranges.IsEmpty: true } all when !IsStrictFor(all.Input): ForEach(all.Input, current, unwraps: true, results.Add); break;
            case JsonPathElements { Ranges.IsEmpty: true } all: ForEach(all.Input, current, unwraps: false, v => AddAllElements(v, results)); break;
            case JsonPathElements some: ForEach(some.Input, current, unwraps: false, v => AddElements(v, some, current, results)); break;
            case JsonPathFilter filter: ForEach(filter.Input, current, unwraps: !isStrict, v => AddIf(v, filter.Condition, results)); break;
            case JsonPathSize size: ForEach(size.Input, current, unwraps: false, v => AddSize(v, size, results)); break;
            case JsonPathType type: ForEach(type.Input, current, unwraps: false, v => results.Add(TypeOf(v))); break;
            case JsonPathSign sign: AddAllSigned(sign, current, results); break;
            case JsonPathMethod method: ForEach(method.Input, current, unwraps: !isStrict, v => AddMethod(v, method.Name, results)); break;
            case JsonPathArithmetic arithmetic: AddArithmetic(arithmetic, current, results); break;
            default: throw Error.Internal($"no evaluation of {node.GetType().Name}");
        }
    }

    /// <summary>Acts on what a part finds, one after the other: an error of the part comes behind what it found before, and after an error nothing is acted on any more.</summary>
    /// <param name="unwraps">Whether an array stands for its elements.</param>
    private void ForEach(JsonPathNode input, Bytes current, bool unwraps, Action<Bytes> act)
    {
        var values = new List<Bytes>();
        Evaluate(input, current, values);
        (var later, failure) = (failure, null);
        foreach (var value in values)
        {
            memory.Work(ValueWorkBytes);
            if (!unwraps || !IsArray(value))
            {
                act(value);
            }
            else
            {
                var elements = new List<Bytes>();
                AddParts(value, JsonKind.Array, elements);
                for (var i = 0; i < elements.Count && failure is null; i++)
                {
                    memory.Work(ValueWorkBytes);
                    act(elements[i]);
                }
            }

            if (failure is not null)
            {
                return;
            }
        }

        failure = later;
    }

    private static bool IsArray(Bytes value) => value.Span[0] == '[';

    private Bytes FindVariable(JsonPathVariable variable)
    {
        var found = hasVariables ? JsonPart.View(variables, JsonText.FindMember(variables.Span, variable.RawName)) : default;
        return found.Length > 0 ? found : throw Error.UndefinedJsonPathVariable(variable.Name);
    }

    /// <summary>Whether what is not there is an error: not below .**, which finds values of all kinds.</summary>
    private bool IsStrictFor(JsonPathNode input)
    {
        while (isStrict && input is not JsonPathDescendants)
        {
            switch (input)
            {
                case JsonPathMember m: input = m.Input; break;
                case JsonPathMembers m: input = m.Input; break;
                case JsonPathElements m: input = m.Input; break;
                case JsonPathFilter m: input = m.Input; break;
                default: return true;
            }
        }

        return false;
    }

    private void AddMember(Bytes value, JsonPathMember node, List<Bytes> results)
    {
        if (value.Span[0] == '{' && JsonPart.View(value, JsonText.FindMember(value.Span, node.RawName)) is { Length: > 0 } member)
        {
            results.Add(member);
        }
        else if (IsStrictFor(node.Input))
        {
            failure ??= Error.JsonPathMember(node.Name, isObject: value.Span[0] == '{');
        }
    }

    private void AddMembers(Bytes value, JsonPathMembers node, List<Bytes> results)
    {
        if (value.Span[0] != '{' && IsStrictFor(node.Input))
        {
            failure ??= Error.JsonPathNoObject();
        }

        AddParts(value, JsonKind.Object, results);
    }

    private void AddAllElements(Bytes value, List<Bytes> results)
    {
        if (!IsArray(value))
        {
            failure ??= Error.JsonPathNoArray();
        }

        AddParts(value, JsonKind.Array, results);
    }

    private void AddSize(Bytes value, JsonPathSize node, List<Bytes> results)
    {
        if (!IsArray(value) && IsStrictFor(node.Input))
        {
            failure ??= Error.JsonPathNoArray();
            return;
        }

        results.Add(Number(IsArray(value) ? JsonText.Count(value.Span) : 1));
    }

    private void AddAllSigned(JsonPathSign node, Bytes current, List<Bytes> results)
    {
        var values = new List<Bytes>();
        ForEach(node.Input, current, unwraps: !isStrict, values.Add);
        for (var i = 0; i < values.Count && failure is null; i++)
        {
            if (JsonText.KindOf(values[i].Span) != JsonKind.Number)
            {
                failure = Error.JsonPathNoNumber(node.IsNegative ? "-" : "+");
                return;
            }

            results.Add(node.IsNegative ? Negate(values[i]) : values[i]);
        }
    }

    /// <summary>The number with the other sign, by its text: it may have more digits than decimal holds. Zero stays as it is.</summary>
    private Bytes Negate(Bytes value)
    {
        var digits = value.Span;
        if (digits[0] == '-')
        {
            return Keep(digits[1..]);
        }

        return IsZero(digits) ? value : Keep([(byte)'-', .. digits]);
    }

    private static bool IsZero(ReadOnlySpan<byte> number)
    {
        var exponent = number.IndexOfAny((byte)'e', (byte)'E');
        return !(exponent < 0 ? number : number[..exponent]).ContainsAnyInRange((byte)'1', (byte)'9');
    }

    private void AddMethod(Bytes value, string name, List<Bytes> results)
    {
        var kind = JsonText.KindOf(value.Span);
        if (name == "double" && kind is JsonKind.Number or JsonKind.String)
        {
            var digits = kind == JsonKind.Number ? value.Span : JsonText.Unescaped(JsonText.Inside(value.Span));
            if (double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            {
                results.Add(Number(number));
                return;
            }
        }
        else if (kind == JsonKind.Number && name != "double")
        {
            results.Add(name == "abs" ? (value.Span[0] == '-' ? Negate(value) : value) : WholeOf(value, isUp: name == "ceiling"));
            return;
        }

        failure ??= Error.JsonPathNotNumeric(name);
    }

    /// <summary>floor and ceiling.</summary>
    private Bytes WholeOf(Bytes value, bool isUp)
    {
        if (TryGetDecimal(value, out var number))
        {
            return Number(isUp ? decimal.Ceiling(number) : decimal.Floor(number));
        }

        // A number that decimal cannot hold is nearly nothing, or without digits behind its point.
        var rough = double.Parse(value.Span, NumberStyles.Float, CultureInfo.InvariantCulture);
        return Math.Abs(rough) > 1 ? value : Number(value.Span[0] == '-' ? (isUp ? 0 : -1) : (isUp ? 1 : 0));
    }

    private void AddArithmetic(JsonPathArithmetic node, Bytes current, List<Bytes> results)
    {
        if (OperandOf(node.Left, node, "left", current) is not { } left || OperandOf(node.Right, node, "right", current) is not { } right)
        {
            return;
        }

        if (IsZero(right.Span) && node.Operator is '/' or '%')
        {
            failure ??= Error.DivisionByZero();
            return;
        }

        if (TryGetDecimal(left, out var a) && TryGetDecimal(right, out var b))
        {
            try
            {
                results.Add(Number(node.Operator switch { '+' => a + b, '-' => a - b, '*' => a * b, '/' => a / b, _ => a % b }));
                return;
            }
            catch (OverflowException)
            {
                AddRough(node, left, right, results);
                return;
            }
        }

        AddRough(node, left, right, results);
    }

    /// <summary>By the digits that double has.</summary>
    private void AddRough(JsonPathArithmetic node, Bytes left, Bytes right, List<Bytes> results)
    {
        var (x, y) = (double.Parse(left.Span, NumberStyles.Float, CultureInfo.InvariantCulture), double.Parse(right.Span, NumberStyles.Float, CultureInfo.InvariantCulture));
        var result = node.Operator switch { '+' => x + y, '-' => x - y, '*' => x * y, '/' => x / y, _ => x % y };
        if (double.IsFinite(result))
        {
            results.Add(Number(result));
        }
        else
        {
            failure ??= Error.NumericOutOfRange("numeric");
        }
    }

    /// <summary>The one number that an operand is.</summary>
    private Bytes? OperandOf(JsonPathNode operand, JsonPathArithmetic node, string side, Bytes current)
    {
        var values = new List<Bytes>();
        ForEach(operand, current, unwraps: !isStrict, values.Add);
        if (failure is null && (values is not [var value] || JsonText.KindOf(value.Span) != JsonKind.Number))
        {
            failure = Error.JsonPathOperand(side, node.Operator);
        }

        return failure is null ? values[0] : null;
    }

    /// <summary>False for what decimal cannot hold, also for what is so small that it would be zero.</summary>
    private static bool TryGetDecimal(Bytes value, out decimal number)
        => decimal.TryParse(value.Span, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && (number != 0 || IsZero(value.Span));

    private Bytes Number(double value) => Keep(JsonText.Normalize(System.Text.Encoding.UTF8.GetBytes(value.ToString("R", CultureInfo.InvariantCulture))));

    private Bytes Number(decimal value) => Keep(System.Text.Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture)));

    private static void AddParts(Bytes value, JsonKind kind, List<Bytes> results)
    {
        if (JsonText.KindOf(value.Span) != kind)
        {
            return;
        }

        var walk = new JsonWalk(value.Span);
        while (walk.Next())
        {
            results.Add(JsonPart.View(value, walk.Range));
        }
    }

    private static void AddAll(Bytes value, JsonPathDescendants node, int level, List<Bytes> results)
    {
        var isContainer = JsonText.IsContainer(value.Span);
        if (level == 0 ? node.First == 0 : node is { First: JsonPathDescendants.Deepest, Last: JsonPathDescendants.Deepest } ? !isContainer : level >= node.First && level <= node.Last)
        {
            results.Add(value);
        }

        if (isContainer && level < node.Last)
        {
            var walk = new JsonWalk(value.Span);
            while (walk.Next())
            {
                AddAll(JsonPart.View(value, walk.Range), node, level + 1, results);
            }
        }
    }

    private unsafe void AddPairs(Bytes value, List<Bytes> results)
    {
        if (value.Span[0] != '{')
        {
            failure ??= Error.JsonPathNoPairs();
            return;
        }

        // Objects of one value are told apart by where they stand in it.
        var place = value.Pointer - root.Pointer;
        var id = place > 0 && place < root.Length ? place : 0;
        var walk = new JsonWalk(value.Span);
        while (walk.Next())
        {
            var head = System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"id\": {id}, \"key\": \""));
            results.Add(Keep([.. head, .. walk.RawName, .. "\", \"value\": "u8, .. JsonPart.View(value, walk.Range).Span, (byte)'}']));
        }
    }

    private void AddIf(Bytes value, JsonPathPredicate condition, List<Bytes> results)
    {
        if (Test(condition, value) == true)
        {
            results.Add(value);
        }
    }

    private void AddElements(Bytes value, JsonPathElements node, Bytes current, List<Bytes> results)
    {
        var elements = new List<Bytes>();
        if (IsArray(value))
        {
            AddParts(value, JsonKind.Array, elements);
        }
        else if (IsStrictFor(node.Input))
        {
            failure ??= Error.JsonPathNoArray();
            return;
        }
        else
        {
            elements.Add(value);
        }

        var lastOutside = last;
        foreach (var (from, to) in node.Ranges)
        {
            last = elements.Count - 1;
            var first = IndexOf(from, current);
            var end = to is null ? first : IndexOf(to, current);
            if (failure is not null)
            {
                break;
            }

            if (IsStrictFor(node.Input) && (first < 0 || first > end || end >= elements.Count))
            {
                failure ??= Error.JsonPathOutOfBounds();
                break;
            }

            for (var i = Math.Max(first, 0); i <= Math.Min(end, elements.Count - 1); i++)
            {
                results.Add(elements[i]);
            }
        }

        last = lastOutside;
    }

    private int IndexOf(JsonPathNode node, Bytes current)
    {
        if (node is JsonPathLast)
        {
            return last;
        }

        var values = new List<Bytes>();
        Evaluate(node, current, values);
        if (failure is null && values is [var value] && JsonText.KindOf(value.Span) == JsonKind.Number
            && decimal.TryParse(value.Span, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && decimal.Truncate(number) is >= int.MinValue and <= int.MaxValue and var index)
        {
            return (int)index;
        }

        failure ??= Error.InvalidJsonPathIndex();
        return 0;
    }

    private bool? Test(JsonPathPredicate predicate, Bytes current)
    {
        switch (predicate)
        {
            case JsonPathLogical logical:
                var left = Test(logical.Left, current);
                if (left == !logical.IsAnd)
                {
                    return left;
                }

                var right = Test(logical.Right, current);
                return right == !logical.IsAnd ? right : left is null || right is null ? null : logical.IsAnd;
            case JsonPathNot not:
                return !Test(not.Input, current);
            case JsonPathIsUnknown unknown:
                return Test(unknown.Input, current) is null;
            case JsonPathExists exists:
                var found = new List<Bytes>();
                Evaluate(exists.Input, current, found);
                var isThere = Exists(found);
                return Failed() && !isThere ? null : isThere;
            case JsonPathCompare compare:
                return TestPairs(compare.Left, compare.Right, current, (a, b) => Compare(compare.Comparison, a, b));
            case JsonPathStartsWith starts:
                return TestPairs(starts.Left, starts.Right, current, StartsWith);
            case JsonPathLikeRegex like:
                return TestPairs(like.Input, Null, current, (a, _) => a.Span[0] == '"' ? like.Pattern.IsMatch(JsonText.Unescaped(JsonText.Inside(a.Span))) : null);
            default:
                throw Error.Internal($"no test of {predicate.GetType().Name}");
        }
    }

    /// <summary>Whether there was an error, which is forgotten: the condition is unknown.</summary>
    private bool Failed()
    {
        var hasFailed = failure is not null;
        failure = null;
        return hasFailed;
    }

    /// <summary>TRUE when one pair answers so, else unknown when one is, else FALSE; in strict mode unknown whenever one is.</summary>
    private bool? TestPairs(JsonPathNode left, JsonPathNode right, Bytes current, Func<Bytes, Bytes, bool?> test)
    {
        var (lefts, rights) = (new List<Bytes>(), new List<Bytes>());
        ForEach(left, current, unwraps: !isStrict, lefts.Add);
        ForEach(right, current, unwraps: !isStrict, rights.Add);
        if (Failed())
        {
            return null;
        }

        bool? answer = false;
        foreach (var a in lefts)
        {
            foreach (var b in rights)
            {
                memory.Work(ValueWorkBytes);
                switch (test(a, b))
                {
                    case true when !isStrict: return true;
                    case true: answer = true; break;
                    case null when isStrict: return null;
                    case null: answer = null; break;
                }
            }
        }

        return answer;
    }

    private static bool? Compare(JsonPathComparison comparison, Bytes a, Bytes b)
    {
        var (kind, other) = (JsonText.KindOf(a.Span), JsonText.KindOf(b.Span));
        if (kind != other)
        {
            return kind == JsonKind.Null || other == JsonKind.Null ? comparison == JsonPathComparison.NotEqual : null;
        }

        if (JsonText.IsContainer(a.Span))
        {
            return null;
        }

        var order = JsonOrder.Compare(a.Span, b.Span);
        return comparison switch
        {
            JsonPathComparison.Equal => order == 0,
            JsonPathComparison.NotEqual => order != 0,
            JsonPathComparison.Less => order < 0,
            JsonPathComparison.LessOrEqual => order <= 0,
            JsonPathComparison.Greater => order > 0,
            _ => order >= 0,
        };
    }

    private static bool? StartsWith(Bytes a, Bytes b)
        => a.Span[0] != '"' || b.Span[0] != '"' ? null : JsonText.Unescaped(JsonText.Inside(a.Span)).AsSpan().StartsWith(JsonText.Unescaped(JsonText.Inside(b.Span)));

    private unsafe Bytes Keep(ReadOnlySpan<byte> json)
    {
        var target = memory.AllocateVariable(json.Length);
        json.CopyTo(new Span<byte>(target, json.Length));
        return new Bytes(target, json.Length);
    }

    private Bytes Number(int value)
    {
        Span<byte> digits = stackalloc byte[16];
        System.Buffers.Text.Utf8Formatter.TryFormat(value, digits, out var length);
        return Keep(digits[..length]);
    }

    private Bytes TypeOf(Bytes value) => Keep(JsonText.KindOf(value.Span) switch
    {
        JsonKind.Object => "\"object\""u8,
        JsonKind.Array => "\"array\""u8,
        JsonKind.String => "\"string\""u8,
        JsonKind.Number => "\"number\""u8,
        JsonKind.Boolean => "\"boolean\""u8,
        _ => "\"null\""u8,
    });
}
