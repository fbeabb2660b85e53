using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>Finds what the names of an expression mean, which types it has, and which functions it calls.</summary>
/// <param name="statement">Shared by all binders of the statement.</param>
/// <param name="scope">The columns in reach; null for none (defaults, LIMIT).</param>
/// <param name="clause">Where the expression stands, for messages: "WHERE".</param>
internal sealed partial class ExpressionBinder(StatementScope statement, Scope? scope, string clause)
{
    /// <summary>Where aggregate calls go; null where they cannot stand.</summary>
    public AggregateCollector? Aggregates { get; init; }

    /// <summary>Where calls with OVER go; null where they cannot stand.</summary>
    public WindowCollector? Windows { get; init; }

    /// <summary>Where functions that return rows go; null where they cannot stand.</summary>
    public TableFunctionCollector? TableFunctions { get; init; }

    /// <summary>Binds an expression; a string literal or bare parameter may still have the type Unknown.</summary>
    public BoundExpression Bind(ExpressionSyntax syntax)
    {
        Recursion.Check(syntax.Position);
        return syntax switch
        {
            NullLiteralSyntax => new BoundConstant(DataType.Unknown, null),
            BooleanLiteralSyntax s => new BoundConstant(DataType.Boolean, s.Value),
            IntegerLiteralSyntax s => Integer(s.Value),
            NumberLiteralSyntax s => Number(s.Text, s.Position),
            StringLiteralSyntax s => new BoundConstant(DataType.Unknown, Checked(s.Value, s.Position)) { Position = s.Position },
            TypedLiteralSyntax s => BindTypedLiteral(s),
            BitLiteralSyntax s => new BoundCast(s.Bits.Length == 0 ? DataType.VaryingBits() : new DataType(TypeKind.Bit, s.Bits.Length), new BoundConstant(DataType.Text, s.Bits), true),
            ParameterSyntax s => new ParameterReference(statement.ParameterType(s.Name, s.Position), s.Name),
            ColumnReferenceSyntax s => BindColumn(s),
            UnarySyntax s => BindUnary(s),
            BinarySyntax s => BindBinary(s),
            LogicalSyntax s => new BoundLogical(s.IsAnd, [.. s.Operands.Select(o => BindCondition(o, s.IsAnd ? "an operand of AND" : "an operand of OR"))]),
            NotSyntax s => new BoundNot(BindCondition(s.Operand, "the operand of NOT")),
            IsSyntax s => BindIs(s),
            IsDistinctFromSyntax s => BindIsDistinct(s),
            LikeSyntax s => BindLike(s),
            BetweenSyntax s => BindBetween(s),
            InListSyntax s => BindInList(s),
            InSubquerySyntax s => BindInSubquery(s.Operand, s.Query, s.IsNegated, s.ErrorPosition),
            QuantifiedSyntax s => BindQuantified(s),
            ExistsSyntax s => new LogicalSubquery(DataType.Boolean, SubqueryKind.Exists, BindSubquery(s.Query).Plan, null, false),
            ScalarSubquerySyntax s => BindScalarSubquery(s),
            ArraySubquerySyntax s => BindArraySubquery(s),
            ArraySyntax s => BindArray(s),
            CastSyntax s => BindCast(s),
            CollateSyntax s => BindCollate(s),
            AtTimeZoneSyntax s => Call("timezone", [Bind(s.Zone), Bind(s.Operand)], s.Position),
            CaseSyntax s => BindCase(s),
            FunctionCallSyntax s => BindCall(s),
            DefaultSyntax s => throw Error.SyntaxRule("DEFAULT stands alone, in VALUES of INSERT or after SET.", s.Position),
            StarSyntax s => throw Error.SyntaxRule("* stands in a select list, in RETURNING or in count(*).", s.Position),
            RowSyntax s => throw Error.NotSupported("A row as a value (compare rows with =, <, IN)", s.Position + 1),
            SubscriptSyntax s => BindSubscript(s),
            _ => throw Error.NotSupported($"This expression ({syntax.GetType().Name.Replace("Syntax", "", StringComparison.Ordinal)})", syntax.Position + 1),
        };
    }

    /// <summary>Binds an expression that has a type for sure: untyped literals become text.</summary>
    public BoundExpression BindValue(ExpressionSyntax syntax) => Coercion.Settle(Bind(syntax));

    /// <summary>Binds a condition: boolean, or a literal that can be read as one.</summary>
    public BoundExpression BindCondition(ExpressionSyntax syntax, string what)
        => ToBoolean(Bind(syntax), what, syntax.Position);

