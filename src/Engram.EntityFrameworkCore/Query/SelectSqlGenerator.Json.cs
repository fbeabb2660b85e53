using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Parts of documents, paths to them, and functions that return rows.</summary>
internal sealed partial class SelectSqlGenerator
{
    /// <summary>Steps down with <c>-&gt;</c>; the last with <c>-&gt;&gt;</c>, as text, which is cast to the member's type.</summary>
    protected override Expression VisitJsonScalar(JsonScalarExpression jsonScalarExpression)
    {
        if (jsonScalarExpression.Path.Count == 0)
        {
            Visit(jsonScalarExpression.Json);
            return jsonScalarExpression;
        }

        var mapping = jsonScalarExpression.TypeMapping!;
        var isDocument = mapping.StoreType is "json" or "jsonb";
        var isText = mapping.StoreType is "text" || mapping.StoreType.StartsWith("varchar", StringComparison.Ordinal);
        var isBytes = mapping.StoreType == "bytea";
        Sql.Append(isDocument || isText ? "(" : isBytes ? "decode(" : "CAST(");
        Visit(jsonScalarExpression.Json);
        for (var i = 0; i < jsonScalarExpression.Path.Count; i++)
        {
            Sql.Append(i == jsonScalarExpression.Path.Count - 1 && !isDocument ? " ->> " : " -> ");
            var step = jsonScalarExpression.Path[i];
            if (step.PropertyName is { } name)
            {
                AppendText(name);
            }
            else
            {
                VisitOperand(step.ArrayIndex!);
            }
        }

        Sql.Append(isDocument || isText ? ")" : isBytes ? ", 'base64')" : $" AS {mapping.StoreType})");
        return jsonScalarExpression;
    }

    /// <summary>A path to a part, which <see cref="QueryTranslator"/> hands over as a constant.</summary>
    protected override Expression VisitSqlConstant(SqlConstantExpression sqlConstantExpression)
    {
        if (sqlConstantExpression.Value is not IReadOnlyList<PathSegment> path)
        {
            return base.VisitSqlConstant(sqlConstantExpression);
        }

        Sql.Append("ARRAY[");
        for (var i = 0; i < path.Count; i++)
        {
            Sql.Append(i == 0 ? "" : ", ");
            if (path[i].PropertyName is { } name)
            {
                AppendText(name);
            }
            else
            {
                Sql.Append("CAST(");
                Visit(path[i].ArrayIndex!);
                Sql.Append(" AS text)");
            }
        }

        Sql.Append("]");
        return sqlConstantExpression;
    }

    private void AppendText(string text) => Sql.Append("'").Append(text.Replace("'", "''", StringComparison.Ordinal)).Append("'");

    private RowsFunctionExpression VisitRowsFunction(RowsFunctionExpression rows)
    {
        var isRecord = rows.Columns.Any(c => c.TypeMapping is not null);
        Sql.Append(isRecord ? "ROWS FROM (" : "").Append(rows.Name).Append("(");
        for (var i = 0; i < rows.Arguments.Count; i++)
        {
            Sql.Append(i == 0 ? "" : ", ");
            Visit(rows.Arguments[i]);
        }

        Sql.Append(")");
        if (isRecord)
        {
            AppendColumns(" AS (", c => $"{sqlGenerationHelper.DelimitIdentifier(c.Name)} {c.TypeMapping!.StoreType}", ")) WITH ORDINALITY");
            Sql.Append(AliasSeparator).Append(sqlGenerationHelper.DelimitIdentifier(rows.Alias));
        }
        else
        {
            Sql.Append(" WITH ORDINALITY").Append(AliasSeparator).Append(sqlGenerationHelper.DelimitIdentifier(rows.Alias));
            AppendColumns("(", c => sqlGenerationHelper.DelimitIdentifier(c.Name), $", {sqlGenerationHelper.DelimitIdentifier(RowsFunctionExpression.Ordinality)})");
        }

        return rows;

        void AppendColumns(string before, Func<RowsColumn, string> text, string after)
            => Sql.Append(before).Append(string.Join(", ", rows.Columns.Select(text))).Append(after);
    }
}
