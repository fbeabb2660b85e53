using System.Collections;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Translations;

/// <summary>An expression over a row, which has to be translated.</summary>
internal sealed record TranslationCase(string Name, string Topic, LambdaExpression Expression, Func<IQueryable<Basic>, IQueryable> Values, Func<IQueryable<Basic>, IQueryable<int>> Order);

/// <summary>Expressions by topic; the name of one is how it is written.</summary>
internal sealed class TranslationTopic(string topic) : IEnumerable<TranslationCase>
{
    private readonly List<TranslationCase> cases = [];

    public void Add<T>(Expression<Func<Basic, T>> expression, [CallerArgumentExpression(nameof(expression))] string name = "")
        => cases.Add(new TranslationCase(
            name.StartsWith("b => ", StringComparison.Ordinal) ? name[5..] : name, topic, expression, q => q.OrderBy(b => b.Id).Select(expression),
            q => typeof(T) == typeof(bool)
                ? q.Where((Expression<Func<Basic, bool>>)(object)expression).OrderBy(b => b.Id).Select(b => b.Id)
                : q.OrderBy(expression).ThenBy(b => b.Id).Select(b => b.Id)));

    public IEnumerator<TranslationCase> GetEnumerator() => cases.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
