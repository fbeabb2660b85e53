using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A part of a json path: gives a sequence of values.</summary>
internal abstract record JsonPathNode;

/// <summary>A condition: true, false or unknown.</summary>
internal abstract record JsonPathPredicate : JsonPathNode;

/// <summary>$.</summary>
internal sealed record JsonPathRoot : JsonPathNode
{
    public static readonly JsonPathRoot Instance = new();
}

/// <summary>@, the value that a filter looks at.</summary>
internal sealed record JsonPathCurrent : JsonPathNode
{
    public static readonly JsonPathCurrent Instance = new();
}

/// <summary>The index of the last element.</summary>
internal sealed record JsonPathLast : JsonPathNode
{
    public static readonly JsonPathLast Instance = new();
}

/// <summary>$name, a member of the variables.</summary>
internal sealed record JsonPathVariable(string Name) : JsonPathNode
{
    public byte[] RawName { get; } = JsonPart.Escape(Encoding.UTF8.GetBytes(Name));
}

/// <summary>A string, number, boolean or null.</summary>
internal sealed unsafe record JsonPathLiteral : JsonPathNode
{
    // Pinned: values of a path are views of memory that does not move.
    private readonly byte[] memory;

    private JsonPathLiteral(ReadOnlySpan<byte> json)
    {
        memory = GC.AllocateUninitializedArray<byte>(json.Length, pinned: true);
        json.CopyTo(memory);
    }

    public Bytes Value => new((byte*)Unsafe.AsPointer(ref memory[0]), memory.Length);

    public static JsonPathLiteral Of(ReadOnlySpan<byte> json) => new(json);

    public static JsonPathLiteral OfString(string text)
    {
        var builder = new JsonBuilder();
        builder.String(Encoding.UTF8.GetBytes(text));
        return new JsonPathLiteral(builder.Written);
    }
}

/// <summary>.name.</summary>
internal sealed record JsonPathMember(JsonPathNode Input, string Name) : JsonPathNode
{
    public byte[] RawName { get; } = JsonPart.Escape(Encoding.UTF8.GetBytes(Name));
}

/// <summary>.*.</summary>
internal sealed record JsonPathMembers(JsonPathNode Input) : JsonPathNode;

/// <summary>.** and .**{2 to last}: the value, which is level 0, and what is in it down to a level.</summary>
internal sealed record JsonPathDescendants(JsonPathNode Input, int First, int Last) : JsonPathNode
{
    /// <summary>The level of <c>last</c>. From there to there are only values that hold no others.</summary>
    public const int Deepest = int.MaxValue;
}

/// <summary>.keyvalue(): an object of name, value and the number of its object for each member.</summary>
internal sealed record JsonPathKeyValue(JsonPathNode Input) : JsonPathNode;

/// <summary>[*] without ranges, else the elements of these places.</summary>
internal sealed record JsonPathElements(JsonPathNode Input, ImmutableArray<(JsonPathNode From, JsonPathNode? To)> Ranges) : JsonPathNode;

/// <summary>? (condition).</summary>
internal sealed record JsonPathFilter(JsonPathNode Input, JsonPathPredicate Condition) : JsonPathNode;

internal sealed record JsonPathSize(JsonPathNode Input) : JsonPathNode;

internal sealed record JsonPathType(JsonPathNode Input) : JsonPathNode;

/// <summary>left + right and the like: of one number each.</summary>
internal sealed record JsonPathArithmetic(char Operator, JsonPathNode Left, JsonPathNode Right) : JsonPathNode;

/// <summary>A sign before each of some numbers.</summary>
internal sealed record JsonPathSign(bool IsNegative, JsonPathNode Input) : JsonPathNode;

/// <summary>.abs(), .floor(), .ceiling() or .double().</summary>
internal sealed record JsonPathMethod(JsonPathNode Input, string Name) : JsonPathNode;

internal enum JsonPathComparison
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

internal sealed record JsonPathCompare(JsonPathComparison Comparison, JsonPathNode Left, JsonPathNode Right) : JsonPathPredicate;

internal sealed record JsonPathStartsWith(JsonPathNode Left, JsonPathNode Right) : JsonPathPredicate;

internal sealed record JsonPathLikeRegex(JsonPathNode Input, RegexPattern Pattern) : JsonPathPredicate;

internal sealed record JsonPathExists(JsonPathNode Input) : JsonPathPredicate;

internal sealed record JsonPathIsUnknown(JsonPathPredicate Input) : JsonPathPredicate;

internal sealed record JsonPathNot(JsonPathPredicate Input) : JsonPathPredicate;

internal sealed record JsonPathLogical(bool IsAnd, JsonPathPredicate Left, JsonPathPredicate Right) : JsonPathPredicate;
