using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Expressions;
using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>
/// Collections in a column: arrays, which <c>unnest</c> turns into rows, and JSON arrays. What a function answers at once (how many, is it in there, the
/// n-th) is asked of the function.
/// </summary>
internal sealed partial class QueryTranslator
{
    protected override ShapedQueryExpression? TranslatePrimitiveCollection(SqlExpression sqlExpression, IProperty? property, string tableAlias)
    {
        var elementType = ElementTypeOf(sqlExpression.Type);
        var elementMapping = (RelationalTypeMapping?)sqlExpression.TypeMapping?.ElementTypeMapping;
        var isElementNullable = property?.GetElementType()?.IsNullable ?? (!elementType.IsValueType || Nullable.GetUnderlyingType(elementType) is not null);
        var plainType = Nullable.GetUnderlyingType(elementType) ?? elementType;
        var isJson = sqlExpression.TypeMapping is { StoreType: "json" or "jsonb" };
        if (elementMapping is null || (!isJson && sqlExpression.TypeMapping?.StoreType.EndsWith("[]", StringComparison.Ordinal) != true))
        {
            return null;
        }

        var text = typeMappingSource.FindMapping(typeof(string));
        SqlExpression element = isJson
            ? new ColumnExpression(RowsFunctionExpression.Value, tableAlias, typeof(string), text, isElementNullable)
            : new ColumnExpression(RowsFunctionExpression.Value, tableAlias, plainType, elementMapping, isElementNullable);
        if (isJson && elementMapping.StoreType == "bytea")
        {
            element = sql.Function("decode", [element, sql.Constant("base64")], nullable: true, [true, false], plainType, elementMapping);
        }
        else if (isJson && (plainType != typeof(string) || elementMapping.Converter is not null))
        {
            element = sql.Convert(element, plainType, elementMapping);
        }

        var place = new ColumnExpression(RowsFunctionExpression.Ordinality, tableAlias, typeof(long), typeMappingSource.FindMapping(typeof(long)), nullable: false);
        var rows = new RowsFunctionExpression(
            tableAlias, isJson ? "jsonb_array_elements_text" : "unnest", [sqlExpression], [new RowsColumn(RowsFunctionExpression.Value, null)]);
#pragma warning disable EF1001 // EF Core has no public way to make a SELECT over a table of one's own; every provider uses this one.
        var select = new SelectExpression([rows], element, [(place, place.TypeMapping!.Comparer)], queryCompilationContext.SqlAliasManager);
#pragma warning restore EF1001
        select.AppendOrdering(new OrderingExpression(place, ascending: true));
        var nullableType = elementType.IsValueType && Nullable.GetUnderlyingType(elementType) is null ? typeof(Nullable<>).MakeGenericType(elementType) : elementType;
        Expression shaper = new ProjectionBindingExpression(select, new ProjectionMember(), nullableType);
        return new ShapedQueryExpression(select, nullableType == elementType ? shaper : Expression.Convert(shaper, elementType));
    }

    /// <summary>Without values there is no VALUES: one row, of the right type, and a filter that leaves it out.</summary>
    protected override ShapedQueryExpression? TranslateInlineQueryRoot(InlineQueryRootExpression inlineQueryRootExpression)
    {
        if (inlineQueryRootExpression.Values.Count > 0)
        {
            return base.TranslateInlineQueryRoot(inlineQueryRootExpression);
        }

        var type = inlineQueryRootExpression.ElementType;
        var row = Expression.Constant(type.IsValueType && Nullable.GetUnderlyingType(type) is null ? Activator.CreateInstance(type) : null, type);
        var source = base.TranslateInlineQueryRoot(new InlineQueryRootExpression([row], type));
        if (source?.QueryExpression is SelectExpression select)
        {
            select.ApplyPredicate(sql.ApplyDefaultTypeMapping(sql.Constant(false)));
        }

        return source;
    }

