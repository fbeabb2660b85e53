using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>Calls, and the choice among the overloads of a name.</summary>
internal sealed partial class ExpressionBinder
{
    private BoundExpression BindCall(FunctionCallSyntax syntax)
    {
        var name = NameMatch.Fold(syntax.Name.Name);
        if (syntax.Name.Schema is { } schema && NameMatch.Fold(schema) is not ("pg_catalog" or "public"))
        {
            throw Error.UndefinedFunction($"{syntax.Name}(…)", null, syntax.Position);
        }

        syntax = NamedArguments.InOrder(name, syntax);
        if (syntax.WithinGroup.Count > 0 && syntax.Over == null && IsHypothetical(name))
        {
            return BindOverOrder(name, syntax);
        }

        if (syntax.Over != null || FunctionRegistry.Find(name, FunctionKind.Window).Length > 0)
        {
            return BindWindow(name, syntax);
        }

        if (name == "merge_action" && syntax is { Name.Schema: null, Arguments.Count: 0 })
        {
            var around = scope;
            while (around is { MergeAction: null })
            {
                around = around.Outer;
            }

            return around?.MergeAction?.Reference ?? throw Error.WrongKindOfFunction("merge_action() says in RETURNING of MERGE what was done to a row. It has no meaning elsewhere.", syntax.Position);
        }

        if (name == "grouping" && syntax.Name.Schema == null)
        {
            return BindGrouping(syntax);
        }

        if (syntax.Arguments is [var whole] && name is "row_to_json" or "to_json" or "to_jsonb" or "json_agg" or "jsonb_agg" && WholeRow(whole) is { } record)
        {
            if (name == "row_to_json")
            {
                return Bind(record);
            }

            syntax = syntax with { Arguments = [record] };
        }

        if (FunctionRegistry.Find(name, FunctionKind.Aggregate).Length > 0)
        {
            return BindAggregate(name, syntax);
        }

        if (IsTableFunction(name))
        {
            return TableFunctions == null
                ? throw Error.NotSupported($"{name}, which returns rows, in {clause} (put it into FROM)", syntax.Position + 1)
                : TableFunctions.Add(BindTableCall(syntax), syntax.Position);
        }

        if (syntax.IsStar || syntax.IsDistinct || syntax.Filter != null || syntax.OrderBy.Count > 0 || syntax.WithinGroup.Count > 0)
        {
            throw Error.UndefinedFunction($"the aggregate {name}(…)", Similar(name, FunctionKind.Aggregate), syntax.Position);
        }

        var arguments = syntax.Arguments;
        switch (name)
        {
            case "coalesce":
                var inner = TableFunctions == null ? this : new ExpressionBinder(statement, scope, "COALESCE") { Aggregates = Aggregates, Windows = Windows };
                var operands = Unify([.. arguments.Select(a => (inner.Bind(a), a.Position))], "COALESCE");
                return operands.Length == 1 ? operands[0] : new BoundCoalesce(operands[0].Type, operands);
            case "greatest" or "least":
                return Call(name, Unify([.. arguments.Select(a => (Bind(a), a.Position))], name.ToUpperInvariant()), syntax.Position);
            case "extract" when arguments.Count == 2:
                return Call("date_part", [Bind(arguments[0]), Bind(arguments[1])], syntax.Position);
            case "position" when arguments.Count == 2:
                return Call("strpos", [Bind(arguments[1]), Bind(arguments[0])], syntax.Position);
            case "normalize" or "is_normalized" when arguments is [var normalized, ColumnReferenceSyntax { Table: null } form] && form.Column.Text.ToUpperInvariant() is "NFC" or "NFD" or "NFKC" or "NFKD":
                // The form is a word of its own in SQL, not a column.
                return Call(name, [Bind(normalized), new BoundConstant(DataType.Text, form.Column.Text)], syntax.Position);
            case "concat":
                // Any types; NULL counts as nothing.
                return Call("concat", [.. arguments.Select(a => AsText(Bind(a)))], syntax.Position);
            case "concat_ws":
                return Call("concat_ws", [.. arguments.Select(a => AsText(Bind(a)))], syntax.Position);
            case "pg_typeof" when arguments.Count == 1:
                return new BoundConstant(DataType.Text, TypeNames.Standard(Bind(arguments[0]).Type));
            case "current_schema" when arguments.Count == 0:
                // Plans are kept by the path that they were made along.
                return new BoundConstant(DataType.Text, statement.Catalog.SearchPath.FirstOrDefault(s => !s.StartsWith(DatabaseCatalog.TemporaryPrefix, StringComparison.Ordinal) && statement.Catalog.Schemas.Contains(s)));
            case "overlaps" when arguments.Count == 4:
                return BindOverlaps([.. arguments.Select(Bind)], syntax.Position);
            case "current_timestamp" or "localtimestamp" or "current_time" or "localtime":
                // A number of digits means nothing: values are kept to 100 ns.
                return Call(name, [], syntax.Position);
        }

        return Call(name, [.. arguments.Select(Bind)], syntax.Position);
    }

