using System.Collections;
using System.Collections.ObjectModel;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Harness;

/// <summary>
/// Turns a query over <see cref="NullSafeQuery{T}"/> into one over lists, in which every member access and call passes null on. A value that a null
/// may have reached has its nullable type (it is <em>lifted</em>) until something needs the plain one, which then gets the default: a predicate is false.
/// </summary>
internal sealed class NullSafeRewriter : ExpressionVisitor
{
    private static readonly HashSet<string> Ordering =
        [nameof(Queryable.OrderBy), nameof(Queryable.OrderByDescending), nameof(Queryable.ThenBy), nameof(Queryable.ThenByDescending)];

    private readonly Dictionary<ParameterExpression, ParameterExpression> parameters = [];

    protected override Expression VisitParameter(ParameterExpression node) => parameters.GetValueOrDefault(node, node);

    protected override Expression VisitConstant(ConstantExpression node)
        => node.Value is INullSafeQuery query ? Source(query) : node;

    protected override Expression VisitLambda<T>(Expression<T> node)
        => Expression.Lambda<T>(Coerce(Visit(node.Body), node.ReturnType), node.Parameters);

    protected override Expression VisitMember(MemberExpression node)
    {
        if (typeof(IQueryable).IsAssignableFrom(node.Type) && IsEvaluatable(node))
        {
            return Evaluate(node) is INullSafeQuery query ? Source(query) : node;
        }

        if (node.Expression is null || IsEvaluatable(node))
        {
            return node;
        }

        var instance = Visit(node.Expression);
        if (Nullable.GetUnderlyingType(node.Expression.Type) is not null)
        {
            return node.Member.Name == "HasValue" ? Expression.NotEqual(instance, Expression.Constant(null, instance.Type)) : instance;
        }

        return Guard(instance, node.Expression.Type, plain => Expression.MakeMemberAccess(plain, node.Member));
    }

    protected override Expression VisitUnary(UnaryExpression node)
    {
        if (node.NodeType == ExpressionType.Quote)
        {
            return Visit(node.Operand);
        }

        var operand = Visit(node.Operand);
        switch (node.NodeType)
        {
            case ExpressionType.Convert or ExpressionType.ConvertChecked when !node.Type.IsValueType && !operand.Type.IsValueType:
                return node.Type.IsAssignableFrom(operand.Type) ? Expression.Convert(operand, node.Type) : Expression.TypeAs(operand, node.Type);
            case ExpressionType.Convert or ExpressionType.ConvertChecked:
                var target = operand.Type != node.Operand.Type && node.Type.IsValueType && Nullable.GetUnderlyingType(node.Type) is null
                    ? typeof(Nullable<>).MakeGenericType(node.Type)
                    : node.Type;
                return operand.Type == target ? operand : Expression.MakeUnary(node.NodeType, operand, target, target == node.Type && operand.Type == node.Operand.Type ? node.Method : null);
            case ExpressionType.TypeAs:
                return Expression.TypeAs(operand, node.Type);
            case ExpressionType.Not when node.Type == typeof(bool):
                // As EF Core has it: a test of text gives false for null, a boolean of null stays null.
                return Expression.Not(node.Operand is MethodCallExpression ? Coerce(operand, typeof(bool)) : operand);
            default:
                return operand.Type == node.Operand.Type ? node.Update(operand) : Expression.MakeUnary(node.NodeType, operand, operand.Type);
        }
    }

    protected override Expression VisitBinary(BinaryExpression node)
    {
        var (left, right) = (Visit(node.Left), Visit(node.Right));
        if (node.NodeType is ExpressionType.AndAlso or ExpressionType.OrElse)
        {
            return Expression.MakeBinary(node.NodeType, Coerce(left, typeof(bool)), Coerce(right, typeof(bool)));
        }

        if (node.NodeType == ExpressionType.Coalesce)
        {
            return left.Type.IsValueType && Nullable.GetUnderlyingType(left.Type) is null ? left : Expression.Coalesce(left, right);
        }

        if (left.Type == node.Left.Type && right.Type == node.Right.Type)
        {
            return node.Update(left, node.Conversion, right);
        }

        if (node.NodeType == ExpressionType.ArrayIndex)
        {
            return Expression.ArrayIndex(left, Coerce(right, typeof(int)));
        }

        return Expression.MakeBinary(node.NodeType, LiftTo(left, right.Type), LiftTo(right, left.Type), liftToNull: false, node.Method);
    }

