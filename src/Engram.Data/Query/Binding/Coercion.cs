using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Binding;

/// <summary>Turns bound expressions into other types: constants at once, parameters by asking for another type, all else by a cast.</summary>
/// <remarks>A string literal has no type of its own until its place gives it one: it is a constant of type Unknown with a text for value.</remarks>
internal static class Coercion
{
    /// <summary>A string literal or NULL, or a parameter without a type: takes the type of its place.</summary>
    public static bool IsUntyped(BoundExpression expression) => expression.Type.Kind == TypeKind.Unknown;

    /// <summary>What has no type at the end is text.</summary>
    public static BoundExpression Settle(BoundExpression expression) => IsUntyped(expression) ? Convert(expression, DataType.Text, false) : expression;

    /// <summary>Gives the expression a type to which it converts; whether it may is the caller's to know.</summary>
    /// <param name="target">The column that a literal is for, in messages.</param>
    public static BoundExpression Convert(BoundExpression expression, DataType type, bool isExplicit, string? target = null)
    {
        if (expression.Type == type)
        {
            return expression;
        }

        if (expression.Type.Collation != type.Collation)
        {
            var collation = type.Collation;
            var own = expression.Type.Kind == type.Kind ? expression.Type.Collation : Collation.Default;
            return Collations.Relabel(Convert(expression, type with { Collation = own }, isExplicit, target), collation);
        }

        switch (expression)
        {
            case BoundConstant { Value: null }:
                return new BoundConstant(type, null);
            case BoundConstant { Type.Kind: TypeKind.Unknown } literal:
                if (Moment((string)literal.Value!, type) is { } moment)
                {
                    return Convert(moment, type, true);
                }

                var text = new BoundConstant(DataType.Text, literal.Value);
                // A literal is an explicit constant of its type: 'abc'::varchar(2) is cut by a cast alone.
                return type.Kind == TypeKind.Text && type.Size == 0 ? text : Read(new BoundCast(type, text, isExplicit) { Target = target }, literal.Position);
            case BoundConstant { Value: { } value } constant when ConvertNumber(value, type) is { } number:
                return new BoundConstant(type, number);
            case ParameterReference parameter when IsRetypable(parameter.Type, type):
                // The engine converts the caller's value once, exactly; modifiers (lengths, digits, dimensions) are a cast's to check.
                var bare = new DataType(type.Kind, Element: type.Element);
                return Convert(new ParameterReference(bare, parameter.Name), type, isExplicit, isRetyped: true);
            default:
                return new BoundCast(type, expression, isExplicit);
        }
    }

    /// <summary>What 'now', 'today', 'tomorrow' and 'yesterday' stand for as dates and times: the moment of the statement that runs, not of its planning.</summary>
    private static BoundExpression? Moment(string text, DataType type)
    {
        if (type.Kind is not (TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz) || text.Length > 20)
        {
            return null;
        }

        static BoundCall Of(string function) => (BoundCall)ExpressionBinder.CallOf(function, []);
        static BoundExpression Days(string symbol) => ExpressionBinder.Operate(symbol, Of("current_date"), new BoundConstant(DataType.Int32, 1));
        return (text.Trim().ToLowerInvariant(), type.Kind) switch
        {
            ("now", TypeKind.TimestampTz) => Of("now"),
            ("now", TypeKind.Timestamp) => Of("localtimestamp"),
            ("now", TypeKind.Time) => Of("localtime"),
            ("now", _) => Of("current_date"),
            (_, TypeKind.Time) => null,
            ("today", _) => Of("current_date"),
            ("tomorrow", _) => Days("+"),
            ("yesterday", _) => Days("-"),
            _ => null,
        };
    }

    /// <summary>Sees to it that a literal that is no value of its type is refused where it is written, whatever rows there are.</summary>
    private static BoundCast Read(BoundCast cast, int position)
    {
        // Cutting or refusing a longer text is the row's affair.
        if (position < 0 || cast.Type.Kind == TypeKind.Text)
        {
            return cast;
        }

        try
        {
            // Whether the value fits its length is asked when a row needs it, as PostgreSQL does.
            ConstantFolding.Evaluate(cast.Type.Size == 0 ? cast : cast with { Type = new DataType(cast.Type.Kind, Element: cast.Type.Element) });
            return cast;
        }
        catch (EngramException e) when (e.Position == 0)
        {
            throw e.At(position);
        }
    }

    private static BoundExpression Convert(BoundExpression expression, DataType type, bool isExplicit, bool isRetyped)
        => expression.Type == type || !isRetyped ? expression : new BoundCast(type, expression, isExplicit);

    /// <summary>Whether a parameter given as one type may be asked for as another: only where no value changes or is cut.</summary>
    public static bool IsRetypable(DataType given, DataType wanted)
    {
        if (given.Kind == TypeKind.Unknown || given.Kind == wanted.Kind)
        {
            return given.Kind != TypeKind.Array || given.Element == wanted.Element || TypeConversions.IsImplicit(given, wanted);
        }

        return TypeConversions.IsImplicit(given, wanted)
            || (given.Kind, wanted.Kind) is (TypeKind.Text, TypeKind.Json) or (TypeKind.Array, TypeKind.Vector)
            || (given.Kind == TypeKind.Vector && wanted is { Kind: TypeKind.Array, Element: TypeKind.Single or TypeKind.Double });
    }

