using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Translators;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Translates what stands inside a LINQ operator: what needs more than a method and its arguments, the rest goes to the translators.</summary>
internal sealed class ExpressionTranslator : RelationalSqlTranslatingExpressionVisitor
{
    private readonly QueryCompilationContext queryCompilationContext;
    private readonly ISqlExpressionFactory sql;
    private readonly IRelationalTypeMappingSource typeMappingSource;

    public ExpressionTranslator(
        RelationalSqlTranslatingExpressionVisitorDependencies dependencies, QueryCompilationContext queryCompilationContext,
        QueryableMethodTranslatingExpressionVisitor queryableMethodTranslatingExpressionVisitor)
        : base(dependencies, queryCompilationContext, queryableMethodTranslatingExpressionVisitor)
    {
        this.queryCompilationContext = queryCompilationContext;
        sql = dependencies.SqlExpressionFactory;
        typeMappingSource = dependencies.TypeMappingSource;
    }

    public override SqlExpression? GenerateGreatest(IReadOnlyList<SqlExpression> expressions, Type resultType)
        => GenerateExtreme("GREATEST", expressions, resultType);

    public override SqlExpression? GenerateLeast(IReadOnlyList<SqlExpression> expressions, Type resultType)
        => GenerateExtreme("LEAST", expressions, resultType);

    protected override Expression VisitBinary(BinaryExpression binaryExpression)
    {
        var left = Nullable.GetUnderlyingType(binaryExpression.Left.Type) ?? binaryExpression.Left.Type;
        var right = Nullable.GetUnderlyingType(binaryExpression.Right.Type) ?? binaryExpression.Right.Type;
        if (binaryExpression.NodeType is ExpressionType.Add or ExpressionType.Subtract && IsPointInTime(left) && (right == left || right == typeof(TimeSpan)))
        {
            return TranslateTimeArithmetic(binaryExpression, right == left) ?? QueryCompilationContext.NotTranslatedExpression;
        }

        // The factory would give both sides the type of the left one.
        if (binaryExpression.NodeType is ExpressionType.Multiply or ExpressionType.Divide && (left == typeof(TimeSpan) || right == typeof(TimeSpan)))
        {
            return QueryCompilationContext.NotTranslatedExpression;
        }

        return base.VisitBinary(binaryExpression);
    }

    protected override Expression VisitUnary(UnaryExpression unaryExpression)
    {
        // A column that is an array, where the function takes memory: both are vectors.
        if (unaryExpression.NodeType == ExpressionType.Convert && unaryExpression.Type == typeof(ReadOnlyMemory<float>) && unaryExpression.Operand.Type == typeof(float[]))
        {
            return Visit(unaryExpression.Operand);
        }

        // C# cuts the fraction off where the database's CAST rounds.
        var isCut = unaryExpression.NodeType is ExpressionType.Convert or ExpressionType.ConvertChecked
            && HasFraction(unaryExpression.Operand.Type) && IsInteger(unaryExpression.Type);
        if (!isCut || unaryExpression.Method is { DeclaringType: var type } && type != typeof(decimal))
        {
            return base.VisitUnary(unaryExpression);
        }

        return Visit(unaryExpression.Operand) is SqlExpression operand
            ? sql.Convert(sql.Call("trunc", operand.Type, operand.TypeMapping, operand), unaryExpression.Type)
            : QueryCompilationContext.NotTranslatedExpression;
    }

    protected override Expression VisitMethodCall(MethodCallExpression methodCallExpression)
    {
        var method = methodCallExpression.Method;
        if (method.DeclaringType == typeof(string) && methodCallExpression.Object is { } instance && IsPatternMethod(methodCallExpression))
        {
            var kind = Enum.Parse<LikePattern>(method.Name);
            return TryTranslatePattern(instance, methodCallExpression.Arguments[0], kind, out var translation)
                ? translation
                : QueryCompilationContext.NotTranslatedExpression;
        }

        return base.VisitMethodCall(methodCallExpression);
    }

    private static bool HasFraction(Type type)
        => (Nullable.GetUnderlyingType(type) ?? type) is var t && (t == typeof(float) || t == typeof(double) || t == typeof(decimal));

    private static bool IsInteger(Type type)
        => (Nullable.GetUnderlyingType(type) ?? type) is { IsEnum: false } t && Type.GetTypeCode(t) is >= TypeCode.SByte and <= TypeCode.UInt64;

    private static bool IsPointInTime(Type type) => type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(TimeOnly);

