using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Binding;

/// <summary>An expression whose names, types and functions are known: what the binder makes of syntax and execution makes evaluators of.</summary>
/// <remarks>Immutable, without any reference to a running statement, so that plans are cached and shared between threads.</remarks>
internal abstract record BoundExpression(DataType Type);

/// <summary>A literal. <paramref name="Value"/> is the canonical CLR value (see <see cref="ClrValue"/>), null for NULL.</summary>
internal sealed record BoundConstant(DataType Type, object? Value) : BoundExpression(Type)
{
    /// <summary>Where a string literal stands in the text; -1 for all else. Literals are equal wherever they stand.</summary>
    public int Position { get; init; } = -1;

    public bool Equals(BoundConstant? other) => other is not null && Type == other.Type && EqualityComparer<object?>.Default.Equals(Value, other.Value);

    public override int GetHashCode() => HashCode.Combine(Type, Value);
}

/// <summary>A parameter of the statement, by its place in <c>Statement.Parameters</c>.</summary>
internal sealed record BoundParameter(DataType Type, int Index) : BoundExpression(Type);

/// <summary>A column of the input batch of the operator that evaluates the expression.</summary>
internal sealed record BoundColumn(DataType Type, int Ordinal, string Name) : BoundExpression(Type);

/// <summary>A value handed down from an outer query: constant while the inner plan runs once. Set by Apply or by a correlated subquery.</summary>
/// <param name="Slot">Its place in the execution's slots, unique within the whole statement.</param>
internal sealed record BoundSlot(DataType Type, int Slot) : BoundExpression(Type);

/// <summary>A call of a scalar function or operator; every argument already has exactly the parameter's type.</summary>
internal sealed record BoundCall(DataType Type, FunctionOverload Function, ImmutableArray<BoundExpression> Arguments) : BoundExpression(Type);

/// <summary>Conversion to <see cref="BoundExpression.Type"/>, checked: a value that does not fit is an error, never wrapped or cut silently.</summary>
internal sealed record BoundCast(DataType Type, BoundExpression Operand, bool IsExplicit) : BoundExpression(Type)
{
    /// <summary>The column that the value is for, as <c>Table.Column</c> in messages; null in a query.</summary>
    public string? Target { get; init; }
}

/// <summary>Three-valued AND or OR. The right side is not evaluated for rows that the left side decides.</summary>
internal sealed record BoundLogical(bool IsAnd, ImmutableArray<BoundExpression> Operands) : BoundExpression(DataType.Boolean);

internal sealed record BoundNot(BoundExpression Operand) : BoundExpression(DataType.Boolean);

internal sealed record BoundIsNull(BoundExpression Operand, bool IsNegated) : BoundExpression(DataType.Boolean);

/// <summary>IS [NOT] DISTINCT FROM: never NULL. Both sides have the same type.</summary>
internal sealed record BoundIsDistinct(BoundExpression Left, BoundExpression Right, bool IsNegated) : BoundExpression(DataType.Boolean);

/// <summary>CASE WHEN condition THEN result … ELSE otherwise. A branch is evaluated only for the rows that reach it.</summary>
internal sealed record BoundCase(DataType Type, ImmutableArray<(BoundExpression Condition, BoundExpression Result)> Branches, BoundExpression Otherwise)
    : BoundExpression(Type);

/// <summary>The first operand that is not NULL; later ones are evaluated only where needed.</summary>
internal sealed record BoundCoalesce(DataType Type, ImmutableArray<BoundExpression> Operands) : BoundExpression(Type);

/// <summary>operand IN (items): TRUE, else NULL when an item or the operand is NULL, else FALSE. All of one type.</summary>
internal sealed record BoundInList(BoundExpression Operand, ImmutableArray<BoundExpression> Items, bool IsNegated) : BoundExpression(DataType.Boolean);

internal enum SubqueryKind
{
    /// <summary>The one value of the one row, NULL when there is none, 21000 when there are more.</summary>
    Scalar,
    Exists,
    /// <summary>Left = ANY (subquery of one column).</summary>
    In,
    /// <summary>All rows of one column as an array: ARRAY(SELECT …).</summary>
    Array,
}

/// <summary>A subquery as a value.</summary>
/// <param name="Outer">Expressions over the current input whose values the inner plan reads as slots; empty when it is not correlated, and then it runs once.</param>
internal sealed record BoundSubquery(
    DataType Type, SubqueryKind Kind, Plan Plan, BoundExpression? Left, bool IsNegated, ImmutableArray<(BoundExpression Value, int Slot)> Outer)
    : BoundExpression(Type);

/// <summary>One aggregate call of an <see cref="AggregatePlan"/>. <see cref="Function"/> names it; arguments are over the aggregate's input.</summary>
internal sealed record BoundAggregate(
    DataType Type, FunctionOverload Function, ImmutableArray<BoundExpression> Arguments, bool IsDistinct, BoundExpression? Filter,
    ImmutableArray<SortKey> OrderBy);

/// <summary>One key of an ordering. NULL sorts as the smallest value unless <see cref="NullsFirst"/> says otherwise.</summary>
internal sealed record SortKey(BoundExpression Expression, bool IsDescending, bool NullsFirst);

/// <summary>One call with OVER: a window function or an aggregate, over the input of a <see cref="WindowPlan"/>.</summary>
internal sealed record BoundWindowCall(
    DataType Type, FunctionOverload Function, ImmutableArray<BoundExpression> Arguments, BoundExpression? Filter, WindowFrame Frame);

/// <summary>The rows around a row that a call looks at. Distances are bigint for ROWS and GROUPS, for RANGE what is added to the key.</summary>
internal sealed record WindowFrame(
    Syntax.FrameUnit Unit, Syntax.FrameBoundKind Start, BoundExpression? StartDistance, Syntax.FrameBoundKind End, BoundExpression? EndDistance, Syntax.FrameExclusion Exclusion);