    protected override Expression VisitConditional(ConditionalExpression node)
    {
        var (then, otherwise) = (Visit(node.IfTrue), Visit(node.IfFalse));
        return Expression.Condition(Coerce(Visit(node.Test), typeof(bool)), LiftTo(then, otherwise.Type), LiftTo(otherwise, then.Type));
    }

    protected override Expression VisitNew(NewExpression node)
        => node.Constructor is null
            ? node
            : node.Update(node.Arguments.Zip(node.Constructor.GetParameters(), (a, p) => Coerce(Visit(a), p.ParameterType)));

    protected override MemberAssignment VisitMemberAssignment(MemberAssignment node)
        => node.Update(Coerce(Visit(node.Expression), node.Member is PropertyInfo property ? property.PropertyType : ((FieldInfo)node.Member).FieldType));

    protected override ElementInit VisitElementInit(ElementInit node)
        => node.Update(node.Arguments.Zip(node.AddMethod.GetParameters(), (a, p) => Coerce(Visit(a), p.ParameterType)));

    protected override Expression VisitNewArray(NewArrayExpression node)
        => node.NodeType == ExpressionType.NewArrayInit
            ? node.Update(node.Expressions.Select(e => Coerce(Visit(e), node.Type.GetElementType()!)))
            : base.VisitNewArray(node);

    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        var method = node.Method;
        if (typeof(IQueryable).IsAssignableFrom(node.Type) && node.Object is not null && IsEvaluatable(node) && Evaluate(node) is INullSafeQuery root)
        {
            return Source(root);
        }

        if (method.DeclaringType == typeof(EF) && method.Name == nameof(EF.Property))
        {
            var instance = Visit(node.Arguments[0]);
            var member = (string)((ConstantExpression)node.Arguments[1]).Value!;
            return Coerce(Guard(instance, instance.Type, plain => Expression.PropertyOrField(plain, member)), node.Type);
        }

        if (method.DeclaringType == typeof(DbFunctionsExtensions))
        {
            return Expression.Call(typeof(FunctionOracle), method.Name, null, [.. node.Arguments.Skip(1).Select(a => Visit(a))]);
        }

        if (method.DeclaringType == typeof(Queryable) || method.DeclaringType == typeof(Enumerable))
        {
            return VisitOperator(node);
        }

        var arguments = node.Arguments.Select(a => Visit(a)).ToList();
        if (node.Object is null)
        {
            return OverLifted(arguments, node.Arguments, plain => Expression.Call(method, plain.Zip(method.GetParameters(), (a, p) => Coerce(a!, p.ParameterType))));
        }