    /// <summary>StartsWith, EndsWith and Contains of a string or a character, ordinal as all comparisons of text are.</summary>
    private static bool IsPatternMethod(MethodCallExpression call)
        => call.Method.Name is nameof(string.StartsWith) or nameof(string.EndsWith) or nameof(string.Contains)
            && (call.Arguments.Count == 1
                || (call.Arguments.Count == 2 && call.Arguments[1] is ConstantExpression { Value: StringComparison.Ordinal }));

    /// <summary>A difference of two points in time is a length of time; a point and a length give a point.</summary>
    private SqlBinaryExpression? TranslateTimeArithmetic(BinaryExpression binaryExpression, bool isDifference)
    {
        if (Visit(binaryExpression.Left) is not SqlExpression left || Visit(binaryExpression.Right) is not SqlExpression right)
        {
            return null;
        }

        var span = typeMappingSource.FindMapping(typeof(TimeSpan))!;
        if (isDifference)
        {
            var point = ExpressionExtensions.InferTypeMapping(left, right) ?? typeMappingSource.FindMapping(left.Type)!;
            return new SqlBinaryExpression(
                binaryExpression.NodeType, sql.ApplyTypeMapping(left, point), sql.ApplyTypeMapping(right, point), typeof(TimeSpan), span);
        }

        left = sql.ApplyDefaultTypeMapping(left);
        return new SqlBinaryExpression(binaryExpression.NodeType, left, sql.ApplyTypeMapping(right, span), left.Type, left.TypeMapping);
    }

    private bool TryTranslatePattern(Expression instance, Expression pattern, LikePattern kind, [NotNullWhen(true)] out SqlExpression? translation)
    {
        if (Visit(instance) is not SqlExpression text || Visit(pattern) is not SqlExpression part)
        {
            translation = null;
            return false;
        }

        var mapping = text.TypeMapping ?? typeMappingSource.FindMapping(typeof(string))!;
        text = sql.ApplyTypeMapping(text, mapping);
        translation = part switch
        {
            SqlConstantExpression { Value: null } => sql.Like(text, sql.Constant(null, typeof(string), mapping)),
            SqlConstantExpression { Value: var value } => sql.Like(text, sql.Constant(LikePatterns.Create(value!.ToString()!, kind), mapping)),
            SqlParameterExpression parameter => sql.Like(text, RegisterPattern(parameter, kind, mapping)),
            _ => TranslatePatternOfRow(text, sql.ApplyDefaultTypeMapping(part), kind),
        };
        return true;
    }

    /// <summary>A second parameter, computed from the first before each execution: its text as a pattern.</summary>
    private SqlParameterExpression RegisterPattern(SqlParameterExpression parameter, LikePattern kind, RelationalTypeMapping mapping)
    {
        var extractor = Expression.Lambda(
            Expression.Call(
                LikePatterns.CreateFromParameterMethod, QueryCompilationContext.QueryContextParameter,
                Expression.Constant(parameter.Name), Expression.Constant(kind)),
            QueryCompilationContext.QueryContextParameter);
        var pattern = queryCompilationContext.RegisterRuntimeParameter($"{parameter.Name}_{kind.ToString().ToLowerInvariant()}", extractor);
        return new SqlParameterExpression(pattern.Name, pattern.Type, mapping);
    }

    /// <summary>The part differs from row to row, so there is no pattern: functions compare the ends of the text.</summary>
    private SqlExpression TranslatePatternOfRow(SqlExpression text, SqlExpression part, LikePattern kind)
    {
        var function = kind switch
        {
            LikePattern.StartsWith => "starts_with",
            LikePattern.EndsWith => "ends_with",
            _ => "contains",
        };

        // As EF Core has it everywhere: no match when either is null, so that its negation is true.
        return sql.AndAlso(sql.IsNotNull(text), sql.AndAlso(sql.IsNotNull(part), sql.Call(function, typeof(bool), text, part)));
    }

    private SqlExpression GenerateExtreme(string function, IReadOnlyList<SqlExpression> expressions, Type resultType)
    {
        var mapping = ExpressionExtensions.InferTypeMapping(expressions);
        return sql.Function(function, expressions, nullable: true, Enumerable.Repeat(false, expressions.Count), resultType, mapping);
    }
}

internal sealed class ExpressionTranslatorFactory(RelationalSqlTranslatingExpressionVisitorDependencies dependencies)
    : IRelationalSqlTranslatingExpressionVisitorFactory
{
    public RelationalSqlTranslatingExpressionVisitor Create(
        QueryCompilationContext queryCompilationContext, QueryableMethodTranslatingExpressionVisitor queryableMethodTranslatingExpressionVisitor)
        => new ExpressionTranslator(dependencies, queryCompilationContext, queryableMethodTranslatingExpressionVisitor);
}
