using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Binding;

/// <summary>A parameter by its name. Its type may still change with its place; lowering gives each name and type a place in the statement's list.</summary>
internal sealed record ParameterReference(DataType Type, string Name) : BoundExpression(Type);

/// <summary>A subquery whose plan is not lowered yet. Correlated when the plan reads columns that it does not produce.</summary>
internal sealed record LogicalSubquery(DataType Type, SubqueryKind Kind, LogicalPlan Plan, BoundExpression? Left, bool IsNegated) : BoundExpression(Type);

/// <summary>grouping(…), until it is known which set has which keys.</summary>
internal sealed record GroupingCall(ImmutableArray<BoundExpression> Arguments, int Position) : BoundExpression(DataType.Int32);
