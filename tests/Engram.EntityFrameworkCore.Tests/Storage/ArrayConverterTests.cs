using System.Collections.ObjectModel;
using System.Linq.Expressions;
using System.Net;
using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Engram.EntityFrameworkCore.Tests.Storage;

public sealed class ArrayConverterTests
{
    [Fact]
    public void Collections_become_arrays_and_come_back_as_what_they_were()
    {
        AssertRoundTrip<List<int>, int, int>(null, [1, 2], [1, 2]);
        AssertRoundTrip<int?[], int?, int?>(null, [1, null], [1, null]);
        AssertRoundTrip<IReadOnlyList<string?>, string?, string?>(null, ["a", null], ["a", null]);
        AssertRoundTrip<ObservableCollection<Guid>, Guid, Guid>(null, [Guid.Empty], [Guid.Empty]);
        AssertRoundTrip<ReadOnlyCollection<long>, long, long>(null, new ReadOnlyCollection<long>([3, 4]), [3, 4]);
        AssertRoundTrip<HashSet<int>, int, int>(null, [7], [7]);
        AssertRoundTrip<List<DayOfWeek>, DayOfWeek, int>(new EnumToNumberConverter<DayOfWeek, int>(), [DayOfWeek.Friday], [5]);
        AssertRoundTrip<List<DayOfWeek?>, DayOfWeek?, int?>(new EnumToNumberConverter<DayOfWeek, int>(), [null, DayOfWeek.Monday], [null, 1]);
        AssertRoundTrip<DayOfWeek?[], DayOfWeek?, string?>(new EnumToStringConverter<DayOfWeek>(), [null, DayOfWeek.Monday], [null, "Monday"]);
        AssertRoundTrip<List<IPAddress?>, IPAddress?, string?>(new IPAddressToStringConverter(), [null, IPAddress.Loopback], [null, "127.0.0.1"]);
    }

    [Fact]
    public void Its_expressions_hold_nothing_that_code_cannot_say()
    {
        var converter = new EngramArrayConverter<List<DayOfWeek?>, DayOfWeek?, int?>(new EnumToNumberConverter<DayOfWeek, int>());
        foreach (var expression in (Expression[])[converter.ConvertToProviderExpression, converter.ConvertFromProviderExpression])
        {
            new ConstantAssert().Visit(expression);
        }
    }

    private static void AssertRoundTrip<TCollection, TElement, TProviderElement>(ValueConverter? element, TCollection collection, TProviderElement[] expected)
        where TCollection : class, IEnumerable<TElement>
    {
        var converter = new EngramArrayConverter<TCollection, TElement, TProviderElement>(element);
        var array = Assert.IsType<TProviderElement[]>(converter.ConvertToProvider(collection));
        Assert.Equal(expected, array);
        Assert.Equal(collection, Assert.IsAssignableFrom<TCollection>(converter.ConvertFromProvider(array)));
    }

    /// <summary>A compiled model writes constants of simple types only.</summary>
    private sealed class ConstantAssert : ExpressionVisitor
    {
        protected override Expression VisitConstant(ConstantExpression node)
        {
            Assert.True(node.Value is null or int or bool or string, $"a constant of type {node.Type}");
            return node;
        }
    }
}
