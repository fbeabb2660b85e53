using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Casts;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>What each written row must meet by itself: NOT NULL, CHECK, and that vectors are finite.</summary>
internal sealed class RowChecks : IDisposable
{
    private const string NotNullMark = "\0";
    private const string CheckOptionMark = "\u0001";

    private readonly TableDefinition table;
    private readonly Evaluator[] checks;
    private readonly ImmutableArray<string> checkNames;

    public RowChecks(TableDefinition table, ImmutableArray<BoundExpression> checks, ImmutableArray<string> checkNames, StatementContext context)
    {
        this.table = table;
        this.checks = EvaluatorFactory.Create(checks, context);
        this.checkNames = checkNames;
    }

    /// <summary>The name under which NOT NULL of a column is checked that is computed when it is read: one that no constraint has.</summary>
    public static string NotNullOf(ColumnDefinition column) => NotNullMark + column.Name;

    /// <summary>The name under which the conditions of a view are checked.</summary>
    public static string CheckOptionOf(ViewDefinition view) => CheckOptionMark + view;

    /// <summary>Whether a check is the condition of a view, which rows meet that are written, and not such that were only proposed.</summary>
    public static bool IsCheckOption(string name) => name.StartsWith(CheckOptionMark, StringComparison.Ordinal);

    /// <summary>Checks one column of new values.</summary>
    public void CheckColumn(ColumnDefinition column, Column values, int rowCount)
    {
        if (column.IsStoredNotNull && HasNull(values, rowCount))
        {
            throw Error.NotNullViolation(table.ToString(), column.Name);
        }

        if (column.Type.IsVector)
        {
            CheckFinite(values, rowCount, column.Type.Kind == TypeKind.HalfVector);
        }
    }

    /// <summary>Checks whole rows: the table's columns in their order. NULL passes.</summary>
    public void CheckRows(Batch rows)
    {
        for (var c = 0; c < checks.Length; c++)
        {
            var condition = checks[c].Evaluate(rows, null);
            for (var row = 0; row < rows.RowCount; row++)
            {
                if (!condition.IsNull(row) && condition.Get<byte>(row) == 0)
                {
                    var name = c < checkNames.Length ? checkNames[c] : null;
                    throw name?.StartsWith(NotNullMark, StringComparison.Ordinal) == true ? Error.NotNullViolation(table.ToString(), name[NotNullMark.Length..])
                        : name is not null && IsCheckOption(name) ? Error.CheckOptionFailed(name[CheckOptionMark.Length..])
                        : Error.CheckFailed(table.Name, name);
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (var check in checks)
        {
            check.Dispose();
        }
    }

    private static unsafe bool HasNull(Column values, int rowCount)
        => values.Nulls != null
            && (values.IsConstant ? values.IsNull(0) : Aggregates.CountNonNull(values.Nulls, rowCount) < rowCount);

    private static void CheckFinite(Column values, int rowCount, bool isHalf)
    {
        var count = values.IsConstant ? 1 : rowCount;
        for (var row = 0; row < count; row++)
        {
            if (values.IsNull(row))
            {
                continue;
            }

            var vector = values.Get<Bytes>(row);
            if (!isHalf)
            {
                VectorCasts.CheckFinite(vector.Floats);
            }
            else if (!HalfFloats.AreFinite(MemoryMarshal.Cast<byte, Half>(vector.Span)))
            {
                throw Error.VectorNotFinite();
            }
        }
    }
}
