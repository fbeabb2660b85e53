using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Tests.Oracle.Trade;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Generated;

/// <summary>What every random query gives, so that any two can be joined, united and nested.</summary>
internal sealed record Row
{
    public int? A { get; set; }

    public int? B { get; set; }

    public string? S { get; set; }

    public string? T { get; set; }

    public decimal? D { get; set; }

    public DateTime? At { get; set; }

    public bool F { get; set; }
}

/// <summary>
/// Composes queries from a seed: sources with navigations and subqueries, then filters, projections, orders with pages, set operations, joins, groups and
/// SelectMany in any sequence. The same seed gives the same query over the database and over lists.
/// </summary>
internal sealed class QueryGenerator(TradeModel model, int seed)
{
    private static readonly string[] Texts = ["", "a", "London", "Berlin", "Owner", "o", "R1", "b%_"];

    private readonly Random random = new(seed);

    public IQueryable<Row> Next()
    {
        var query = Source();
        for (var steps = random.Next(1, 5); steps > 0; steps--)
        {
            query = Step(query);
        }

        return query;
    }

    private IQueryable<Row> Source() => random.Next(8) switch
    {
        0 => model.Customers.Select(c => new Row { A = c.Orders.Count, B = c.CompanyName.Length, S = c.City, T = c.Country, D = c.Orders.Sum(o => o.Freight), At = c.Orders.Max(o => o.OrderDate), F = c.Region == null }),
        1 => model.Orders.Select(o => new Row { A = o.OrderId, B = o.EmployeeId, S = o.Customer!.City, T = o.Employee!.LastName, D = o.Freight, At = o.OrderDate, F = o.ShippedDate == null }),
        2 => model.Lines.Select(l => new Row { A = l.ProductId, B = l.Quantity, S = l.Product.ProductName, T = l.Order.Customer!.Country, D = l.UnitPrice, At = l.Order.OrderDate, F = l.Product.Discontinued }),
        3 => model.Products.Select(p => new Row { A = p.ProductId, B = p.CategoryId, S = p.ProductName, D = p.UnitPrice, F = p.Discontinued, T = (string?)null, At = (DateTime?)null }),
        4 => model.Employees.Select(e => new Row { A = e.EmployeeId, B = e.ReportsTo, S = e.City, T = e.Manager!.LastName, D = e.Orders.Max(o => (decimal?)o.Freight), F = e.Reports.Any(), At = (DateTime?)null }),
        5 => model.Customers.SelectMany(c => c.Orders.Where(o => o.Freight > 100m), (c, o) => new Row { A = o.OrderId, B = o.Lines.Count, S = c.City, T = c.Region, D = o.Freight, At = o.ShippedDate, F = o.EmployeeId == null }),
        6 => model.Customers.SelectMany(c => c.Orders.OrderByDescending(o => o.Freight).ThenBy(o => o.OrderId).Take(2).DefaultIfEmpty(), (c, o) => new Row { A = (int?)o!.OrderId, S = c.City, T = c.ContactTitle, D = (decimal?)o.Freight, F = o == null, B = (int?)null, At = (DateTime?)null }),
        _ => model.Orders.GroupBy(o => new { o.EmployeeId, o.Customer!.Country }).Select(g => new Row { A = g.Count(), B = g.Key.EmployeeId, S = g.Key.Country, D = g.Max(o => o.Freight), At = g.Min(o => o.OrderDate), F = g.Any(o => o.Freight > 300m), T = (string?)null }),
    };

    private IQueryable<Row> Step(IQueryable<Row> query)
    {
        switch (random.Next(11))
        {
            case 0 or 1 or 2:
                return query.Where(Predicate(3));
            case 3:
                return query.Select(Projection());
            case 4:
                return Page(query);
            case 5:
                return query.Distinct();
            case 6:
                return Combine(query);
            case 7:
                return Join(query);
            case 8 or 9:
                return Group(query);
            default:
                return Flatten(query);
        }
    }

    /// <summary>By every column, so that rows which tie are equal, and any of them may be taken.</summary>
    private IQueryable<Row> Page(IQueryable<Row> query)
    {
        var key = IntKey();
        var ordered = (random.Next(2) == 0 ? query.OrderBy(key) : query.OrderByDescending(key)).ThenBy(r => r.A).ThenByDescending(r => r.B).ThenBy(r => r.S).ThenBy(r => r.T).ThenBy(r => r.D).ThenBy(r => r.At).ThenBy(r => r.F);
        return random.Next(3) switch
        {
            0 => ordered.Take(random.Next(1, 30)),
            1 => ordered.Skip(random.Next(0, 9)).Take(random.Next(1, 30)),
            _ => ordered.Skip(random.Next(0, 20)),
        };
    }

    private IQueryable<Row> Combine(IQueryable<Row> query)
    {
        var other = Source().Where(Predicate(2)).Select(Projection());
        query = query.Select(Projection());
        return random.Next(4) switch
        {
            0 => query.Concat(other),
            1 => query.Union(other),
            2 => query.Intersect(other),
            _ => query.Except(other),
        };
    }

