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
    /// What stands in FROM sees its own tables only; the condition by which the first of them is joined is moved to WHERE, where the target is seen too. A
    /// query of which another part names the target becomes one of its own, joined with the target by key.
    /// </summary>
    protected override bool IsValidSelectExpressionForExecuteUpdate(
        SelectExpression selectExpression, TableExpressionBase targetTable, [NotNullWhen(true)] out TableExpression? tableExpression)
    {
        if (!base.IsValidSelectExpressionForExecuteUpdate(selectExpression, targetTable, out tableExpression))
        {
            return false;
        }

        var target = tableExpression.Alias;
        var others = selectExpression.Tables.Where(t => ((t as JoinExpressionBase)?.Table ?? t).Alias != target).ToList();
        for (var i = 0; i < others.Count; i++)
        {
            var references = new ReferenceFinder(target);
            references.Visit(i == 0 && others[i] is JoinExpressionBase join ? join.Table : others[i]);
            if (references.IsFound)
            {
                tableExpression = null;
                return false;
            }
        }

        return true;
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
