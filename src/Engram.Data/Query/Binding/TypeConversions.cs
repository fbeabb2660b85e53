using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Binding;

/// <summary>Which types turn into which: by themselves, in an assignment, and when a cast is written.</summary>
/// <remarks>
/// Costs decide between overloads: the least sum wins. They follow PostgreSQL's preference among numbers (integers to wider integers, then to
/// numeric, then to double precision; real with anything else computes in double precision), extended by the unsigned integers.
/// </remarks>
internal static class TypeConversions
{
    /// <summary>More than any sum of costs: no implicit conversion.</summary>
    public const int Impossible = 1_000_000;

    private const int ToDecimal = 100;
    private const int ToDouble = 120;
    private const int ToSingle = 300;

    /// <summary>What it costs to convert without being asked; 0 for the same kind.</summary>
    public static int ImplicitCost(TypeKind from, TypeKind to)
    {
        if (from == to)
        {
            return 0;
        }

        if (IsInteger(from))
        {
            return to switch
            {
                TypeKind.Decimal => ToDecimal,
                TypeKind.Double => ToDouble,
                TypeKind.Single => ToSingle,
                _ when IsInteger(to) && Contains(to, from) => WideningCost(from, to),
                _ => Impossible,
            };
        }

        return (from, to) switch
        {
            (TypeKind.Decimal, TypeKind.Double) => 50,
            (TypeKind.Decimal, TypeKind.Single) => ToSingle,
            (TypeKind.Single, TypeKind.Double) => 20,
            (TypeKind.Date, TypeKind.Timestamp) => 10,
            (TypeKind.Date, TypeKind.TimestampTz) => 20,
            (TypeKind.Timestamp, TypeKind.TimestampTz) => 15,
            (TypeKind.HalfVector, TypeKind.Vector) => 10,
            (TypeKind.Vector, TypeKind.SparseVector) => 20,
            (TypeKind.HalfVector, TypeKind.SparseVector) => 30,
            _ => Impossible,
        };
    }

    public static bool IsImplicit(DataType from, DataType to)
        => from.Kind == TypeKind.Array && to.Kind == TypeKind.Array
            ? from.Element == to.Element || ImplicitCost(from.Element, to.Element) < Impossible
            : ImplicitCost(from.Kind, to.Kind) < Impossible;

    /// <summary>Whether a value may be stored in a column of another type without a cast being written. Values that do not fit are errors when they are met.</summary>
    public static bool IsAssignable(DataType from, DataType to)
    {
        if (IsImplicit(from, to) || (to.Kind == TypeKind.Text && CastFactory.Exists(from, to)))
        {
            return true;
        }

        var isKin = (from.IsNumeric && to.IsNumeric) || (IsDateOrTime(from.Kind) && IsDateOrTime(to.Kind))
            || (from.Kind, to.Kind) is (TypeKind.Text, TypeKind.Json) or (TypeKind.Array, TypeKind.Vector or TypeKind.HalfVector or TypeKind.SparseVector)
                or (TypeKind.Vector, TypeKind.Array or TypeKind.HalfVector) or (TypeKind.HalfVector, TypeKind.Array)
                or (TypeKind.SparseVector, TypeKind.Vector or TypeKind.HalfVector);
        return isKin && CastFactory.Exists(from, to);
    }

    /// <summary>Whether CAST leads from one type to the other.</summary>
    public static bool IsExplicit(DataType from, DataType to) => CastFactory.Exists(from, to);

    /// <summary>The type that both turn into by themselves, for CASE, UNION and VALUES; Unknown when there is none.</summary>
    public static DataType Common(DataType a, DataType b)
    {
        if (a.Collation != b.Collation && a.Kind != TypeKind.Unknown && b.Kind != TypeKind.Unknown)
        {
            var collation = Collations.Merge(a.Collation, b.Collation);
            (a, b) = (a with { Collation = collation }, b with { Collation = collation });
        }

        if (a == b || b.Kind == TypeKind.Unknown)
        {
            return a;
        }

        if (a.Kind == TypeKind.Unknown)
        {
            return b;
        }

        if (a.Kind == b.Kind)
        {
            // Different modifiers: what holds both is the type without them.
            return a.Kind == TypeKind.Array && a.Element != b.Element ? CommonArray(a, b) : Bare(a);
        }

        var best = (Cost: Impossible, Kind: TypeKind.Unknown);
        foreach (var kind in CandidateKinds)
        {
            var cost = ImplicitCost(a.Kind, kind) + ImplicitCost(b.Kind, kind);
            if (cost < best.Cost)
            {
                best = (cost, kind);
            }
        }

        return best.Kind == a.Kind ? Bare(a) : best.Kind == b.Kind ? Bare(b) : new DataType(best.Kind);
    }

    /// <summary>The type that literals without a type take beside values of one: any length, any digits.</summary>
    public static DataType BesideLiterals(DataType type) => type.Kind is TypeKind.Text or TypeKind.Decimal or TypeKind.Bit ? Bare(type) : type;

    private static readonly TypeKind[] CandidateKinds =
    [
        TypeKind.Int8, TypeKind.Int16, TypeKind.Int32, TypeKind.Int64, TypeKind.UInt8, TypeKind.UInt16, TypeKind.UInt32, TypeKind.UInt64,
        TypeKind.Decimal, TypeKind.Single, TypeKind.Double, TypeKind.Timestamp, TypeKind.TimestampTz, TypeKind.Vector, TypeKind.SparseVector,
    ];

    private static DataType Bare(DataType type) => new(type.Kind, Element: type.Element) { Collation = type.Collation };

    private static DataType CommonArray(DataType a, DataType b)
    {
        var element = Common(new DataType(a.Element), new DataType(b.Element));
        return element.Kind == TypeKind.Unknown ? DataType.Unknown : DataType.ArrayOf(element.Kind) with { Collation = a.Collation };
    }

    public static bool IsInteger(TypeKind kind) => kind is >= TypeKind.Int8 and <= TypeKind.UInt64;

    private static bool IsDateOrTime(TypeKind kind) => kind is TypeKind.Date or TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz;

    private static bool IsSigned(TypeKind kind) => kind is >= TypeKind.Int8 and <= TypeKind.Int64;

    /// <summary>8 to 64.</summary>
    public static int Bits(TypeKind kind) => 8 << ((int)kind - (int)(IsSigned(kind) ? TypeKind.Int8 : TypeKind.UInt8));

    /// <summary>Whether every value of one integer type is one of the other.</summary>
    private static bool Contains(TypeKind outer, TypeKind inner)
        => IsSigned(outer) ? (IsSigned(inner) ? Bits(outer) >= Bits(inner) : Bits(outer) > Bits(inner)) : !IsSigned(inner) && Bits(outer) >= Bits(inner);

    private static int WideningCost(TypeKind from, TypeKind to)
        => (10 * (System.Numerics.BitOperations.Log2((uint)Bits(to)) - System.Numerics.BitOperations.Log2((uint)Bits(from)))) + (IsSigned(from) == IsSigned(to) ? 0 : 5);
}