    private IQueryable<Row> Join(IQueryable<Row> query)
    {
        // Few rows, or joins of joins would become millions.
        query = Page(query).Take(40);
        var other = Source().Where(Predicate(1));
        other = Page(other).Take(40);

        // A key that is null has no partner; but where the other key is the constant null, EF Core asks for IS NULL.
        return random.Next(3) switch
        {
            0 => query.Join(other.Where(b => b.A != null), a => a.B, b => b.A, (a, b) => new Row { A = a.A, B = b.B, S = a.S, T = b.T, D = b.D, At = a.At, F = a.F }),
            1 => query.Join(other.Where(b => b.S != null), a => a.S, b => b.S, (a, b) => new Row { A = a.A, B = b.B, S = a.T, T = b.T, D = a.D, At = b.At, F = b.F }),
            _ => query.LeftJoin(
                model.Products, a => a.B, p => (int?)p.ProductId, (a, p) => new Row { A = a.A, B = p!.CategoryId, S = a.S, T = p.ProductName, D = p.UnitPrice, At = a.At, F = a.F }),
        };
    }

    private IQueryable<Row> Group(IQueryable<Row> query) => random.Next(4) switch
    {
        0 => query.GroupBy(r => r.S).Select(g => new Row { S = g.Key, A = g.Count(), B = g.Max(r => r.B), D = g.Sum(r => r.D), At = g.Min(r => r.At), F = g.All(r => r.F), T = (string?)null }),
        1 => query.GroupBy(r => new { r.B, r.F }).Where(g => g.Count() > 1).Select(g => new Row { A = g.Key.B, F = g.Key.F, B = g.Count(r => r.D > 50m), D = g.Max(r => r.D), T = g.Min(r => r.T), S = (string?)null, At = (DateTime?)null }),
        2 => query.GroupBy(IntKey()).Select(g => new Row { A = g.Key, B = g.Where(r => r.S != null).Select(r => r.S).Distinct().Count(), D = g.Min(r => r.D), S = g.Max(r => r.S), F = g.Any(r => r.F), T = (string?)null, At = (DateTime?)null }),
        _ => query.Where(r => r.At != null).GroupBy(r => r.At!.Value.Year).Select(g => new Row { A = g.Count(), B = g.Sum(r => r.B), D = g.Average(r => r.D) * 0, S = (string?)null, T = (string?)null, At = (DateTime?)null, F = false }),
    };

    private IQueryable<Row> Flatten(IQueryable<Row> query)
    {
        query = Page(query).Take(30);
        return random.Next(2) == 0
            ? query.SelectMany(r => model.Employees.Where(e => r.S != null && e.City == r.S), (r, e) => new Row { A = r.A, B = e.EmployeeId, S = e.LastName, T = r.T, D = r.D, At = r.At, F = r.F })
            : query.SelectMany(r => model.Products.Where(p => p.ProductId == r.B).DefaultIfEmpty(), (r, p) => new Row { A = r.A, B = p!.CategoryId, S = p.ProductName, T = r.S, D = p.UnitPrice, At = r.At, F = r.F });
    }

    private Expression<Func<Row, bool>> Predicate(int depth)
    {
        var row = Expression.Parameter(typeof(Row), "r");
        return Expression.Lambda<Func<Row, bool>>(Bool(row, depth), row);
    }

    private Expression<Func<Row, int?>> IntKey()
    {
        var row = Expression.Parameter(typeof(Row), "r");
        return Expression.Lambda<Func<Row, int?>>(Expression.Modulo(Member(row, random.Next(2) == 0 ? "A" : "B"), Expression.Constant(random.Next(2, 12), typeof(int?))), row);
    }

    private Expression<Func<Row, Row>> Projection()
    {
        var row = Expression.Parameter(typeof(Row), "r");
        return Expression.Lambda<Func<Row, Row>>(
            Expression.MemberInit(
                Expression.New(typeof(Row)), Bind("A", Int(row, 2)), Bind("B", Int(row, 1)), Bind("S", Text(row, 2)), Bind("T", Text(row, 1)), Bind("D", Decimal(row, 2)),
                Bind("At", Member(row, "At")), Bind("F", Bool(row, 1))),
            row);

        static MemberAssignment Bind(string name, Expression value) => Expression.Bind(typeof(Row).GetProperty(name)!, value);
    }

