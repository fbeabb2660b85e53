using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Expressions;

/// <summary>A column that a function's rows have; its type is said where the function returns records.</summary>
internal sealed record RowsColumn(string Name, RelationalTypeMapping? TypeMapping);

/// <summary>A function that returns rows, with names for their columns and the place of each: <c>unnest(a) WITH ORDINALITY AS t(value, ordinality)</c>.</summary>
internal sealed class RowsFunctionExpression(string alias, string name, IReadOnlyList<SqlExpression> arguments, IReadOnlyList<RowsColumn> columns)
    : TableValuedFunctionExpression(alias, name, schema: null, builtIn: true, arguments)
{
    /// <summary>The column of elements.</summary>
    public const string Value = "value";

    /// <summary>The column of places, from 1.</summary>
    public const string Ordinality = "ordinality";

    private static ConstructorInfo? quotingConstructor;
    private static ConstructorInfo? quotingColumnConstructor;

    public IReadOnlyList<RowsColumn> Columns { get; } = columns;

    public override RowsFunctionExpression Update(IReadOnlyList<SqlExpression> arguments)
        => arguments.SequenceEqual(Arguments, ReferenceEqualityComparer.Instance) ? this : new RowsFunctionExpression(Alias, Name, arguments, Columns);

    public override TableExpressionBase Clone(string? alias, ExpressionVisitor cloningExpressionVisitor)
        => new RowsFunctionExpression(alias!, Name, [.. Arguments.Select(a => (SqlExpression)cloningExpressionVisitor.Visit(a))], Columns);

    public override RowsFunctionExpression WithAlias(string newAlias) => new(newAlias, Name, Arguments, Columns);

    public override Expression Quote()
        => New(
            quotingConstructor ??= typeof(RowsFunctionExpression).GetConstructors().Single(),
            Constant(Alias),
            Constant(Name),
            NewArrayInit(typeof(SqlExpression), Arguments.Select(a => a.Quote())),
            NewArrayInit(
                typeof(RowsColumn), Columns.Select(c => New(
                    quotingColumnConstructor ??= typeof(RowsColumn).GetConstructor([typeof(string), typeof(RelationalTypeMapping)])!,
                    Constant(c.Name), RelationalExpressionQuotingUtilities.QuoteTypeMapping(c.TypeMapping)))));

    public override bool Equals(object? obj)
        => ReferenceEquals(this, obj) || (obj is RowsFunctionExpression other && base.Equals(other) && Columns.SequenceEqual(other.Columns));

    public override int GetHashCode() => base.GetHashCode();

    protected override Expression VisitChildren(ExpressionVisitor visitor) => Update([.. Arguments.Select(a => (SqlExpression)visitor.Visit(a))]);

    protected override void Print(ExpressionPrinter expressionPrinter)
    {
        expressionPrinter.Append(Name).Append("(");
        expressionPrinter.VisitCollection(Arguments);
        expressionPrinter.Append(") AS ").Append(Alias).Append("(").Append(string.Join(", ", Columns.Select(c => c.Name))).Append(")");
    }
}
