using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Operators of LINQ over <c>byte[]</c>, which is <c>bytea</c> and no collection to the database. Length and index: <see cref="ExpressionTranslator"/>.</summary>
internal sealed class ByteArrayTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(Enumerable) && method.DeclaringType != typeof(MemoryExtensions) || arguments.Count == 0 || arguments[0].Type != typeof(byte[]))
        {
            return null;
        }

        var bytes = sql.ApplyDefaultTypeMapping(arguments[0]);
        return (method.Name, arguments.Skip(1).ToArray()) switch
        {
            (nameof(Enumerable.Contains), [{ } value]) when value.Type == typeof(byte) => sql.Call(
                "contains", typeof(bool), bytes, sql.Convert(sql.ApplyDefaultTypeMapping(value), typeof(int))),
            (nameof(Enumerable.First), []) => ByteAt(sql, bytes, sql.Constant(0)),
            (nameof(Enumerable.ElementAt), [var place]) => ByteAt(sql, bytes, place),
            (nameof(Enumerable.Count), []) => sql.Call("octet_length", typeof(int), bytes),
            (nameof(Enumerable.Any), []) => sql.GreaterThan(sql.Call("octet_length", typeof(int), bytes), sql.Constant(0)),
            (nameof(Enumerable.SequenceEqual), [{ } other]) when other.Type == typeof(byte[]) => sql.Equal(bytes, sql.ApplyTypeMapping(other, bytes.TypeMapping)),
            _ => null,
        };
    }

    /// <summary>NULL where there is none: a row that a filter leaves out must not fail the query.</summary>
    public static SqlExpression ByteAt(ISqlExpressionFactory sql, SqlExpression bytes, SqlExpression place)
        => sql.Case(
            [
                new CaseWhenClause(
                    sql.GreaterThan(sql.Call("octet_length", typeof(int), bytes), place),
                    sql.Convert(sql.Call("get_byte", typeof(int), bytes, sql.ApplyDefaultTypeMapping(place)), typeof(byte))),
            ],
            elseResult: null);
}
