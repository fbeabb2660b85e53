using System.Collections;
using System.Linq.Expressions;
using System.Reflection;
using Engram.Data;
using Engram.EntityFrameworkCore.Query.Expressions;
using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary><c>EF.Functions.CosineDistance</c> and its kin: distance operators, and similarities in terms of them.</summary>
internal sealed class VectorTranslator(ISqlExpressionFactory sql, IRelationalTypeMappingSource typeMappingSource) : IMethodCallTranslator
{
    private RelationalTypeMapping Double { get; } = typeMappingSource.FindMapping(typeof(double))!;

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(EngramDbFunctionsExtensions) || arguments.Count != 3)
        {
            return null;
        }

        var (left, right) = (arguments[1], arguments[2]);
        return method.Name switch
        {
            nameof(EngramDbFunctionsExtensions.CosineDistance) => Distance(VectorOperator.CosineDistance, left, right),
            nameof(EngramDbFunctionsExtensions.CosineSimilarity) =>
                new SqlBinaryExpression(ExpressionType.Subtract, sql.ApplyDefaultTypeMapping(sql.Constant(1)), Distance(VectorOperator.CosineDistance, left, right), typeof(double), Double),
            nameof(EngramDbFunctionsExtensions.L2Distance) => Distance(VectorOperator.L2Distance, left, right),
            nameof(EngramDbFunctionsExtensions.L1Distance) => Distance(VectorOperator.L1Distance, left, right),
            nameof(EngramDbFunctionsExtensions.InnerProduct) => sql.Negate(Distance(VectorOperator.NegativeInnerProduct, left, right)),
            nameof(EngramDbFunctionsExtensions.HammingDistance) => Distance(VectorOperator.HammingDistance, left, right),
            nameof(EngramDbFunctionsExtensions.JaccardDistance) => Distance(VectorOperator.JaccardDistance, left, right),
            _ => null,
        };
    }

    private VectorDistanceExpression Distance(VectorOperator @operator, SqlExpression left, SqlExpression right)
    {
        // A parameter is a vector of the column's dimensions; between two parameters any dimensions are right.
        var mapping = Microsoft.EntityFrameworkCore.Query.ExpressionExtensions.InferTypeMapping(left, right);
        if (mapping is not null and not (EngramVectorTypeMapping or EngramHalfVectorTypeMapping or EngramSparseVectorTypeMapping or EngramBitArrayTypeMapping))
        {
            throw new InvalidOperationException(
                $"EF.Functions.{@operator} needs vectors, but one of its operands is stored as '{mapping.StoreType}'. "
                + "Give the property a column type with dimensions, as in [Column(TypeName = \"vector(768)\")].");
        }

        return new VectorDistanceExpression(@operator, Apply(left), Apply(right), Double);

        // Each side keeps its own .NET type: a column of memory may meet a parameter that is an array.
        SqlExpression Apply(SqlExpression operand)
        {
            if (operand.TypeMapping is not null)
            {
                return operand;
            }

            var own = typeMappingSource.FindMapping(operand.Type, mapping?.StoreType ?? StoreTypeOf(operand.Type))!;
            return sql.ApplyTypeMapping(operand, own);
        }
    }

    private static string StoreTypeOf(Type type)
        => type == typeof(Half[]) ? "halfvec" : type == typeof(EngramSparseVector) ? "sparsevec" : type == typeof(BitArray) ? "bit varying" : "vector";
}
