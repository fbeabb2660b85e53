using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Shorthand for calls of the database's functions, which give NULL when an argument is NULL.</summary>
internal static class SqlCalls
{
    public static SqlExpression Call(this ISqlExpressionFactory sql, string function, Type type, params SqlExpression[] arguments)
        => sql.Call(function, type, typeMapping: null, arguments);

    public static SqlExpression Call(
        this ISqlExpressionFactory sql, string function, Type type, RelationalTypeMapping? typeMapping, params SqlExpression[] arguments)
        => sql.Function(function, arguments, nullable: true, Enumerable.Repeat(true, arguments.Length), type, typeMapping);
}