    /// <summary>Periods may end with a length: it is added to where they start.</summary>
    private static BoundExpression BindOverlaps(BoundExpression[] moments, int position)
    {
        foreach (var end in (ReadOnlySpan<int>)[1, 3])
        {
            if (moments[end].Type.Kind == TypeKind.Interval)
            {
                moments[end] = Operate("+", moments[end - 1], moments[end]);
            }
        }

        return Call("overlaps", Unify([.. moments.Select(m => (m, position))], "OVERLAPS"), position);
    }

    /// <summary>The name of a table in the place of a value, or ROW(…): the json object of its columns. Null for anything else.</summary>
    private ExpressionSyntax? WholeRow(ExpressionSyntax argument)
    {
        ExpressionSyntax Object(IEnumerable<(string Name, ExpressionSyntax Value)> members)
        {
            var name = new ObjectNameSyntax(argument.Span, null, new IdentifierSyntax(argument.Span, "jsonb_build_object", true));
            return new FunctionCallSyntax(argument.Span, name, [.. members.SelectMany(m => new[] { new StringLiteralSyntax(argument.Span, m.Name), m.Value })]);
        }

        if (argument is RowSyntax row)
        {
            return Object(row.Items.Select((item, i) => ($"f{i + 1}", item)));
        }

        if (argument is not ColumnReferenceSyntax { Table: null } reference)
        {
            return null;
        }

        var known = new ObjectNameSyntax(reference.Span, null, reference.Column);
        for (var at = scope; at is not null && !at.Contains(reference); at = at.Outer)
        {
            if (at.FindTables(known) is not [var table])
            {
                continue;
            }

            ExpressionSyntax Member(string name)
                => new ColumnReferenceSyntax(reference.Span, new ObjectNameSyntax(reference.Span, null, new IdentifierSyntax(reference.Span, table.Name!, true)), new IdentifierSyntax(reference.Span, name, true));
            var whole = Object(table.Columns.Select(c => (c.Name, Member(c.Name))));
            if (at.Tables.Count == 1)
            {
                return whole;
            }

            // Where an outer join found no row, the row is NULL, and not a row of NULLs: a column tells that is never NULL itself.
            return table.Columns.FirstOrDefault(c => c.Column.Definition is { IsNotNull: true }) is { } sure
                ? new CaseSyntax(reference.Span, null, [new WhenSyntax(reference.Span, new IsSyntax(reference.Span, Member(sure.Name), TruthTest.Null, true), whole)], null)
                : throw Error.NotSupported($"The row of '{table.Name}' as a value beside other tables, where none of its columns is NOT NULL (name its columns in jsonb_build_object),", reference.Position + 1);
        }

        return null;
    }

    /// <summary>Whether a name in lower case is that of a function that returns rows.</summary>
    public static bool IsTableFunction(string name) => FunctionRegistry.Find(name, FunctionKind.Table).Length > 0;