        return Guard(Visit(node.Object), node.Object.Type, plain => OverLifted(
            arguments, node.Arguments, args => Expression.Call(plain, method, args.Zip(method.GetParameters(), (a, p) => Coerce(a!, p.ParameterType))), method.DeclaringType == typeof(string)));
    }

    /// <summary>Queryable's operators become Enumerable's, with the types of what their lambdas now give.</summary>
    private Expression VisitOperator(MethodCallExpression node)
    {
        var method = node.Method;
        if (method.Name == nameof(Queryable.AsQueryable))
        {
            return Visit(node.Arguments[0]);
        }

        var typeArguments = method.IsGenericMethod ? method.GetGenericArguments() : [];
        var arguments = new List<Expression>();
        foreach (var argument in node.Arguments)
        {
            var lambda = argument as LambdaExpression ?? (argument as UnaryExpression)?.Operand as LambdaExpression;
            if (lambda is not null && Ordering.Contains(method.Name))
            {
                var body = Visit(lambda.Body);
                typeArguments = [typeArguments[0], body.Type];
                arguments.Add(Expression.Lambda(body, lambda.Parameters));
            }
            else
            {
                arguments.Add(Visit(argument));
            }
        }

        var guarded = arguments[0];
        var target = method.DeclaringType == typeof(Enumerable) ? method : FindEnumerable(method);
        if (target.IsGenericMethod)
        {
            target = target.GetGenericMethodDefinition().MakeGenericMethod(typeArguments);
        }

        var call = Call(target, arguments);
        // A collection of null gives nothing.
        return guarded is BlockExpression && !guarded.Type.IsValueType
            ? Guard(guarded, guarded.Type, plain => Call(target, [plain, .. arguments.Skip(1)]))
            : call;
    }

    private static MethodCallExpression Call(MethodInfo target, IEnumerable<Expression> arguments)
        => Expression.Call(target, arguments.Zip(target.GetParameters(), (a, p) => Coerce(a, p.ParameterType)));

    private static MethodInfo FindEnumerable(MethodInfo method)
    {
        var parameters = method.GetParameters();
        return typeof(Enumerable).GetMethods().Single(m => m.Name == method.Name
            && m.GetGenericArguments().Length == method.GetGenericArguments().Length
            && m.GetParameters().Length == parameters.Length
            && m.GetParameters().Select(p => Erase(p.ParameterType)).SequenceEqual((method.IsGenericMethod ? method.GetGenericMethodDefinition().GetParameters() : parameters).Select(p => Erase(p.ParameterType))));

        static string Erase(Type type)
        {
            if (!type.IsGenericType)
            {
                return type == typeof(IQueryable) ? nameof(IEnumerable) : type.Name;
            }

            var definition = type.GetGenericTypeDefinition();
            var arguments = type.GetGenericArguments();
            return definition == typeof(Expression<>) ? Erase(arguments[0])
                : definition == typeof(IQueryable<>) || definition == typeof(IEnumerable<>) ? $"Sequence<{Erase(arguments[0])}>"
                : definition == typeof(IOrderedQueryable<>) || definition == typeof(IOrderedEnumerable<>) ? $"Ordered<{Erase(arguments[0])}>"
                : $"{definition.Name}<{string.Join(",", arguments.Select(Erase))}>";
        }
    }

    private static Expression Source(INullSafeQuery query)
        => query.Rows is { } rows ? Expression.Constant(rows, typeof(IEnumerable<>).MakeGenericType(query.ElementType)) : new NullSafeRewriter().Visit(query.Expression);

    private static bool IsEvaluatable(Expression? node) => node switch
    {
        null or ConstantExpression => true,
        MemberExpression member => IsEvaluatable(member.Expression),
        MethodCallExpression call => IsEvaluatable(call.Object) && call.Arguments.All(IsEvaluatable),
        _ => false,
    };

    private static object? Evaluate(Expression node) => Expression.Lambda<Func<object?>>(Expression.Convert(node, typeof(object))).Compile(preferInterpretation: true)();

    /// <summary>What a member or call gives of an instance, or null where the instance is null.</summary>
    private static Expression Guard(Expression instance, Type declared, Func<Expression, Expression> access)
    {
        var isLifted = Nullable.GetUnderlyingType(instance.Type) is not null && instance.Type != declared;
        if (instance.Type.IsValueType && !isLifted)
        {
            return access(instance);
        }

        var variable = Expression.Variable(instance.Type);
        var value = Lift(access(isLifted ? Expression.Property(variable, "Value") : variable));
        return Expression.Block(
            [variable], Expression.Assign(variable, instance),
            Expression.Condition(Expression.Equal(variable, Expression.Constant(null, instance.Type)), Expression.Default(value.Type), value));
    }

    /// <summary>A call with arguments that may have become null gives null when one is.</summary>
    private static Expression OverLifted(List<Expression> arguments, ReadOnlyCollection<Expression> original, Func<IEnumerable<Expression>, Expression> call, bool isOfText = false)
    {
        var test = arguments.Where((a, i) => a.Type != original[i].Type ? Nullable.GetUnderlyingType(a.Type) is not null : a is BlockExpression && a.Type == typeof(string) && isOfText)
            .Select(a => (Expression)Expression.Equal(a, Expression.Constant(null, a.Type))).Aggregate((Expression?)null, (all, one) => all is null ? one : Expression.OrElse(all, one));
        var result = call(arguments);
        return test is null ? result : Lift(result) is var lifted ? Expression.Condition(test, Expression.Default(lifted.Type), lifted) : result;
    }

    private static Expression Lift(Expression node)
        => node.Type.IsValueType && node.Type != typeof(void) && Nullable.GetUnderlyingType(node.Type) is null
            ? Expression.Convert(node, typeof(Nullable<>).MakeGenericType(node.Type))
            : node;

    private static Expression LiftTo(Expression node, Type other)
        => Nullable.GetUnderlyingType(other) is not null && node.Type.IsValueType ? Lift(node) : node;

    /// <summary>A lifted value where a plain one is needed.</summary>
    private static Expression Coerce(Expression node, Type type)
    {
        if (type.IsAssignableFrom(node.Type) && type.IsValueType == node.Type.IsValueType)
        {
            return node;
        }

        return Nullable.GetUnderlyingType(node.Type) == type && type.IsValueType
            ? Expression.Call(node, "GetValueOrDefault", null)
            : Expression.Convert(node, type);
    }
}
