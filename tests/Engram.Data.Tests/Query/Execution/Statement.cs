using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Query.Execution;

/// <summary>Short ways to write bound expressions and plans, to run them, and to read the rows.</summary>
internal static class Statement
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 30, 15, TimeSpan.Zero);

    public static StatementContext Context(Snapshot? snapshot = null, Transaction? transaction = null, params (DataType Type, object? Value)[] parameters)
    {
        var batch = new Batch(parameters.Length) { RowCount = 1 };
        for (var i = 0; i < parameters.Length; i++)
        {
            batch.Columns[i] = ClrValue.Constant(parameters[i].Type, parameters[i].Value).Column;
        }

        return new StatementContext(snapshot!, transaction, batch, new FixedClock(), CancellationToken.None);
    }

    public static BoundColumn Col(DataType type, int ordinal) => new(type, ordinal, $"c{ordinal}");

    public static BoundConstant Const(DataType type, object? value) => new(type, value);

    public static BoundConstant Int(int? value) => new(DataType.Int32, value);

    public static BoundConstant Text(string? value) => new(DataType.Text, value);

    public static BoundCast Cast(BoundExpression operand, DataType to) => new(to, operand, true);

    public static BoundCall Call(string name, params BoundExpression[] arguments)
    {
        var function = FunctionRegistry.Find(name, FunctionKind.Scalar).Single(f => Fits(f, arguments));
        return new BoundCall(function.ResultType([.. arguments.Select(a => a.Type)]), function, [.. arguments]);
    }

    public static BoundAggregate Aggregate(string name, params BoundExpression[] arguments)
    {
        var function = FunctionRegistry.Find(name, FunctionKind.Aggregate).Single(f => Fits(f, arguments));
        return new BoundAggregate(function.ResultType([.. arguments.Select(a => a.Type)]), function, [.. arguments], false, null, []);
    }

    public static ImmutableArray<PlanColumn> Output(params DataType[] types) => [.. types.Select((t, i) => new PlanColumn($"c{i}", t))];

    public static ValuesPlan Values(DataType[] types, IEnumerable<object?[]> rows)
        => new(Output(types), [.. rows.Select(r => r.Select((v, i) => (BoundExpression)new BoundConstant(types[i], v)).ToImmutableArray())]);

    public static List<object?[]> Run(Plan plan, StatementContext? context = null)
    {
        using var root = OperatorFactory.Create(plan, context ?? Context());
        return Drain(root);
    }

    public static List<object?[]> Drain(Operator root)
    {
        var rows = new List<object?[]>();
        while (root.Next() is { } batch)
        {
            Assert.InRange(batch.SelectedCount, 1, Batch.RowCountMax);
            for (var i = 0; i < batch.SelectedCount; i++)
            {
                rows.Add([.. batch.Columns.Select(c => ClrValue.Read(c, batch.RowAt(i)))]);
            }
        }

        Assert.Null(root.Next());
        return rows;
    }

    /// <summary>The value of an expression without columns.</summary>
    public static object? Eval(BoundExpression expression, StatementContext? context = null)
    {
        using var evaluator = EvaluatorFactory.Create(expression, context ?? Context());
        return ClrValue.Read(evaluator.Evaluate(new Batch(0) { RowCount = 1 }, null), 0);
    }

    /// <summary>Evaluates over rows, of which only the selected ones are wanted (null: all); what is not wanted comes back as null.</summary>
    public static object?[] EvalRows(BoundExpression expression, DataType[] types, object?[][] rows, int[]? selected = null)
    {
        var batch = new Batch(types.Length) { RowCount = rows.Length };
        for (var c = 0; c < types.Length; c++)
        {
            var buffer = new ColumnBuffer(types[c]);
            foreach (var row in rows)
            {
                ClrValue.Append(buffer, row[c]);
            }

            batch.Columns[c] = buffer.Column;
        }

        Selection? selection = null;
        if (selected is not null)
        {
            selection = new Selection();
            foreach (var row in selected)
            {
                selection.Add(row);
            }
        }

        using var evaluator = EvaluatorFactory.Create(expression, Context());
        // Twice, since evaluators reuse their memory.
        evaluator.Evaluate(batch, selection);
        var column = evaluator.Evaluate(batch, selection);
        var result = new object?[rows.Length];
        foreach (var row in selected ?? [.. Enumerable.Range(0, rows.Length)])
        {
            result[row] = ClrValue.Read(column, row);
        }

        return result;
    }

    public static string StateOf(Action action) => Assert.Throws<EngramException>(action).SqlState;

    private static bool Fits(FunctionOverload function, BoundExpression[] arguments)
    {
        var parameters = function.ParameterTypes;
        if (function.IsVariadic ? arguments.Length < parameters.Length : arguments.Length != parameters.Length)
        {
            return false;
        }

        return arguments.Select((a, i) => (a.Type, Parameter: parameters[Math.Min(i, parameters.Length - 1)]))
            .All(p => p.Type.Kind == p.Parameter
                && (p.Parameter != TypeKind.Array || function.ArrayElement == TypeKind.Unknown || function.ArrayElement == p.Type.Element));
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
