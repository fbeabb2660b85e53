using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary><c>ExecuteUpdate</c> of parts of a document: <c>jsonb_set</c>, once for each part; and of elements of an array.</summary>
internal sealed partial class QueryTranslator
{
    protected override bool TrySerializeScalarToJson(JsonScalarExpression target, SqlExpression value, [NotNullWhen(true)] out SqlExpression? jsonValue)
    {
        if (IsElement(target))
        {
            jsonValue = sql.ApplyTypeMapping(value, target.TypeMapping);
            return true;
        }

        var json = ((ColumnExpression)target.Json).TypeMapping!;
        value = new ConvertedConditions(sql).As(sql.ApplyTypeMapping(value, value.TypeMapping ?? target.TypeMapping), target.TypeMapping);
        jsonValue = value switch
        {
            { TypeMapping.StoreType: "json" or "jsonb" } => value,

            // Copied from a document as it is there.
            JsonScalarExpression { Json.TypeMapping.StoreType: "json" or "jsonb" } part => new JsonScalarExpression(part.Json, part.Path, part.Type, json, part.IsNullable),
            { TypeMapping.StoreType: "bytea" } => ToJson(sql.Function("encode", [value, sql.Constant("base64")], nullable: true, [true, true], typeof(string))),

            // A length of time as .NET writes it, which is what documents are read with.
            { TypeMapping.StoreType: "interval" } => ToJson(sql.Function("dotnet_text", [value], nullable: true, [true], typeof(string))),

            // Of a vector of halves to_jsonb makes a text; documents have an array of numbers, which is how its text is written.
            { TypeMapping.StoreType: var type } when type.StartsWith("halfvec", StringComparison.Ordinal) => AsType(AsType(value, sql.ApplyDefaultTypeMapping(sql.Constant("")).TypeMapping!), json),
            SqlConstantExpression => ToJson(new SqlUnaryExpression(ExpressionType.Convert, value, value.Type, target.TypeMapping ?? value.TypeMapping)),
            _ => ToJson(value),
        };
        return true;

        static SqlUnaryExpression AsType(SqlExpression operand, RelationalTypeMapping mapping) => new(ExpressionType.Convert, operand, typeof(string), mapping);

        SqlExpression ToJson(SqlExpression scalar) => sql.Function("to_jsonb", [scalar], nullable: true, [true], typeof(string), json);
    }

    protected override SqlExpression? GenerateJsonPartialUpdateSetter(Expression target, SqlExpression value, ref SqlExpression? existingSetterValue)
    {
        var (column, path) = target is JsonScalarExpression scalar ? ((ColumnExpression)scalar.Json, scalar.Path) : (((JsonQueryExpression)target).JsonColumn, ((JsonQueryExpression)target).Path);

        if (target is JsonScalarExpression part && IsElement(part))
        {
            var changed = WithElement(existingSetterValue ?? column, part.Path[0].ArrayIndex!, value);
            if (existingSetterValue is null)
            {
                return changed;
            }

            existingSetterValue = changed;
            return null;
        }

        // jsonb_set of NULL is NULL: the whole document would be gone.
        var json = column.TypeMapping!;
        value = sql.Coalesce(value, new SqlUnaryExpression(ExpressionType.Convert, sql.ApplyDefaultTypeMapping(sql.Constant("null")), typeof(string), json), json);
        var steps = sql.Constant(path, RelationalTypeMapping.NullMapping);
        var set = sql.Function("jsonb_set", [existingSetterValue ?? column, steps, value], nullable: true, [true, false, false], typeof(string), json);
        if (existingSetterValue is null)
        {
            return set;
        }

        existingSetterValue = set;
        return null;
    }

    private static bool IsElement(JsonScalarExpression part) => part.Json.TypeMapping is { } mapping && mapping.StoreType.EndsWith("[]", StringComparison.Ordinal);

    /// <summary>Places count from 1 in the database. One that is not there is an error, as in .NET; an array that is NULL stays so.</summary>
    private SqlExpression WithElement(SqlExpression array, SqlExpression index, SqlExpression value)
    {
        var place = index is SqlConstantExpression { Value: int constant and < int.MaxValue } ? sql.Constant(constant + 1) : sql.Add(index, sql.Constant(1));
        return sql.Function("array_set", [array, sql.ApplyDefaultTypeMapping(place), value], nullable: true, [true, false, false], array.Type, array.TypeMapping);
    }
}