    /// <summary>Binds the call of a function that returns rows. Functions of records come without their columns.</summary>
    public TableFunctionCall BindTableCall(FunctionCallSyntax syntax)
    {
        var name = NameMatch.Fold(syntax.Name.Name);
        syntax = NamedArguments.InOrder(name, syntax);
        if (syntax.IsStar || syntax.IsDistinct || syntax.Filter != null || syntax.OrderBy.Count > 0 || syntax.WithinGroup.Count > 0 || syntax.Over != null)
        {
            throw Error.SyntaxRule($"{name} is no aggregate: DISTINCT, ORDER BY, FILTER and OVER mean nothing here.", syntax.Position);
        }

        var resolved = Resolve(name, FunctionKind.Table, [.. syntax.Arguments.Select(Bind)], syntax.Position, isOperator: false);
        ImmutableArray<DataType> types = ImmutableArray.CreateRange(resolved.Arguments, a => a.Type);
        var columns = resolved.Function.TakesColumnDefinitions ? [] : resolved.Function.Columns?.Invoke(types) ?? [new TableFunctionColumn(name, resolved.Type)];
        return new TableFunctionCall(resolved.Function, resolved.Arguments, columns);
    }

    private static BoundExpression AsText(BoundExpression value)
        => Coercion.IsUntyped(value) || value.Type.Kind == TypeKind.Text ? Coercion.Settle(value) : new BoundCast(DataType.Text, value, true);

    private static BoundExpression Call(string name, IReadOnlyList<BoundExpression> arguments, int position)
        => Resolve(name, FunctionKind.Scalar, [.. arguments], position, isOperator: false).Expression;

    private BoundExpression BindAggregate(string name, FunctionCallSyntax syntax)
    {
        if (syntax.WithinGroup.Count > 0 || IsOverOrder(name))
        {
            return BindOverOrder(name, syntax);
        }

        if (syntax.IsStar && name != "count")
        {
            throw Error.SyntaxRule($"{name}(*) means nothing; * stands in count(*).", syntax.Position);
        }

        // What an aggregate is computed over are the rows below it: no aggregate there.
        var inner = new ExpressionBinder(statement, scope, $"the arguments of {name}");
        var arguments = syntax.Arguments.Select(inner.Bind).ToImmutableArray();
        if (arguments.IsEmpty && !syntax.IsStar)
        {
            throw Error.UndefinedFunction($"{name}()", null, syntax.Position);
        }

        var (function, converted, type) = Resolve(name, FunctionKind.Aggregate, arguments, syntax.Position, isOperator: false) switch
        {
            var r => (r.Function, r.Arguments, r.Type),
        };
        var filter = syntax.Filter == null ? null : inner.BindCondition(syntax.Filter, "the condition of FILTER");
        ImmutableArray<SortKey> orderBy = [.. syntax.OrderBy.Select(o => statement.SortKeyOf(inner.BindValue(o.Expression), o))];
        var aggregate = new BoundAggregate(type, function, converted, syntax.IsDistinct, filter, orderBy);
        return Collect(aggregate, syntax.Position);
    }

    private BoundColumn Collect(BoundAggregate aggregate, int position) => (CollectorOf(aggregate) ?? throw Error.AggregateNotAllowed(clause, position)).Add(aggregate);

    /// <summary>SQL gives an aggregate to the innermost query whose columns it reads: over an outer query's columns alone it is one of that query. Null where none can stand.</summary>
    private AggregateCollector? CollectorOf(BoundAggregate aggregate)
    {
        var named = LogicalTree.Expressions(aggregate).SelectMany(ExpressionTree.ColumnsOf).ToHashSet();
        for (var at = named.Count == 0 ? null : scope; at != null; at = at.Outer)
        {
            if (at.Tables.SelectMany(t => t.Columns).Any(c => named.Contains(c.Column.Id)))
            {
                return ReferenceEquals(at, scope) ? Aggregates : at.Aggregates;
            }
        }

        return Aggregates;
    }

    /// <summary>An aggregate of one bound argument, for plans that the binder makes itself.</summary>
    public BoundColumn Aggregate(string name, BoundExpression argument)
    {
        var resolved = Resolve(name, FunctionKind.Aggregate, [argument], 0, isOperator: false);
        return Aggregates!.Add(new BoundAggregate(resolved.Type, resolved.Function, resolved.Arguments, false, null, []));
    }

