using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Modifications;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>Assignments, and what is computed from the rows that are written.</summary>
internal sealed partial class ModificationBinder
{
    private ImmutableArray<(ColumnId Column, BoundExpression Value)> BindAssignments(WriteTarget written, IReadOnlyList<AssignmentSyntax> assignments, Scope scope)
    {
        var table = written.Table;
        var binder = new ExpressionBinder(statement, scope, "SET");
        var set = ImmutableArray.CreateBuilder<(ColumnId, BoundExpression)>();
        var seen = new HashSet<ColumnId>();
        foreach (var (name, value, ordinal) in assignments.SelectMany(Pairs))
        {
            var column = written.FindColumn(name);
            if (!seen.Add(column.Id))
            {
                throw Error.DuplicateColumn(column.Name, name.Position);
            }

            if (column.ComputedSql != null || column.Identity == IdentityKind.Always)
            {
                throw Error.GeneratedColumn(column.Name, "Leave it out of SET.", name.Position);
            }

            if (value is DefaultSyntax && column.Identity != IdentityKind.None)
            {
                throw Error.NotSupported("SET identity = DEFAULT", value.Position + 1);
            }

            var bound = value is DefaultSyntax ? stored.Default(table, column)
                : Assign(value is ScalarSubquerySyntax query && ordinal >= 0 ? binder.BindColumnOf(query, ordinal, WidthOf(assignments, query)) : binder.Bind(value), table, column, value.Position);
            set.Add((column.Id, bound));
        }

        return set.ToImmutable();
    }

    /// <summary>The columns of an assignment with what each is given; the ordinal is that of the column of a query that gives a row, else -1.</summary>
    private static IEnumerable<(IdentifierSyntax Column, ExpressionSyntax Value, int Ordinal)> Pairs(AssignmentSyntax assignment)
    {
        if (!assignment.IsRow)
        {
            return [(assignment.Columns[0], assignment.Value, -1)];
        }

        if (assignment.Value is RowSyntax row)
        {
            return row.Items.Count == assignment.Columns.Count
                ? assignment.Columns.Zip(row.Items, (c, v) => (c, v, -1))
                : throw Error.ColumnCount("The row", assignment.Columns.Count, row.Items.Count, row.Position);
        }

        if (assignment.Value is ScalarSubquerySyntax)
        {
            return assignment.Columns.Select((c, i) => (c, assignment.Value, i));
        }

        return assignment.Columns.Count == 1
            ? [(assignment.Columns[0], assignment.Value, -1)]
            : throw Error.SyntaxRule("several columns are set from a row, (a, b) = (1, 2), or from a query, (a, b) = (SELECT …).", assignment.Value.Position);
    }

    private static int WidthOf(IReadOnlyList<AssignmentSyntax> assignments, ScalarSubquerySyntax query) => assignments.First(a => ReferenceEquals(a.Value, query)).Columns.Count;

    /// <summary>The computed columns that read a column that changes, which change with it: over the new rows, so that a value that differs each time it is asked for is asked for once.</summary>
    /// <param name="table">Whose rows are written.</param>
    /// <param name="columns">Of the table, which the values are over; each computed column comes after those that it reads.</param>
    /// <param name="changed">The columns that are assigned; the computed ones are added.</param>
    private ImmutableArray<(ColumnId Column, BoundExpression Value)> BindComputed(TableDefinition table, ImmutableArray<LogicalColumn> columns, HashSet<ColumnId> changed)
    {
        var computed = ImmutableArray.CreateBuilder<(ColumnId, BoundExpression)>();
        var changedIds = columns.Where(c => changed.Contains(c.Definition!.Id)).Select(c => c.Id).ToHashSet();
        for (var i = 0; i < table.Columns.Length && changedIds.Count > 0; i++)
        {
            // What indexes are over may read computed columns, which stand before it.
            if (!table.Columns[i].IsVirtual && stored.Computed(table, i, columns) is { } value && ExpressionTree.ColumnsOf(value).Overlaps(changedIds))
            {
                changedIds.Add(columns[i].Id);
                changed.Add(table.Columns[i].Id);
                computed.Add((table.Columns[i].Id, value));
            }
        }

        return computed.ToImmutable();
    }

    /// <summary>Checks and RETURNING, over the columns of the table.</summary>
    /// <param name="written">What the statement names.</param>
    /// <param name="alias">What it is known by.</param>
    /// <param name="returning">RETURNING.</param>
    /// <param name="changed">The columns that an UPDATE assigns: the computed ones that read them change too, and only checks that read one of them all are made; null for all.</param>
    /// <param name="source">The tables of the statement, the one that is changed first.</param>
    private TableResult BindResult(
        WriteTarget written, IdentifierSyntax? alias, IReadOnlyList<SelectItemSyntax> returning, HashSet<ColumnId>? changed, Scope? source = null)
    {
        var table = written.Table;
        var queries = new QueryBinder(statement);
        var row = queries.Scan(table, withRowId: false);
        var computed = changed == null ? [] : BindComputed(table, row.TableColumns, changed);
        var changedIds = row.TableColumns.Where(c => changed == null || changed.Contains(c.Definition!.Id)).Select(c => c.Id).ToHashSet();
        var checks = ImmutableArray.CreateBuilder<BoundExpression>();
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var check in table.Checks)
        {
            var condition = stored.Check(table, check, row.TableColumns);
            if (changed == null || ExpressionTree.ColumnsOf(condition).Overlaps(changedIds))
            {
                checks.Add(condition);
                names.Add(check.Name);
            }
        }

        var virtuals = stored.Virtuals(table, row.TableColumns);
        foreach (var column in row.TableColumns.Where(c => c.Definition is { IsVirtual: true, IsNotNull: true }))
        {
            if (changed == null || ExpressionTree.ColumnsOf(virtuals[column.Id]).Overlaps(changedIds))
            {
                checks.Add(new BoundIsNull(virtuals[column.Id], true));
                names.Add(RowChecks.NotNullOf(column.Definition!));
            }
        }

        // A part of it may be false for a row that no assignment changes: PostgreSQL looks at each row that is written.
        foreach (var (view, condition) in written.ChecksOn(row.TableColumns))
        {
            checks.Add(ExpressionTree.Substitute(condition, virtuals));
            names.Add(RowChecks.CheckOptionOf(view));
        }

        if (returning.Count == 0)
        {
            return new TableResult(row.TableColumns, checks.ToImmutable(), [], []) { CheckNames = names.ToImmutable(), Computed = computed };
        }

        var scope = new Scope(null, null);
        scope.Add(written.ScopeOf(statement, row.TableColumns, alias, virtuals), returning[0].Position);
        foreach (var other in source?.Tables.Skip(1) ?? [])
        {
            scope.Add(other, returning[0].Position);
        }

        var (columns, expressions) = queries.BindReturning(returning, scope, row.TableColumns);
        expressions = virtuals.Count == 0 ? expressions : ImmutableArray.CreateRange(expressions, e => ExpressionTree.Substitute(e, virtuals));
        var read = new HashSet<int>();
        foreach (var expression in expressions)
        {
            ExpressionTree.CollectColumns(expression, read);
        }

        var others = source?.Tables.Skip(1).SelectMany(t => t.Columns).Select(c => c.Column).Where(c => read.Contains(c.Id)).DistinctBy(c => c.Id) ?? [];
        return new TableResult(row.TableColumns, checks.ToImmutable(), columns, expressions) { CheckNames = names.ToImmutable(), Computed = computed, Others = [.. others] };
    }
}
