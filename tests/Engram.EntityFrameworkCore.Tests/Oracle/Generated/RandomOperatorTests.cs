using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Engram.EntityFrameworkCore.Tests.Oracle.Translations;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Generated;

/// <summary>Operators within operators: each must be written so that it binds as it does in C#, which only nesting shows.</summary>
public sealed class RandomOperatorTests(BasicFixture fixture) : IClassFixture<BasicFixture>
{
    private const int SeedsPerPart = 20;

    [Theory]
    [InlineData(RowState.Delta, 0)]
    [InlineData(RowState.Segments, 1)]
    [InlineData(RowState.Delta, 2)]
    [InlineData(RowState.Segments, 3)]
    public void Nested_operators_give_what_NET_gives(RowState state, int part)
    {
        using var context = fixture.CreateContext(state);
        for (var seed = part * SeedsPerPart; seed < (part + 1) * SeedsPerPart; seed++)
        {
            var number = new OperatorGenerator(seed).Number();
            Check(number, q => q.OrderBy(b => b.Id).Select(number));
            var condition = new OperatorGenerator(seed).Condition();
            Check(condition, q => q.Where(condition).OrderBy(b => b.Id).Select(b => b.Id));
        }

        void Check<T>(LambdaExpression expression, Func<IQueryable<Basic>, IQueryable<T>> query)
        {
            var (expected, actual) = (query(fixture.InMemory).ToList(), query(context.Basics));
            Assert.True(expected.SequenceEqual(actual), $"{expression}\nexpected {string.Join(", ", expected)}\nactual {string.Join(", ", actual)}\n{actual.ToQueryString()}");
        }
    }

    /// <summary>Numbers stay small: .NET goes on after an overflow, and the database does not.</summary>
    private sealed class OperatorGenerator(int seed)
    {
        private const int Depth = 4;

        private readonly Random random = new(seed);
        private readonly ParameterExpression row = Expression.Parameter(typeof(Basic), "b");

        public Expression<Func<Basic, int>> Number() => Expression.Lambda<Func<Basic, int>>(Int(Depth), row);

        public Expression<Func<Basic, bool>> Condition() => Expression.Lambda<Func<Basic, bool>>(Bool(Depth), row);

        private Expression Int(int depth) => depth == 0
            ? random.Next(3) switch
            {
                0 => Member(nameof(Basic.Id)),
                1 => Expression.And(Member(nameof(Basic.Int)), Expression.Constant(15)),
                _ => Expression.Constant(random.Next(-4, 9)),
            }
            : random.Next(12) switch
            {
                0 => Expression.Add(Int(depth - 1), Int(depth - 1)),
                1 => Expression.Subtract(Int(depth - 1), Int(depth - 1)),
                2 => Expression.Multiply(Int(depth - 1), Expression.Constant(random.Next(-3, 4))),
                3 => Expression.And(Int(depth - 1), Int(depth - 1)),
                4 => Expression.Or(Int(depth - 1), Int(depth - 1)),
                5 => Expression.ExclusiveOr(Int(depth - 1), Int(depth - 1)),
                6 => Expression.Negate(Int(depth - 1)),
                7 => Expression.Not(Int(depth - 1)),
                8 => Expression.Divide(Int(depth - 1), Member(nameof(Basic.Id))),
                9 => Expression.Modulo(Int(depth - 1), Member(nameof(Basic.Id))),
                10 => Expression.Condition(Bool(depth - 1), Int(depth - 1), Int(depth - 1)),
                _ => Expression.Coalesce(NullableInt(), Int(depth - 1)),
            };

        private Expression NullableInt()
        {
            var small = Expression.And(Member(nameof(Basic.MaybeInt)), Expression.Constant((int?)7, typeof(int?)));
            return random.Next(3) switch { 0 => small, 1 => Expression.Negate(small), _ => Expression.Not(small) };
        }

        private Expression Bool(int depth) => depth == 0
            ? random.Next(2) == 0 ? Member(nameof(Basic.Flag)) : Expression.Equal(Member(nameof(Basic.Maybe)), Expression.Constant(null, typeof(string)))
            : random.Next(10) switch
            {
                0 => Expression.AndAlso(Bool(depth - 1), Bool(depth - 1)),
                1 => Expression.OrElse(Bool(depth - 1), Bool(depth - 1)),
                2 => Expression.Not(Bool(depth - 1)),
                3 => Expression.Equal(Bool(depth - 1), Bool(depth - 1)),
                4 => Expression.ExclusiveOr(Bool(depth - 1), Bool(depth - 1)),
                5 => Expression.And(Bool(depth - 1), Bool(depth - 1)),
                6 => Expression.LessThan(Int(depth - 1), Int(depth - 1)),
                7 => Expression.NotEqual(NullableInt(), NullableInt()),
                8 => Expression.GreaterThanOrEqual(NullableInt(), NullableInt()),
                _ => Expression.Equal(Int(depth - 1), Int(depth - 1)),
            };

        private MemberExpression Member(string name) => Expression.Property(row, name);
    }
}
