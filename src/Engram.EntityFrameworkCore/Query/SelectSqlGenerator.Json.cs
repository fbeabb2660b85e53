using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Parts of documents, paths to them, and functions that return rows.</summary>
internal sealed partial class SelectSqlGenerator
{
    /// <summary>A part of a document that is JSON's null is null to LINQ as well: as text it is NULL. And a NULL that is negated has its type.</summary>
    protected override Expression VisitSqlUnary(SqlUnaryExpression sqlUnaryExpression)
    {
        if (sqlUnaryExpression is { OperatorType: ExpressionType.Equal or ExpressionType.NotEqual, Operand: JsonScalarExpression { TypeMapping.StoreType: "json" or "jsonb", Path.Count: > 0 } part })
        {
            Sql.Append("(");
            VisitPath(part, asText: true);
            Sql.Append(sqlUnaryExpression.OperatorType == ExpressionType.Equal ? ") IS NULL" : ") IS NOT NULL");
            return sqlUnaryExpression;
        }

        if (sqlUnaryExpression.OperatorType is ExpressionType.Negate or ExpressionType.Not or ExpressionType.OnesComplement && IsTypedNull(sqlUnaryExpression.Operand))
        {
            base.VisitSqlUnary(sqlUnaryExpression.Update(Typed(sqlUnaryExpression.Operand)));
            return sqlUnaryExpression;
        }

        return base.VisitSqlUnary(sqlUnaryExpression);
    }

    /// <summary>Steps down with <c>-&gt;</c>; the last with <c>-&gt;&gt;</c>, as text, which is cast to the member's type.</summary>
    protected override Expression VisitJsonScalar(JsonScalarExpression jsonScalarExpression)
    {
        if (jsonScalarExpression.Path.Count == 0)
        {
            Visit(jsonScalarExpression.Json);
            return jsonScalarExpression;
        }

        // In ExecuteUpdate elements of arrays come as parts, too.
        if (jsonScalarExpression is { Json.TypeMapping: { } column, Path: [{ ArrayIndex: { } index }] } && column.StoreType.EndsWith("[]", StringComparison.Ordinal))
        {
            VisitOperand(jsonScalarExpression.Json);
            Sql.Append("[");
            VisitOperand(index);
            Sql.Append(" + 1]");
            return jsonScalarExpression;
        }

        var mapping = jsonScalarExpression.TypeMapping!;
        var isDocument = mapping.StoreType is "json" or "jsonb";
        var isText = mapping.StoreType is "text" || mapping.StoreType.StartsWith("varchar", StringComparison.Ordinal);
        var isBytes = mapping.StoreType == "bytea";
        Sql.Append(isDocument || isText ? "(" : isBytes ? "decode(" : "CAST(");
        VisitPath(jsonScalarExpression, asText: !isDocument);
        Sql.Append(isDocument || isText ? ")" : isBytes ? ", 'base64')" : $" AS {mapping.StoreType})");
        return jsonScalarExpression;
    }

    private void VisitPath(JsonScalarExpression part, bool asText)
    {
        Visit(part.Json);
        for (var i = 0; i < part.Path.Count; i++)
        {
            Sql.Append(i == part.Path.Count - 1 && asText ? " ->> " : " -> ");
            var step = part.Path[i];
            if (step.PropertyName is { } name)
            {
                AppendText(name);
            }
            else
            {
                VisitOperand(step.ArrayIndex!);
            }
        }
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

    /// <summary>A list that is JSON's null has no rows: the functions take NULL for it, and nothing but arrays besides.</summary>
    private void VisitDocument(SqlExpression argument)
    {
        var mayBeNull = argument is JsonScalarExpression or ColumnExpression && argument.TypeMapping is { StoreType: "json" or "jsonb" };
        Sql.Append(mayBeNull ? "NULLIF(" : "");
        Visit(argument);
        Sql.Append(mayBeNull ? ", CAST('null' AS jsonb))" : "");
    }

    /// <summary>A document may lack a part that the model requires, and with a value of NULL <c>jsonb_set</c> would be NULL, the whole document.</summary>
    private static SqlFunctionExpression OrJsonNull(SqlExpression value)
    {
        var none = new SqlFragmentExpression($"CAST('null' AS {value.TypeMapping?.StoreType ?? "jsonb"})");
        return new SqlFunctionExpression("COALESCE", [value, none], nullable: false, [false, false], value.Type, value.TypeMapping);
    }

    private static bool MayLackPart(SqlExpression value)
    {
        var parts = new PartFinder();
        parts.Visit(value);
        return parts.IsFound;
    }

    private sealed class PartFinder : ExpressionVisitor
    {
        public bool IsFound { get; private set; }

        [return: NotNullIfNotNull(nameof(node))]
        public override Expression? Visit(Expression? node)
        {
            IsFound |= node is JsonScalarExpression { Path.Count: > 0 };
            return IsFound ? node : base.Visit(node);
        }
    }

    private void AppendText(string text) => Sql.Append("'").Append(text.Replace("'", "''", StringComparison.Ordinal)).Append("'");

    /// <summary>Bytes are text of base 64 in a document, so that records with such a member are read as text and decoded around it.</summary>
    private RowsFunctionExpression VisitRowsFunction(RowsFunctionExpression rows)
    {
        var isRecord = rows.Columns.Any(c => c.TypeMapping is not null);
        var hasBytes = rows.Columns.Any(IsBytes);
        if (hasBytes)
        {
            AppendColumns("(SELECT ", c => IsBytes(c) ? $"decode({Name(c.Name)}, 'base64') AS {Name(c.Name)}" : Name(c.Name), $", {Name(RowsFunctionExpression.Ordinality)} FROM ");
        }

        Sql.Append(isRecord ? "ROWS FROM (" : "").Append(rows.Name).Append("(");
        for (var i = 0; i < rows.Arguments.Count; i++)
        {
            Sql.Append(i == 0 ? "" : ", ");
            VisitDocument(rows.Arguments[i]);
        }

        Sql.Append(")");
        if (isRecord)
        {
            AppendColumns(" AS (", c => $"{Name(c.Name)} {(IsBytes(c) ? "text" : c.TypeMapping!.StoreType)}", ")) WITH ORDINALITY");
            Sql.Append(hasBytes ? ")" : "").Append(AliasSeparator).Append(Name(rows.Alias));
        }
        else
        {
            Sql.Append(" WITH ORDINALITY").Append(AliasSeparator).Append(Name(rows.Alias));
            AppendColumns("(", c => Name(c.Name), $", {Name(RowsFunctionExpression.Ordinality)})");
        }

        return rows;

        static bool IsBytes(RowsColumn column) => column.TypeMapping?.StoreType == "bytea";

        string Name(string name) => sqlGenerationHelper.DelimitIdentifier(name);

        void AppendColumns(string before, Func<RowsColumn, string> text, string after)
            => Sql.Append(before).Append(string.Join(", ", rows.Columns.Select(text))).Append(after);
    }
}
