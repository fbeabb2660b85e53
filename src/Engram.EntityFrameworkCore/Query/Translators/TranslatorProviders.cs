using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>The translators of methods, one file a topic. The last added is asked first.</summary>
internal sealed class MethodTranslators : RelationalMethodCallTranslatorProvider
{
    public MethodTranslators(RelationalMethodCallTranslatorProviderDependencies dependencies)
        : base(dependencies)
    {
        var sql = dependencies.SqlExpressionFactory;
        var types = dependencies.RelationalTypeMappingSource;
        AddTranslators(
        [
            new VectorTranslator(sql, types),
            new StringTranslator(sql),
            new LikeTranslator(sql),
            new RegexTranslator(sql),
            new MathTranslator(sql),
            new TimeTranslator(sql, types),
            new TimeSpanTranslator(sql, types),
            new ByteArrayTranslator(sql),
            new ConvertTranslator(sql),
            new GuidTranslator(sql),
        ]);
    }
}

/// <summary>The translators of properties.</summary>
internal sealed class MemberTranslators : RelationalMemberTranslatorProvider
{
    public MemberTranslators(RelationalMemberTranslatorProviderDependencies dependencies, IRelationalTypeMappingSource typeMappingSource)
        : base(dependencies)
    {
        var sql = dependencies.SqlExpressionFactory;
        AddTranslators([new StringTranslator(sql), new TimeTranslator(sql, typeMappingSource), new TimeSpanTranslator(sql, typeMappingSource)]);
    }
}

/// <summary>The translators of aggregates.</summary>
internal sealed class AggregateTranslators : RelationalAggregateMethodCallTranslatorProvider
{
    public AggregateTranslators(RelationalAggregateMethodCallTranslatorProviderDependencies dependencies)
        : base(dependencies)
        => AddTranslators(
        [
            new StringAggregateTranslator(dependencies.SqlExpressionFactory),
            new SumTranslator(dependencies.SqlExpressionFactory),
            new StatisticsTranslator(dependencies.SqlExpressionFactory, dependencies.RelationalTypeMappingSource),
        ]);
}
