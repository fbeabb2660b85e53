using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Expressions;
using Engram.EntityFrameworkCore.Query.Translators;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Translates what stands inside a LINQ operator: what needs more than a method and its arguments, the rest goes to the translators.</summary>
internal sealed partial class ExpressionTranslator : RelationalSqlTranslatingExpressionVisitor
{
    private readonly QueryCompilationContext queryCompilationContext;
    private readonly ISqlExpressionFactory sql;
    private readonly IRelationalTypeMappingSource typeMappingSource;
    private readonly TimeSpanTranslator lengths;

    public ExpressionTranslator(
        RelationalSqlTranslatingExpressionVisitorDependencies dependencies, QueryCompilationContext queryCompilationContext,
        QueryableMethodTranslatingExpressionVisitor queryableMethodTranslatingExpressionVisitor)
        : base(dependencies, queryCompilationContext, queryableMethodTranslatingExpressionVisitor)
    {
        this.queryCompilationContext = queryCompilationContext;
        sql = dependencies.SqlExpressionFactory;
        typeMappingSource = dependencies.TypeMappingSource;
        lengths = new TimeSpanTranslator(sql, typeMappingSource);
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

        if (binaryExpression is { NodeType: ExpressionType.Add, Type: var type } && type == typeof(string) && (left == typeof(object) || right == typeof(object)))
        {
            return TranslateParts([binaryExpression.Left, binaryExpression.Right]) ?? base.VisitBinary(binaryExpression);
        }

        return binaryExpression.NodeType switch
        {
            ExpressionType.Add or ExpressionType.Subtract or ExpressionType.Multiply or ExpressionType.Divide or ExpressionType.Modulo
                when IsWidened(binaryExpression.Left) || IsWidened(binaryExpression.Right) =>
                TranslateWidened(binaryExpression) ?? QueryCompilationContext.NotTranslatedExpression,
            ExpressionType.Multiply or ExpressionType.Divide when left == typeof(TimeSpan) || right == typeof(TimeSpan) =>
                TranslateScaledLength(binaryExpression, left, right) ?? QueryCompilationContext.NotTranslatedExpression,
            ExpressionType.Coalesce when Widen(binaryExpression) is { } widened => widened,
            ExpressionType.LeftShift or ExpressionType.RightShift => TranslateShift(binaryExpression) ?? QueryCompilationContext.NotTranslatedExpression,
            ExpressionType.ArrayIndex when left == typeof(byte[]) =>
                Visit(binaryExpression.Left) is SqlExpression bytes && Visit(binaryExpression.Right) is SqlExpression place
                    ? ByteArrayTranslator.ByteAt(sql, sql.ApplyDefaultTypeMapping(bytes), place)
                    : QueryCompilationContext.NotTranslatedExpression,
            ExpressionType.GreaterThan or ExpressionType.GreaterThanOrEqual => NotOfNaN(base.VisitBinary(binaryExpression), e => e.Left),
            ExpressionType.LessThan or ExpressionType.LessThanOrEqual => NotOfNaN(base.VisitBinary(binaryExpression), e => e.Right),
            _ => base.VisitBinary(binaryExpression),
        };
    }

    /// <summary>
    /// In C# <c>number ?? 2.25</c> is a double; EF Core would read it as the number's type, which cuts the other off, or does not hold it. A number that a converter
    /// of the model stores stays as it is: once it were cast, nothing would convert it back.
    /// </summary>
    private SqlExpression? Widen(BinaryExpression coalesce)
    {
        var left = IsWidened(coalesce.Left) ? ((UnaryExpression)coalesce.Left).Operand : coalesce.Left;
        var (source, result) = (Nullable.GetUnderlyingType(left.Type), Nullable.GetUnderlyingType(coalesce.Type) ?? coalesce.Type);
        return source is not null && source != result && IsNumber(source) && IsNumber(result)
            && Visit(left) is SqlExpression number && Visit(coalesce.Right) is SqlExpression other
            && (number.TypeMapping is null || number.TypeMapping.Converter?.GetType() == typeMappingSource.FindMapping(source)?.Converter?.GetType())
            ? sql.Coalesce(sql.Convert(sql.ApplyDefaultTypeMapping(number), result), other)
            : null;

        static bool IsNumber(Type type) => IsInteger(type) || HasFraction(type);
    }

    /// <summary>To the database NaN is greater than any number; in C# no comparison with it holds. Asked only of functions that give it outside of their domain.</summary>
    private Expression NotOfNaN(Expression translated, Func<SqlBinaryExpression, SqlExpression> side)
        => translated is SqlBinaryExpression comparison && side(comparison) is SqlFunctionExpression { Name: "acos" or "asin" or "acosh" or "atanh" } call && call.Type == typeof(double)
            ? sql.AndAlso(comparison, sql.NotEqual(call, sql.Constant(double.NaN, call.TypeMapping)))
            : translated;

