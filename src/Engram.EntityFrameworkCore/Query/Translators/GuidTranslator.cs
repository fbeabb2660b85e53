using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary><c>Guid.NewGuid()</c> and <c>EF.Functions.Random()</c>: one for each row.</summary>
internal sealed class GuidTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
        => (method.DeclaringType == typeof(Guid), method.Name, arguments.Count) switch
        {
            (true, nameof(Guid.NewGuid), 0) => sql.Function("gen_random_uuid", [], nullable: false, [], typeof(Guid)),
            (true, nameof(Guid.CreateVersion7), 0) => sql.Function("uuidv7", [], nullable: false, [], typeof(Guid)),
            (false, nameof(DbFunctionsExtensions.Random), 1) when method.DeclaringType == typeof(DbFunctionsExtensions) =>
                sql.Function("random", [], nullable: false, [], typeof(double)),
            _ => null,
        };
}