    private Expression Bool(ParameterExpression row, int depth) => random.Next(depth <= 0 ? 8 : 13) switch
    {
        0 => Member(row, "F"),
        1 => Compare(Int(row, depth - 1), Int(row, 0)),
        2 => Compare(Decimal(row, depth - 1), Decimal(row, 0)),
        3 => Expression.MakeBinary(random.Next(2) == 0 ? ExpressionType.Equal : ExpressionType.NotEqual, Text(row, depth - 1), Text(row, 0)),
        4 => Expression.Equal(Member(row, "A"), Expression.Constant(null, typeof(int?))),
        5 => Expression.NotEqual(Member(row, "S"), Expression.Constant(null, typeof(string))),
        6 => Compare(Member(row, "At"), Expression.Constant((DateTime?)new DateTime(1997, 1, 1).AddDays(random.Next(300)), typeof(DateTime?))),
        7 => Expression.Call(typeof(Enumerable), nameof(Enumerable.Contains), [typeof(int?)], Expression.Constant(new int?[] { random.Next(9), random.Next(30), random.Next(2) == 0 ? null : 3 }), Int(row, 0)),
        8 => Expression.AndAlso(Bool(row, depth - 1), Bool(row, depth - 1)),
        9 => Expression.OrElse(Bool(row, depth - 1), Bool(row, depth - 1)),
        10 => Expression.Not(Bool(row, depth - 1)),
        11 => Expression.AndAlso(
            Expression.NotEqual(Member(row, "T"), Expression.Constant(null, typeof(string))),
            Expression.Call(Member(row, "T"), random.Next(3) switch { 0 => nameof(string.StartsWith), 1 => nameof(string.Contains), _ => nameof(string.EndsWith) }, null, Expression.Constant(Texts[random.Next(Texts.Length)]))),
        _ => Exists(row),
    };

    private MethodCallExpression Exists(ParameterExpression row)
    {
        var order = Expression.Parameter(typeof(Order), "o");
        var condition = Expression.AndAlso(
            Expression.Equal(Expression.Property(order, nameof(Order.EmployeeId)), Member(row, random.Next(2) == 0 ? "A" : "B")),
            Expression.GreaterThan(Expression.Property(order, nameof(Order.Freight)), Expression.Constant((decimal)random.Next(450))));
        return Expression.Call(typeof(Queryable), nameof(Queryable.Any), [typeof(Order)], model.Orders.Expression, Expression.Quote(Expression.Lambda<Func<Order, bool>>(condition, order)));
    }

    private BinaryExpression Compare(Expression left, Expression right)
        => Expression.MakeBinary(
            random.Next(6) switch
            {
                0 => ExpressionType.Equal, 1 => ExpressionType.NotEqual, 2 => ExpressionType.LessThan, 3 => ExpressionType.GreaterThan, 4 => ExpressionType.LessThanOrEqual, _ => ExpressionType.GreaterThanOrEqual,
            },
            left, right);

    private Expression Int(ParameterExpression row, int depth) => random.Next(depth <= 0 ? 3 : 9) switch
    {
        0 => Member(row, "A"),
        1 => Member(row, "B"),
        2 => Expression.Constant((int?)random.Next(-5, 40), typeof(int?)),
        3 => Expression.Add(Int(row, depth - 1), Int(row, 0)),
        4 => Expression.Subtract(Int(row, depth - 1), Int(row, 0)),
        5 => Expression.Modulo(Int(row, depth - 1), Expression.Constant((int?)random.Next(2, 9), typeof(int?))),
        6 => Expression.Divide(Int(row, depth - 1), Expression.Constant((int?)random.Next(2, 9), typeof(int?))),
        7 => Expression.Condition(Bool(row, depth - 1), Int(row, depth - 1), Int(row, 0)),
        _ => Expression.Coalesce(Int(row, depth - 1), Int(row, 0)),
    };

    private Expression Decimal(ParameterExpression row, int depth) => random.Next(depth <= 0 ? 2 : 6) switch
    {
        0 => Member(row, "D"),
        1 => Expression.Constant((decimal?)(random.Next(0, 4000) / 8m), typeof(decimal?)),
        2 => Expression.Add(Decimal(row, depth - 1), Decimal(row, 0)),
        3 => Expression.Multiply(Decimal(row, depth - 1), Expression.Constant((decimal?)1.5m, typeof(decimal?))),
        4 => Expression.Condition(Bool(row, depth - 1), Decimal(row, depth - 1), Decimal(row, 0)),
        _ => Expression.Coalesce(Decimal(row, depth - 1), Decimal(row, 0)),
    };

    private Expression Text(ParameterExpression row, int depth) => random.Next(depth <= 0 ? 3 : 7) switch
    {
        0 => Member(row, "S"),
        1 => Member(row, "T"),
        2 => Expression.Constant(Texts[random.Next(Texts.Length)]),
        3 => Expression.Add(Text(row, depth - 1), Text(row, 0), typeof(string).GetMethod(nameof(string.Concat), [typeof(string), typeof(string)])),
        4 => Expression.Condition(Bool(row, depth - 1), Text(row, depth - 1), Text(row, 0)),
        5 => Expression.Call(Expression.Coalesce(Text(row, depth - 1), Expression.Constant("none")), nameof(string.ToUpper), null),
        _ => Expression.Coalesce(Text(row, depth - 1), Text(row, 0)),
    };

    private static MemberExpression Member(ParameterExpression row, string name) => Expression.Property(row, name);
}