    /// <summary>A number as a constant of another numeric type, when it is exactly that; null when not, or when it is no number.</summary>
    public static object? ConvertNumber(object value, DataType type)
    {
        // Modifiers check and round: left to the cast.
        if (!type.IsNumeric || type.Size != 0 || value is not (sbyte or short or int or long or byte or ushort or uint or ulong or decimal or float or double))
        {
            return null;
        }

        try
        {
            switch (value)
            {
                case double d:
                    return type.Kind == TypeKind.Double ? d : null;
                case float f:
                    return type.Kind == TypeKind.Double ? (double)f : type.Kind == TypeKind.Single ? f : null;
                case decimal m when type.IsInteger && m != decimal.Truncate(m):
                    return null;
            }

            var number = System.Convert.ToDecimal(value, System.Globalization.CultureInfo.InvariantCulture);
            return type.Kind switch
            {
                TypeKind.Int8 => (sbyte)number,
                TypeKind.Int16 => (short)number,
                TypeKind.Int32 => (int)number,
                TypeKind.Int64 => (long)number,
                TypeKind.UInt8 => (byte)number,
                TypeKind.UInt16 => (ushort)number,
                TypeKind.UInt32 => (uint)number,
                TypeKind.UInt64 => (ulong)number,
                // Through text: decimal's own conversions round twice.
                TypeKind.Single => float.Parse(Text(number), System.Globalization.CultureInfo.InvariantCulture),
                TypeKind.Double => double.Parse(Text(number), System.Globalization.CultureInfo.InvariantCulture),
                _ => number,
            };
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>What it costs to use an expression as an argument of a type; <see cref="TypeConversions.Impossible"/> when it cannot be.</summary>
    /// <param name="other">The type of the other operand of an operator; Unknown when there is none.</param>
    /// <param name="isComparison">In comparisons a literal takes the other side's type where it is exactly a value of it.</param>
    public static int Cost(BoundExpression expression, TypeKind to, TypeKind element, TypeKind other, bool isComparison)
    {
        var from = expression.Type;
        if (to == TypeKind.Unknown)
        {
            // Whatever knows the type is better than what takes any.
            return 3;
        }

        if (from.Kind == TypeKind.Unknown)
        {
            // As in PostgreSQL, text is preferred among what an untyped literal might be; and what is rarely meant comes last.
            return to == TypeKind.Text ? 1 : to is TypeKind.SparseVector or TypeKind.Bit ? 3 : 2;
        }

        if (to == TypeKind.Array)
        {
            return ArrayCost(expression, element);
        }

        if (from.Kind == to)
        {
            return 0;
        }

        if (expression is BoundConstant { Value: { } value } && from.IsNumeric && IsLiteralOf(value, to, other, isComparison))
        {
            return 1;
        }

        if (expression is ParameterReference && IsRetypable(from, new DataType(to)))
        {
            return Math.Min(TypeConversions.ImplicitCost(from.Kind, to), 500);
        }

        return TypeConversions.ImplicitCost(from.Kind, to);
    }

    private static int ArrayCost(BoundExpression expression, TypeKind element)
    {
        var from = expression.Type;
        if (from.Kind == TypeKind.Vector && expression is ParameterReference)
        {
            // A float[] arrives as a vector; where an array is wanted, it is one.
            return element is TypeKind.Single or TypeKind.Unknown ? 5 : element == TypeKind.Double ? 25 : TypeConversions.Impossible;
        }

        return from.Kind != TypeKind.Array ? TypeConversions.Impossible
            : element == TypeKind.Unknown ? 0 : TypeConversions.ImplicitCost(from.Element, element);
    }

    /// <summary>Whether a numeric literal may be taken for a constant of a type that it would not convert to as a value.</summary>
    private static bool IsLiteralOf(object value, TypeKind to, TypeKind other, bool isComparison)
    {
        var type = new DataType(to);
        if (!type.IsNumeric || ConvertNumber(value, type) is not { } converted)
        {
            return false;
        }

        if (value is int or long)
        {
            // Arithmetic keeps PostgreSQL's types for the signed; beside an unsigned number, a literal must not lead to numeric.
            return isComparison ? type.IsInteger || IsExactly(value, converted) : to == other && to is TypeKind.UInt32 or TypeKind.UInt64;
        }

        return isComparison && value is decimal && to == TypeKind.Single && IsExactly(value, converted);
    }

    /// <summary>Whether a number survives as a float: only then is comparing as real the same as comparing as double precision.</summary>
    private static bool IsExactly(object value, object converted) => converted switch
    {
        float f => (double)f == (double)ConvertNumber(value, DataType.Double)!,
        double => false,
        _ => true,
    };

    private static string Text(decimal number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static ImmutableArray<BoundExpression> ConvertAll(ImmutableArray<BoundExpression> expressions, DataType type)
        => ImmutableArray.CreateRange(expressions, e => Convert(e, type, false));
}