    /// <summary>Binds an expression and converts it to a type that its place asks for, without a cast being written.</summary>
    public BoundExpression BindAs(ExpressionSyntax syntax, DataType type, string what)
    {
        var bound = Bind(syntax);
        return CanBecome(bound, type) ? Coercion.Convert(bound, type, false) : throw Error.DatatypeMismatch(what, type.ToString(), bound.Type.ToString(), syntax.Position);
    }

    public static BoundExpression ToBoolean(BoundExpression bound, string what, int position)
    {
        if (Coercion.IsUntyped(bound))
        {
            return Coercion.Convert(bound, DataType.Boolean, false);
        }

        return bound.Type.Kind == TypeKind.Boolean ? bound : throw Error.DatatypeMismatch(what, "boolean", bound.Type.ToString(), position);
    }

    private static bool CanBecome(BoundExpression bound, DataType type)
        => Coercion.IsUntyped(bound) || TypeConversions.IsImplicit(bound.Type, type) || (bound is ParameterReference && Coercion.IsRetypable(bound.Type, type))
            || (bound is BoundConstant { Value: { } value } && Coercion.ConvertNumber(value, type) != null);

    private static BoundConstant Integer(long value)
        => value is >= int.MinValue and <= int.MaxValue ? new BoundConstant(DataType.Int32, (int)value) : new BoundConstant(DataType.Int64, value);

