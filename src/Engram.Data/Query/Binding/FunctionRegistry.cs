using System.Collections.Frozen;
using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding.Functions;

namespace Engram.Data.Query.Binding;

/// <summary>Every function and operator of the dialect; the binder chooses among the overloads of a name.</summary>
/// <remarks>
/// <para>Arguments reach an overload with exactly its parameter types: the binder adds casts. There are no mixed overloads such as integer +
/// bigint or date &lt; timestamp. Names are in lower case.</para>
/// <para>What has no function of its own: COALESCE, CASE, IN, IS NULL, IS DISTINCT FROM, NOT, AND, OR are bound expressions. <c>x LIKE p ESCAPE e</c> is
/// <c>like(x, p, e)</c> (two arguments: escape is <c>\</c>), ILIKE is <c>ilike</c>; <c>extract(f FROM x)</c> is <c>date_part('f', x)</c>;
/// <c>x = ANY (array)</c> is <c>any_equal(x, array)</c>, and <c>x &lt;&gt; ALL (array)</c> is NOT of it; <c>count(*)</c> is <c>count</c> without
/// arguments.</para>
/// <para>A parameter of kind <see cref="TypeKind.Unknown"/> takes a value of any type as it is; beside an array of anything it takes a value of its element's type.</para>
/// <para>Functions that return rows (<see cref="FunctionKind.Table"/>) stand in a list like the others, made by <c>TableFunctions.Of</c>: the factory makes a
/// <see cref="Execution.TableFunction"/>, which is given the arguments and then appends rows. The binder makes them known in FROM, with WITH ORDINALITY, aliases,
/// column definitions and LATERAL, and in select lists.</para>
/// <para>A parameter of kind <see cref="TypeKind.Array"/> takes arrays of <see cref="FunctionOverload.ArrayElement"/>, or of anything when that is Unknown.</para>
/// </remarks>
internal static class FunctionRegistry
{
    private static readonly ImmutableArray<FunctionOverload> Overloads =
    [
        .. ComparisonFunctions.All,
        .. ArithmeticFunctions.All,
        .. DateTimeOperators.All,
        .. VectorFunctions.All,
        .. SparseVectorFunctions.All,
        .. BitFunctions.All,
        .. MathFunctions.All,
        .. DateTimeFunctions.All,
        .. TextFunctions.All,
        .. ConversionFunctions.All,
        .. NumberFunctions.All,
        .. TemplateFunctions.All,
        .. RegexFunctions.All,
        .. ArrayFunctions.All,
        .. JsonFunctions.All,
        .. DotNetFunctions.All,
        .. GeneralFunctions.All,
        .. SequenceFunctions.All,
        .. SessionFunctions.All,
        .. AggregateFunctions.All,
        .. WindowFunctions.All,
        .. TableFunctions.All,
        .. JsonTableFunctions.All,
        .. JsonPathFunctions.All,
        .. StatisticsFunctions.All,
    ];

    private static readonly FrozenDictionary<(string, FunctionKind), ImmutableArray<FunctionOverload>> ByName
        = Overloads.GroupBy(o => (o.Name, o.Kind)).ToFrozenDictionary(g => g.Key, g => g.ToImmutableArray());

    public static IEnumerable<FunctionOverload> All => Overloads;

    /// <summary>The overloads of a name in lower case; empty when there is none.</summary>
    public static ImmutableArray<FunctionOverload> Find(string name, FunctionKind kind)
        => ByName.TryGetValue((name, kind), out var found) ? found : [];
}
