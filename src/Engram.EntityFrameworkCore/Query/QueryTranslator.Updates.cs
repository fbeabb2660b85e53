using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query;

/// <summary><c>ExecuteUpdate</c> over joins: <c>UPDATE t … FROM a JOIN b</c>, where the joins cannot name t.</summary>
internal sealed partial class QueryTranslator
{
    private bool isUpdate;

    protected override UpdateExpression? TranslateExecuteUpdate(ShapedQueryExpression source, IReadOnlyList<ExecuteUpdateSetter> setters)
    {
        isUpdate = true;
        try
        {
            return base.TranslateExecuteUpdate(source, setters);
        }
        finally
        {
            isUpdate = false;
        }
    }

    /// <summary>
    /// What stands in FROM sees its own tables only; the conditions by which the first of them, and others inside, are joined are moved to WHERE, where the target
    /// is seen too (<see cref="SelectSqlGenerator"/>). A query of which another part names the target becomes one of its own, joined with the target by key.
    /// </summary>
    protected override bool IsValidSelectExpressionForExecuteUpdate(
        SelectExpression selectExpression, TableExpressionBase targetTable, [NotNullWhen(true)] out TableExpression? tableExpression)
    {
        if (!base.IsValidSelectExpressionForExecuteUpdate(selectExpression, targetTable, out tableExpression))
        {
            return false;
        }

        // From the right, rows without a partner stay, of which UPDATE … FROM knows nothing; and what such a join leaves of others, WHERE would filter too.
        var target = tableExpression.Alias;
        var others = selectExpression.Tables.Where(t => ((t as JoinExpressionBase)?.Table ?? t).Alias != target).ToList();
        if (selectExpression.Tables.Any(t => t is RightJoinExpression)
            || others.Where((t, i) => Names(target, t is JoinExpressionBase join && (i == 0 || t is InnerJoinExpression) ? join.Table : t)).Any())
        {
            tableExpression = null;
            return false;
        }

        return true;
    }

    /// <summary>Whether an expression reads a column of a table.</summary>
    internal static bool Names(string alias, Expression expression)
    {
        var references = new ReferenceFinder(alias);
        references.Visit(expression);
        return references.IsFound;
    }

    private sealed class ReferenceFinder(string alias) : ExpressionVisitor
    {
        public bool IsFound { get; private set; }

        [return: NotNullIfNotNull(nameof(node))]
        public override Expression? Visit(Expression? node)
        {
            IsFound |= node is ColumnExpression column && column.TableAlias == alias;
            return IsFound ? node : base.Visit(node);
        }
    }
}