    /// <summary>A call of bound values, for plans that the binder makes itself.</summary>
    public static BoundExpression CallOf(string name, ImmutableArray<BoundExpression> arguments) => Call(name, arguments, 0);

    /// <summary>An operator over two bound values, for plans that the binder makes itself.</summary>
    public static BoundExpression Operate(string symbol, BoundExpression a, BoundExpression b) => Compare(symbol, a, b, 0);

    /// <summary>The comparison of two bound values.</summary>
    public static BoundExpression AreEqual(BoundExpression a, BoundExpression b, int position = 0) => Compare("=", a, b, position);

    private readonly record struct Resolved(FunctionOverload Function, ImmutableArray<BoundExpression> Arguments, DataType Type)
    {
        public BoundExpression Expression => new BoundCall(Type, Function, Arguments);
    }

    /// <summary>Chooses the overload that costs the least conversions, and converts the arguments to its parameters.</summary>
    private static Resolved Resolve(string name, FunctionKind kind, ImmutableArray<BoundExpression> arguments, int position, bool isOperator)
    {
        var isComparison = isOperator && IsComparison(name);
        FunctionOverload? best = null;
        var bestCost = TypeConversions.Impossible;
        var isTied = false;
        foreach (var overload in FunctionRegistry.Find(name, kind))
        {
            var cost = CostOf(overload, arguments, isComparison);
            if (cost < bestCost || (cost == bestCost && cost < TypeConversions.Impossible && Rank(overload) < Rank(best!)))
            {
                (best, bestCost, isTied) = (overload, cost, false);
            }
            else if (cost == bestCost && best != null && Rank(overload) == Rank(best))
            {
                isTied = true;
            }
        }

        if (best == null)
        {
            var types = arguments.Select(a => a.Type.ToString()).ToArray();
            throw isOperator
                ? Error.UndefinedOperator(types.Length == 1 ? $"{name} {types[0]}" : $"{types[0]} {name} {types[1]}", position)
                : Error.UndefinedFunction($"{name}({string.Join(", ", types)})", Similar(name, kind), position);
        }

        if (isTied)
        {
            throw Error.AmbiguousFunction($"{name}({string.Join(", ", arguments.Select(a => a.Type))})", position);
        }

        CheckLiterals(best, arguments);
        var element = best.ArrayElement != TypeKind.Unknown ? best.ArrayElement : CommonElement(best, arguments, name, position);
        var converted = ImmutableArray.CreateBuilder<BoundExpression>(arguments.Length);
        for (var i = 0; i < arguments.Length; i++)
        {
            var parameter = ParameterOf(best, i);
            converted.Add(parameter == TypeKind.Unknown && best.ArrayElement != TypeKind.Unknown ? Coercion.Settle(arguments[i]) : ConvertArgument(arguments[i], parameter, element));
        }

        return Collated(best, converted.MoveToImmutable(), position);
    }

    /// <summary>A json path that is written out is refused where it stands, whatever rows there are.</summary>
    private static void CheckLiterals(FunctionOverload function, ImmutableArray<BoundExpression> arguments)
    {
        var isPath = function.Name is "@?" or "@@" || function.Name.StartsWith("jsonb_path_", StringComparison.Ordinal);
        if (!isPath || arguments[1] is not BoundConstant { Value: string text, Position: >= 0 and var position })
        {
            return;
        }

        try
        {
            new JsonPathParser(text).Parse(out _);
        }
        catch (EngramException e) when (e.Position == 0)
        {
            throw e.At(position);
        }
    }

    /// <summary>Gives all texts among the arguments the collation that they are compared by, and the result too, when it is text.</summary>
    private static Resolved Collated(FunctionOverload function, ImmutableArray<BoundExpression> arguments, int position)
    {
        var collation = Collation.Default;
        foreach (var argument in arguments)
        {
            if (argument.Type.Collation != Collation.Default)
            {
                collation = Collations.Of(arguments, position);
                arguments = ImmutableArray.CreateRange(arguments, a => Collations.Relabel(a, collation));
                break;
            }
        }

        var type = function.ResultType(ImmutableArray.CreateRange(arguments, a => a.Type));
        return new Resolved(function, arguments, type.Kind == TypeKind.Text || type.Element == TypeKind.Text ? type with { Collation = collation } : type);
    }

