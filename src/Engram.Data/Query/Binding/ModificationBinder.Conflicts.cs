using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>ON CONFLICT: which unique indexes it is about, and what is done with the row that is there.</summary>
internal sealed partial class ModificationBinder
{
    private const string Excluded = "excluded";

    private BoundConflict BindConflict(WriteTarget written, InsertSyntax insert, OnConflictSyntax syntax, CommonTableScope? commonTables, ImmutableArray<LogicalColumn> row)
    {
        var table = written.Table;
        var queries = new QueryBinder(statement);
        var target = queries.Scan(table, withRowId: true);
        var indexes = FindConflictIndexes(written, syntax, target.TableColumns.RemoveAt(0));
        if (syntax.Assignments.Count == 0)
        {
            return new BoundConflict(indexes, target.TableColumns, [], [], []);
        }

        var excluded = queries.Scan(table, withRowId: false);
        var scope = new Scope(null, commonTables);
        var virtuals = stored.Virtuals(table, target.TableColumns);
        scope.Add(written.ScopeOf(statement, target.TableColumns, insert.Alias, virtuals), insert.Position);
        scope.Add(written.ScopeOf(statement, excluded.TableColumns, new IdentifierSyntax(default, Excluded, true), virtuals), syntax.Position);
        foreach (var (id, value) in stored.Virtuals(table, excluded.TableColumns))
        {
            virtuals.Add(id, value);
        }

        var conditions = ImmutableArray.CreateRange(BindWhere(syntax.Where, scope), c => ExpressionTree.Substitute(c, virtuals));
        var set = ImmutableArray.CreateRange(BindAssignments(written, syntax.Assignments, scope), s => (s.Column, ExpressionTree.Substitute(s.Value, virtuals)));
        return new BoundConflict(indexes, target.TableColumns, excluded.TableColumns, set, conditions)
        {
            Computed = BindComputed(table, row, set.Select(s => s.Column).ToHashSet()),
        };
    }

    private ImmutableArray<IndexDefinition> FindConflictIndexes(WriteTarget written, OnConflictSyntax syntax, ImmutableArray<LogicalColumn> columns)
    {
        var table = written.Table;
        if (syntax.Constraint is { } name)
        {
            var found = NameMatch.Find(name, table.Indexes.Where(i => i is { IsUnique: true, IsConstraint: true }), i => i.Name);
            return found.Count == 1 ? [found[0]] : throw Error.UndefinedConstraint(name.Text, table.ToString(), name.Position);
        }

        var unique = table.Indexes.Where(i => i.IsUnique);
        if (syntax.Target.Count == 0)
        {
            return [.. unique];
        }

        // Names are those of what the statement names: of a view, which may call another column so.
        var known = stored.Virtuals(table, columns);
        var scope = new Scope(null, null);
        scope.Tables.Add(written.ScopeOf(statement, columns, null, known));
        var keys = syntax.Target.Select(key => FindKey(written, key, columns, scope, known)).ToHashSet();
        ImmutableArray<BoundExpression> given = syntax.TargetWhere == null ? []
            : ImmutableArray.CreateRange(BindWhere(syntax.TargetWhere, scope), c => ExpressionTree.Substitute(c, known));
        ImmutableArray<IndexDefinition> matching =
            [.. unique.Where(i => keys.SetEquals(i.Columns.Select(c => c.Column)) && Implies(given, table, i, columns))];
        return !matching.IsEmpty ? matching
            : throw Error.NoConflictTarget(table.ToString(), "(" + string.Join(", ", syntax.Target.Select(t => (t.Expression as ColumnReferenceSyntax)?.Column.Text ?? "an expression")) + ")", syntax.Position);
    }

    /// <summary>The column of a key, hidden when an expression was written; that of no column when no index is over it.</summary>
    private ColumnId FindKey(WriteTarget written, IndexKeySyntax key, ImmutableArray<LogicalColumn> columns, Scope scope, Dictionary<int, BoundExpression> known)
    {
        if (key.Expression is ColumnReferenceSyntax { Table: null, Column: var name })
        {
            if (written.FindOwnColumn(name) is { IsVirtual: false } column)
            {
                return column.Id;
            }
        }

        var value = ExpressionTree.Substitute(new ExpressionBinder(statement, scope, "ON CONFLICT").Bind(key.Expression), known);
        var hidden = columns.FirstOrDefault(c => c.Definition is { IsHidden: true, ComputedSql: { } sql } && ExpressionTree.AreSame(stored.IndexKey(written.Table, sql, columns), value));
        return hidden?.Definition!.Id ?? default;
    }

    /// <summary>Whether the index is about all rows for which the given conditions hold: it is whole, or each of its own conditions is among them.</summary>
    private bool Implies(ImmutableArray<BoundExpression> given, TableDefinition table, IndexDefinition index, ImmutableArray<LogicalColumn> columns)
        => index.FilterSql == null
            || ExpressionTree.Conjuncts(stored.IndexCondition(table, index, columns)).All(c => given.Contains(c, ExpressionTree.SameComparer.Instance));
}