    /// <summary>An array of objects within a document, as rows with a column for each of their members.</summary>
    protected override ShapedQueryExpression TransformJsonQueryToTable(JsonQueryExpression jsonQueryExpression)
    {
        var name = jsonQueryExpression.Path.LastOrDefault(s => s.PropertyName is not null).PropertyName ?? jsonQueryExpression.JsonColumn.Name;
        var alias = queryCompilationContext.SqlAliasManager.GenerateTableAlias(name);
        var json = jsonQueryExpression.JsonColumn.TypeMapping!;
        var type = jsonQueryExpression.StructuralType;
        var columns = type.GetPropertiesInHierarchy().Where(p => p.GetJsonPropertyName() is not null)
            .Select(p => new RowsColumn(p.GetJsonPropertyName()!, p.GetRelationalTypeMapping())).ToList();
        columns.AddRange(type switch
        {
            IEntityType entity => entity.GetNavigationsInHierarchy()
                .Where(n => n.ForeignKey.IsOwnership && n.TargetEntityType.IsMappedToJson() && n.ForeignKey.PrincipalToDependent == n)
                .Select(n => new RowsColumn(n.TargetEntityType.GetJsonPropertyName()!, json)),
            _ => ((IComplexType)type).GetComplexProperties().Select(p => new RowsColumn(p.ComplexType.GetJsonPropertyName()!, json)),
        });
        var array = new JsonScalarExpression(jsonQueryExpression.JsonColumn, jsonQueryExpression.Path, typeof(string), json, jsonQueryExpression.IsNullable);
        var rows = new RowsFunctionExpression(alias, "jsonb_to_recordset", [array], columns);
#pragma warning disable EF1001
        var select = CreateSelect(jsonQueryExpression, rows, RowsFunctionExpression.Ordinality, typeof(long), typeMappingSource.FindMapping(typeof(long))!);
#pragma warning restore EF1001
        return new ShapedQueryExpression(
            select, new RelationalStructuralTypeShaperExpression(type, new ProjectionBindingExpression(select, new ProjectionMember(), typeof(ValueBuffer)), false));
    }

    protected override ShapedQueryExpression? TranslateCount(ShapedQueryExpression source, LambdaExpression? predicate)
        => predicate is null && TryGetArray(source, out var array)
            ? Single(source, IsOfDocuments(source) ? sql.Coalesce(LengthOf(array), sql.Constant(0)) : LengthOf(array), typeof(int))
            : base.TranslateCount(source, predicate);

    protected override ShapedQueryExpression? TranslateAny(ShapedQueryExpression source, LambdaExpression? predicate)
        => predicate is null && TryGetArray(source, out var array)
            ? Single(source, sql.GreaterThan(LengthOf(array), sql.Constant(0)), typeof(bool))
            : base.TranslateAny(source, predicate);

    protected override ShapedQueryExpression? TranslateContains(ShapedQueryExpression source, Expression item)
    {
        if (!TryGetArray(source, out var array) || array.TypeMapping is not { ElementTypeMapping: RelationalTypeMapping element } mapping || !mapping.StoreType.EndsWith("[]", StringComparison.Ordinal)
            || TranslateExpression(item, applyDefaultTypeMapping: false) is not { } value)
        {
            return base.TranslateContains(source, item);
        }

        // The element's type, with its converter, not the type that the value would have alone.
        value = sql.ApplyTypeMapping(value, element);
        SqlExpression any = new ArrayAnyExpression(value, array, typeMappingSource.FindMapping(typeof(bool)));
        if (IsNullable(value))
        {
            // In .NET null is found where it is an element.
            var position = sql.Function("array_position", [array, sql.Constant(null, value.Type, element)], nullable: true, [false, false], typeof(int));
            any = sql.OrElse(any, sql.AndAlso(sql.IsNull(value), sql.IsNotNull(position)));
        }

        return Single(source, any, typeof(bool));

        static bool IsNullable(SqlExpression value) => value switch
        {
            SqlConstantExpression constant => constant.Value is null,
            ColumnExpression column => column.IsNullable,
            _ => !value.Type.IsValueType || Nullable.GetUnderlyingType(value.Type) is not null,
        };
    }