    protected override Expression VisitUnary(UnaryExpression unaryExpression)
    {
        // A column that is an array, where the function takes memory: both are vectors.
        if (unaryExpression.NodeType == ExpressionType.Convert && unaryExpression.Type == typeof(ReadOnlyMemory<float>) && unaryExpression.Operand.Type == typeof(float[]))
        {
            return Visit(unaryExpression.Operand);
        }

        if (unaryExpression.NodeType == ExpressionType.ArrayLength && unaryExpression.Operand.Type == typeof(byte[]))
        {
            return Visit(unaryExpression.Operand) is SqlExpression bytes
                ? sql.Call("octet_length", typeof(int), bytes)
                : QueryCompilationContext.NotTranslatedExpression;
        }

        // A character is a text of the database, and its number in C# that of the code unit.
        if (unaryExpression is { NodeType: ExpressionType.Convert, Operand.Type: var source } && source == typeof(char) && unaryExpression.Type == typeof(int) && unaryExpression.Operand is not ConstantExpression)
        {
            return Visit(unaryExpression.Operand) is SqlExpression character and not SqlConstantExpression ? sql.Call("ascii", typeof(int), sql.ApplyDefaultTypeMapping(character)) : base.VisitUnary(unaryExpression);
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

    /// <summary>The clock of this process, read when the query runs: what .NET shows, in the zone of the process.</summary>
    protected override Expression VisitMember(MemberExpression memberExpression)
    {
        var type = memberExpression.Member.DeclaringType;
        return (type == typeof(DateTime), type == typeof(DateTimeOffset), memberExpression.Member.Name) switch
        {
            (true, _, nameof(DateTime.Now)) => Clock("now"),
            (true, _, nameof(DateTime.UtcNow)) => sql.NiladicFunction("localtimestamp", nullable: false, typeof(DateTime)),
            (true, _, nameof(DateTime.Today)) => Clock("today"),
            (_, true, nameof(DateTimeOffset.Now)) => Clock("now_offset"),
            (_, true, nameof(DateTimeOffset.UtcNow)) => sql.Function("now", [], nullable: false, [], typeof(DateTimeOffset)),
            _ => base.VisitMember(memberExpression),
        };

        SqlParameterExpression Clock(string name)
        {
            var read = Expression.Lambda(memberExpression, QueryCompilationContext.QueryContextParameter);
            var parameter = queryCompilationContext.RegisterRuntimeParameter(name, read);
            return new SqlParameterExpression(parameter.Name, parameter.Type, typeMappingSource.FindMapping(parameter.Type));
        }
    }

    protected override Expression VisitMethodCall(MethodCallExpression methodCallExpression)
    {
        if (methodCallExpression is { Method.Name: nameof(Enumerable.SequenceEqual), Arguments: [var left, var right] } && left.Type != typeof(byte[])
            && Visit(left) is SqlExpression { TypeMapping: { ElementTypeMapping: not null } mapping } array && Visit(right) is SqlExpression other)
        {
            return sql.Equal(array, sql.ApplyTypeMapping(other, mapping));
        }

        if (methodCallExpression is { Method.Name: nameof(Enumerable.SequenceEqual), Arguments: [var first, InlineQueryRootExpression { ElementType: var item } inline] } && item == typeof(byte)
            && inline.Values.All(v => v is ConstantExpression) && Visit(first) is SqlExpression bytes)
        {
            return sql.Equal(bytes, sql.Constant(inline.Values.Select(v => (byte)((ConstantExpression)v).Value!).ToArray(), typeMappingSource.FindMapping(typeof(byte[]))));
        }

        // Of a set that is no list EF Core makes neither values nor a parameter.
        if (methodCallExpression is { Method.Name: nameof(Enumerable.Contains), Method.DeclaringType: var declaring, Arguments: [{ } collection, var sought] } && declaring == typeof(Enumerable)
            && Unconverted(collection) is ConstantExpression { Value: System.Collections.IEnumerable set and not string and not IQueryable } && Visit(sought) is SqlExpression searched)
        {
            var values = set.Cast<object?>().Select(v => (SqlExpression)sql.Constant(v, sought.Type)).ToList();
            return values.Count == 0 ? sql.Constant(false) : sql.In(searched, values);
        }

        var translation = TranslateText(methodCallExpression) ?? base.VisitMethodCall(methodCallExpression);

        // In .NET the text of a null number is empty, not null; so it is for a number of a missing row, as other providers have it.
        return methodCallExpression is { Method.Name: nameof(ToString), Arguments.Count: 0, Object.Type.IsValueType: true } && translation is SqlExpression text
                ? sql.Coalesce(text, sql.Constant(""))
                : translation;
    }

    private static Expression Unconverted(Expression expression)
        => expression is UnaryExpression { NodeType: ExpressionType.Convert, Operand: var operand } ? Unconverted(operand) : expression;

    private static bool HasFraction(Type type)
        => (Nullable.GetUnderlyingType(type) ?? type) is var t && (t == typeof(float) || t == typeof(double) || t == typeof(decimal));

    private static bool IsInteger(Type type)
        => (Nullable.GetUnderlyingType(type) ?? type) is { IsEnum: false } t && Type.GetTypeCode(t) is >= TypeCode.SByte and <= TypeCode.UInt64;

    private static bool IsPointInTime(Type type) => type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(TimeOnly);

    /// <summary>A difference of two points in time is a length of time; a point and a length give a point.</summary>
    private SqlExpression? TranslateTimeArithmetic(BinaryExpression binaryExpression, bool isDifference)
    {
        if (Visit(binaryExpression.Left) is not SqlExpression left || Visit(binaryExpression.Right) is not SqlExpression right)
        {
            return null;
        }

        var span = typeMappingSource.FindMapping(typeof(TimeSpan))!;
        if (isDifference && left.Type == typeof(TimeOnly))
        {
            return Difference(left, right, span);
        }

        if (isDifference)
        {
            var point = ExpressionExtensions.InferTypeMapping(left, right) ?? typeMappingSource.FindMapping(left.Type)!;
            return new SqlBinaryExpression(
                binaryExpression.NodeType, sql.ApplyTypeMapping(left, point), sql.ApplyTypeMapping(right, point), typeof(TimeSpan), span);
        }

        left = sql.ApplyDefaultTypeMapping(left);
        return new SqlBinaryExpression(binaryExpression.NodeType, left, sql.ApplyTypeMapping(right, span), left.Type, left.TypeMapping);
    }

    /// <summary>Times of day go round: from 23:00 to 01:00 it is two hours.</summary>
    private SqlExpression Difference(SqlExpression left, SqlExpression right, RelationalTypeMapping span)
    {
        var clock = typeMappingSource.FindMapping(typeof(TimeOnly))!;
        (left, right) = (sql.ApplyTypeMapping(left, clock), sql.ApplyTypeMapping(right, clock));
        var difference = new SqlBinaryExpression(ExpressionType.Subtract, left, right, typeof(TimeSpan), span);
        return sql.Case(
            [new CaseWhenClause(sql.GreaterThanOrEqual(left, right), difference)],
            new SqlBinaryExpression(ExpressionType.Add, difference, sql.Constant(TimeSpan.FromDays(1), span), typeof(TimeSpan), span));
    }

    /// <summary>What C# widens before it computes: EF Core would leave the conversion out, and two bytes would be added as bytes.</summary>
    private static bool IsWidened(Expression expression)
        => expression is UnaryExpression { NodeType: ExpressionType.Convert or ExpressionType.ConvertChecked, Method: null } conversion
            && (Nullable.GetUnderlyingType(conversion.Operand.Type) ?? conversion.Operand.Type) is { IsEnum: false } from
            && (Nullable.GetUnderlyingType(conversion.Type) ?? conversion.Type) is var to
            && ((to == typeof(int) && Type.GetTypeCode(from) is TypeCode.SByte or TypeCode.Byte or TypeCode.Int16 or TypeCode.UInt16)
                || (to == typeof(double) && from == typeof(float)));

    private SqlExpression? TranslateWidened(BinaryExpression binaryExpression)
    {
        return Operand(binaryExpression.Left) is { } left && Operand(binaryExpression.Right) is { } right
            ? sql.MakeBinary(binaryExpression.NodeType, left, right, typeMapping: null)
            : null;

        SqlExpression? Operand(Expression operand)
        {
            if (!IsWidened(operand))
            {
                return Visit(operand) as SqlExpression;
            }

            return Visit(((UnaryExpression)operand).Operand) is SqlExpression narrow ? sql.Convert(sql.ApplyDefaultTypeMapping(narrow), operand.Type) : null;
        }
    }

    /// <summary>A length times a number, by a number, or by a length. The factory would give both sides the type of the left one.</summary>
    private SqlExpression? TranslateScaledLength(BinaryExpression binaryExpression, Type left, Type right)
    {
        if (Visit(binaryExpression.Left) is not SqlExpression a || Visit(binaryExpression.Right) is not SqlExpression b)
        {
            return null;
        }

        var isDivision = binaryExpression.NodeType == ExpressionType.Divide;
        return left == right ? isDivision ? lengths.Ratio(a, b) : null
            : left == typeof(TimeSpan) ? lengths.Scaled(binaryExpression.NodeType, a, b)
            : isDivision ? null : lengths.Scaled(ExpressionType.Multiply, b, a);
    }

    /// <summary>In C# the count is taken modulo the width of the number.</summary>
    private OperatorExpression? TranslateShift(BinaryExpression binaryExpression)
    {
        if (Visit(binaryExpression.Left) is not SqlExpression number || Visit(binaryExpression.Right) is not SqlExpression count)
        {
            return null;
        }

        number = sql.ApplyDefaultTypeMapping(number);
        var width = (Nullable.GetUnderlyingType(number.Type) ?? number.Type) is var type && (type == typeof(long) || type == typeof(ulong)) ? 63 : 31;
        count = count is SqlConstantExpression { Value: int constant } ? sql.Constant(constant & width) : sql.And(sql.ApplyDefaultTypeMapping(count), sql.Constant(width));
        return new OperatorExpression(
            binaryExpression.NodeType == ExpressionType.LeftShift ? "<<" : ">>", number, sql.ApplyDefaultTypeMapping(count), number.Type, number.TypeMapping);
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