    private static BoundExpression ConvertArgument(BoundExpression argument, TypeKind kind, TypeKind element)
    {
        if (kind == TypeKind.Unknown)
        {
            return element == TypeKind.Unknown ? Coercion.Settle(argument)
                : argument.Type.Kind == element ? argument : Coercion.Convert(argument, new DataType(element), false);
        }

        if (kind != TypeKind.Array)
        {
            return argument.Type.Kind == kind ? argument : Coercion.Convert(argument, new DataType(kind), false);
        }

        // A float[] parameter that nothing else tells the element of.
        var type = DataType.ArrayOf(element != TypeKind.Unknown ? element : TypeKind.Single) with { Collation = argument.Type.Collation };
        return argument.Type == type ? argument : Coercion.Convert(argument, type, false);
    }

    /// <summary>Where a function takes arrays of anything, all of its arrays are of one thing.</summary>
    private static TypeKind CommonElement(FunctionOverload overload, ImmutableArray<BoundExpression> arguments, string name, int position)
    {
        if (!overload.ParameterTypes.Contains(TypeKind.Array))
        {
            return TypeKind.Unknown;
        }

        var common = DataType.Unknown;
        for (var i = 0; i < arguments.Length; i++)
        {
            var (type, parameter) = (arguments[i].Type, ParameterOf(overload, i));
            if (Coercion.IsUntyped(arguments[i]) || parameter is not (TypeKind.Array or TypeKind.Unknown) || (parameter == TypeKind.Array && type.Kind != TypeKind.Array))
            {
                continue;
            }

            var element = parameter == TypeKind.Array ? new DataType(type.Element) : new DataType(type.Kind);
            var next = TypeConversions.Common(common, element);
            common = next.Kind != TypeKind.Unknown ? next : throw Error.NoCommonType(name, $"{common}[]", $"{element}[]", position);
        }

        return common.Kind;
    }

    private static TypeKind ParameterOf(FunctionOverload overload, int index)
        => overload.ParameterTypes[Math.Min(index, overload.ParameterTypes.Length - 1)];

    private static int CostOf(FunctionOverload overload, ImmutableArray<BoundExpression> arguments, bool isComparison)
    {
        var count = overload.ParameterTypes.Length;
        if (arguments.Length != count && !(overload.IsVariadic && arguments.Length > count))
        {
            return TypeConversions.Impossible;
        }

        var total = 0;
        for (var i = 0; i < arguments.Length && total < TypeConversions.Impossible; i++)
        {
            var parameter = ParameterOf(overload, i);
            // An untyped operand is most likely of the type of the other one.
            var other = arguments.Length == 2 ? arguments[1 - i].Type.Kind : TypeKind.Unknown;
            total += Coercion.IsUntyped(arguments[i]) && other == parameter ? 0
                : Coercion.Cost(arguments[i], parameter, overload.ArrayElement, other, isComparison);
        }

        return Math.Min(total, TypeConversions.Impossible);
    }

    /// <summary>Which of two equally cheap overloads to take: text, then double precision, then integer, as PostgreSQL prefers them.</summary>
    private static int Rank(FunctionOverload overload)
        => overload.ParameterTypes.IsEmpty ? 0 : overload.ParameterTypes[0] switch
        {
            TypeKind.Text => 0,
            TypeKind.Double => 1,
            TypeKind.Int32 => 2,
            // A place in what has no type is one of an array.
            TypeKind.Vector when overload.Name == "array_element" => 4,
            _ => 3,
        };

    private static string? Similar(string name, FunctionKind kind)
        => NameMatch.Similar(name, FunctionRegistry.All.Where(f => f.Kind == kind && char.IsLetter(f.Name[0])).Select(f => f.Name).Distinct());
}