    protected override ShapedQueryExpression? TranslateElementAtOrDefault(ShapedQueryExpression source, Expression index, bool returnDefault)
    {
        if (returnDefault || !TryGetArray(source, out var array) || array.TypeMapping is not { ElementTypeMapping: RelationalTypeMapping element } mapping || TranslateExpression(index) is not { } place)
        {
            return base.TranslateElementAtOrDefault(source, index, returnDefault);
        }

        var type = Nullable.GetUnderlyingType(ElementTypeOf(array.Type)) ?? ElementTypeOf(array.Type);
        place = sql.ApplyDefaultTypeMapping(place);
        if (!mapping.StoreType.EndsWith("[]", StringComparison.Ordinal))
        {
            // A step further on the way into the document, which ExecuteUpdate can change as well.
            var (document, path) = array is JsonScalarExpression part ? (part.Json, part.Path) : (array, []);
            return Single(source, new JsonScalarExpression(document, [.. path, new PathSegment(place)], type, element, nullable: true), source.ShaperExpression.Type);
        }

        if (isUpdate && array is ColumnExpression)
        {
            // EF Core sets columns and parts of them.
            return Single(source, new JsonScalarExpression(array, [new PathSegment(place)], type, element, nullable: true), source.ShaperExpression.Type);
        }

        place = place is SqlConstantExpression { Value: int constant } ? sql.Constant(constant + 1) : sql.Add(place, sql.Constant(1));
        return Single(source, new ArrayElementExpression(array, sql.ApplyDefaultTypeMapping(place), type, element), source.ShaperExpression.Type);
    }

    protected override bool IsNaturallyOrdered(SelectExpression selectExpression)
        => selectExpression is { Tables: [RowsFunctionExpression rows, ..] }
            && (selectExpression.Orderings is []
                || (selectExpression.Orderings is [{ Expression: ColumnExpression { Name: RowsFunctionExpression.Ordinality } place, IsAscending: true }] && place.TableAlias == rows.Alias));

    /// <summary>The column behind rows to which nothing was done yet.</summary>
    private bool TryGetArray(ShapedQueryExpression source, [NotNullWhen(true)] out SqlExpression? array)
    {
        array = null;
        if (source.QueryExpression is SelectExpression
            {
                Tables: [RowsFunctionExpression { Name: "unnest" or "jsonb_array_elements_text" or "jsonb_to_recordset" } rows], Predicate: null, GroupBy: [], Having: null, IsDistinct: false, Limit: null, Offset: null,
            } select
            && IsNaturallyOrdered(select))
        {
            array = rows.Arguments[0];
        }

        return array is not null;
    }

    /// <summary>A list of documents is a navigation to LINQ: where it is missing there is none, not an unknown number.</summary>
    private static bool IsOfDocuments(ShapedQueryExpression source) => source.QueryExpression is SelectExpression { Tables: [RowsFunctionExpression { Name: "jsonb_to_recordset" }] };

    private SqlExpression LengthOf(SqlExpression array)
        => sql.Function(
            array.TypeMapping?.StoreType.EndsWith("[]", StringComparison.Ordinal) == true ? "cardinality" : "jsonb_array_length", [array], nullable: true, [true], typeof(int));

    private ShapedQueryExpression Single(ShapedQueryExpression source, SqlExpression value, Type type)
    {
#pragma warning disable EF1001
        var select = new SelectExpression(value, queryCompilationContext.SqlAliasManager);
#pragma warning restore EF1001
        var nullable = type.IsValueType && Nullable.GetUnderlyingType(type) is null ? typeof(Nullable<>).MakeGenericType(type) : type;
        Expression shaper = new ProjectionBindingExpression(select, new ProjectionMember(), nullable);
        return source.Update(select, nullable == type ? shaper : Expression.Convert(shaper, type));
    }

    private static Type ElementTypeOf(Type type)
        => type.IsArray
            ? type.GetElementType()!
            : type.GetInterfaces().Prepend(type).First(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>)).GetGenericArguments()[0];
}