    /// <summary>A number with a point is numeric, as in PostgreSQL, when decimal holds it exactly; else double precision.</summary>
    private static BoundConstant Number(string text, int position)
    {
        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var integer))
        {
            return new BoundConstant(DataType.Decimal, (decimal)integer);
        }

        var significant = text.AsSpan(0, text.AsSpan().IndexOfAny('e', 'E') is >= 0 and var exponent ? exponent : text.Length).TrimStart("0.");
        const int DigitsMax = 29;
        if (significant.Length <= DigitsMax && decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out var number)
            && (number != 0 || significant.IsEmpty))
        {
            return new BoundConstant(DataType.Decimal, number);
        }

        return double.TryParse(text, Style, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? new BoundConstant(DataType.Double, value)
            : throw Error.SyntaxRule("this number is beyond double precision.", position);
    }

    /// <summary>Lone surrogates have no UTF-8, so no text of the database holds one.</summary>
    private static string Checked(string text, int position) => Parser.FindLoneSurrogate(text) < 0 ? text : throw Error.LoneSurrogateInLiteral(position);

    private static BoundExpression BindTypedLiteral(TypedLiteralSyntax syntax)
    {
        var type = TypeNames.Resolve(syntax.Type);
        if (syntax.IntervalUnit is not { } unit)
        {
            return Coercion.Convert(new BoundConstant(DataType.Unknown, Checked(syntax.Value, syntax.Position)) { Position = syntax.ErrorPosition }, type, true);
        }

        var unitTicks = unit switch
        {
            Keyword.Day => TimeSpan.TicksPerDay,
            Keyword.Hour => TimeSpan.TicksPerHour,
            Keyword.Minute => TimeSpan.TicksPerMinute,
            _ => TimeSpan.TicksPerSecond,
        };
        var step = 1L;
        for (var digits = syntax.SecondDigits ?? 7; digits < 7; digits++)
        {
            step *= 10;
        }

        return IntervalText.TryParse(syntax.Value, unitTicks, syntax.IsMinuteToSecond, step, out var ticks)
            ? new BoundConstant(type, new TimeSpan(ticks))
            : throw Error.InvalidText("interval", syntax.Value).At(syntax.ErrorPosition);
    }

    private BoundColumn BindColumn(ColumnReferenceSyntax syntax)
        => scope == null
            ? throw Error.InvalidReference($"A column cannot be named in {clause}.", syntax.Position)
            : scope.Find(syntax).Reference;

    private BoundExpression BindCast(CastSyntax syntax)
    {
        var (operand, type) = (syntax.Operand, TypeNames.Resolve(syntax.Type));
        if (operand is ArraySyntax { Items.Count: 0 } && type.Kind == TypeKind.Array)
        {
            return ArrayConstant(type.Element, []);
        }

        var bound = Bind(operand);
        if (!Coercion.IsUntyped(bound) && !TypeConversions.IsExplicit(bound.Type, type) && !(bound is ParameterReference && Coercion.IsRetypable(bound.Type, type)))
        {
            throw Error.CannotCast(bound.Type.ToString(), type.ToString(), syntax.ErrorPosition);
        }

        // A cast between texts keeps the collation.
        return Coercion.Convert(bound, bound.Type.Kind == type.Kind ? type with { Collation = bound.Type.Collation } : type, true);
    }

    private BoundExpression BindCollate(CollateSyntax syntax)
    {
        var value = BindValue(syntax.Operand);
        return value.Type is { Kind: TypeKind.Text } or { Kind: TypeKind.Array, Element: TypeKind.Text }
            ? Collations.Collate(value, FindCollation(syntax.Collation, syntax.ErrorPosition))
            : throw Error.NotCollatable(value.Type.ToString(), syntax.ErrorPosition);
    }

    /// <summary>The collation of a name.</summary>
    public static Collation FindCollation(ObjectNameSyntax name, int? position = null)
        => (name.Schema is null || NameMatch.Fold(name.Schema) is "pg_catalog" ? CollationNames.Find(NameMatch.Fold(name.Name)) : null)
            ?? throw Error.UndefinedCollation(name.ToString(), position ?? name.Position);

    private BoundCase BindCase(CaseSyntax syntax)
    {
        if (TableFunctions != null)
        {
            // Which branch is taken would have to change how many rows there are.
            return new ExpressionBinder(statement, scope, "CASE") { Aggregates = Aggregates, Windows = Windows }.BindCase(syntax);
        }

        var operand = syntax.Operand == null ? null : Bind(syntax.Operand);
        var conditions = new List<BoundExpression>();
        var results = new List<(BoundExpression Value, int Position)>();
        foreach (var when in syntax.Whens)
        {
            conditions.Add(operand == null
                ? BindCondition(when.Condition, "a condition of CASE")
                : Compare("=", operand, Bind(when.Condition), when.Position));
            results.Add((Bind(when.Result), when.Result.Position));
        }

        results.Add(syntax.Else == null ? (new BoundConstant(DataType.Unknown, null), syntax.Position) : (Bind(syntax.Else), syntax.Else.Position));
        var values = Unify(results, "CASE");
        return new BoundCase(values[0].Type, [.. conditions.Zip(values)], values[^1]);
    }

    /// <summary>Converts values that stand for one another to their common type.</summary>
    public static ImmutableArray<BoundExpression> Unify(IReadOnlyList<(BoundExpression Value, int Position)> values, string what)
    {
        var type = CommonType(values, what);
        if (type.Kind is TypeKind.Text or TypeKind.Array)
        {
            type = type with { Collation = Collations.Of(values.Select(v => v.Value), values[0].Position) };
        }

        return [.. values.Select(v => Coercion.Convert(v.Value, type, false))];
    }

    private static DataType CommonType(IReadOnlyList<(BoundExpression Value, int Position)> values, string what)
    {
        var type = DataType.Unknown;
        foreach (var (value, position) in values)
        {
            if (Coercion.IsUntyped(value))
            {
                continue;
            }

            var common = TypeConversions.Common(type, value.Type);
            type = common.Kind != TypeKind.Unknown ? common : throw Error.NoCommonType(what, type.ToString(), value.Type.ToString(), position);
        }

        // NULL fits into varchar(n); a literal beside it may be longer.
        var hasLiteral = values.Any(v => Coercion.IsUntyped(v.Value) && v.Value is not BoundConstant { Value: null });
        return type.Kind == TypeKind.Unknown ? DataType.Text : hasLiteral ? TypeConversions.BesideLiterals(type) : type;
    }

    private BoundExpression BindArray(ArraySyntax syntax)
    {
        if (syntax.Items.Count == 0)
        {
            throw Error.SyntaxRule("an empty array needs its type: ARRAY[]::integer[].", syntax.Position);
        }

        var items = Unify([.. syntax.Items.Select(i => (Bind(i), i.Position))], "ARRAY");
        var element = items[0].Type.Kind;
        if (items.All(i => i is BoundConstant))
        {
            return ArrayConstant(element, [.. items.Select(i => ((BoundConstant)i).Value)]);
        }

        // ARRAY[@a, @b] and the like: a function over any number of arguments.
        return FunctionRegistry.Find("array", FunctionKind.Scalar).Length > 0
            ? Call("array", items, syntax.Position)
            : throw Error.NotSupported("ARRAY of values that are not constants (pass the array as one parameter)", syntax.Position + 1);
    }

    private static BoundConstant ArrayConstant(TypeKind element, object?[] values)
    {
        if (element is TypeKind.Array or TypeKind.Unknown)
        {
            throw Error.NotSupported("An array of more than one dimension");
        }

        // Nullable and other element types alike: an array of objects in canonical form.
        return new BoundConstant(DataType.ArrayOf(element), values);
    }

    private BoundExpression BindSubscript(SubscriptSyntax syntax)
    {
        var operand = Bind(syntax.Operand);
        if (syntax.IsSlice)
        {
            if (operand.Type.Kind is TypeKind.Vector or TypeKind.HalfVector)
            {
                throw Error.NotSupported("A slice of a vector (write subvector(v, first, count))", syntax.Position + 1);
            }

            var first = syntax.Index == null ? new BoundConstant(DataType.Int32, 1) : BindPlace(syntax.Index);
            var last = syntax.Upper == null ? new BoundConstant(DataType.Int32, int.MaxValue) : BindPlace(syntax.Upper);
            return Call("array_slice", [operand, first, last], syntax.Position);
        }

        // j['a'][0] of json is j -> 'a' -> 0.
        return operand.Type.Kind == TypeKind.Json
            ? Call("->", [operand, Bind(syntax.Index)], syntax.Position)
            : Call("array_element", [operand, BindPlace(syntax.Index)], syntax.Position);
    }

    /// <summary>Places are integers: other numbers become such as they do in an assignment.</summary>
    private BoundExpression BindPlace(ExpressionSyntax syntax)
    {
        var place = Bind(syntax);
        return place.Type.Kind is TypeKind.Int64 or TypeKind.Decimal or TypeKind.Single or TypeKind.Double ? Coercion.Convert(place, DataType.Int32, false) : place;
    }

    private BoundQuery BindSubquery(QuerySyntax query) => new QueryBinder(statement).Bind(query, scope, scope?.CommonTables);

    private LogicalSubquery BindScalarSubquery(ScalarSubquerySyntax syntax)
    {
        var query = BindSubquery(syntax.Query);
        CheckOneColumn(query, "A subquery that stands for a value", syntax.Position);
        return new LogicalSubquery(query.Columns[0].Type, SubqueryKind.Scalar, query.Plan, null, false);
    }

    /// <summary>One column of a query that gives the values of several; it runs once for each of them.</summary>
    public LogicalSubquery BindColumnOf(ScalarSubquerySyntax syntax, int ordinal, int count)
    {
        var query = BindSubquery(syntax.Query);
        if (query.Columns.Length != count)
        {
            throw Error.ColumnCount("A query that several columns are set from", count, query.Columns.Length, syntax.Position);
        }

        var column = query.Columns[ordinal];
        var plan = new LogicalProject(query.Plan, [statement.NewColumn(column, column.Name)], [column.Reference]);
        return new LogicalSubquery(column.Type, SubqueryKind.Scalar, plan, null, false);
    }

    private LogicalSubquery BindArraySubquery(ArraySubquerySyntax syntax)
    {
        var query = BindSubquery(syntax.Query);
        CheckOneColumn(query, "A query in ARRAY(…)", syntax.Position);
        return new LogicalSubquery(DataType.ArrayOf(query.Columns[0].Type.Kind) with { Collation = query.Columns[0].Type.Collation }, SubqueryKind.Array, query.Plan, null, false);
    }

    private static void CheckOneColumn(BoundQuery query, string what, int position)
    {
        if (query.Columns.Length != 1)
        {
            throw Error.ColumnCount(what, 1, query.Columns.Length, position);
        }
    }

    private BoundExpression BindInSubquery(ExpressionSyntax operand, QuerySyntax syntax, bool isNegated, int position)
    {
        if (operand is RowSyntax row)
        {
            return BindRowIn(row, syntax, isNegated, position);
        }

        var left = Bind(operand);
        var query = BindSubquery(syntax);
        CheckOneColumn(query, "A query after IN", position);

        // Both sides in the type in which "=" compares them; the query gets a projection when its column has another.
        var equals = (BoundCall)Compare("=", left, query.Columns[0].Reference, position);
        var plan = query.Plan;
        if (equals.Arguments[1] is not BoundColumn)
        {
            plan = new LogicalProject(plan, [statement.NewColumn(query.Columns[0].Name, equals.Arguments[1].Type)], [equals.Arguments[1]]);
        }

        return new LogicalSubquery(DataType.Boolean, SubqueryKind.In, plan, equals.Arguments[0], isNegated);
    }
}
