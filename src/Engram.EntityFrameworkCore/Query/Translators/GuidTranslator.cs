using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary><c>Guid.NewGuid()</c>: one for each row.</summary>
internal sealed class GuidTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
        => method.DeclaringType == typeof(Guid) && method.Name == nameof(Guid.NewGuid)
            ? sql.Function("gen_random_uuid", [], nullable: false, [], typeof(Guid))
            : null;
}
