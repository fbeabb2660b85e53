using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Trade;

/// <summary>Set operations, and what stands around them.</summary>
internal static class TradeSets
{
    public static QueryCases<TradeModel> All => new()
    {
        { "set: union of entities", t => t.Customers.Where(c => c.City == "Berlin").Union(t.Customers.Where(c => c.City == "London")) },
        { "set: concat of entities", t => t.Customers.Where(c => c.City == "Berlin").Concat(t.Customers.Where(c => c.Country == "Germany")) },
        { "set: intersect of entities", t => t.Customers.Where(c => c.City == "London").Intersect(t.Customers.Where(c => c.ContactName!.Contains("a"))) },
        { "set: except of entities", t => t.Customers.Where(c => c.Country == "UK").Except(t.Customers.Where(c => c.ContactName!.Contains("a"))) },
        { "set: union, ordered and paged", t => t.Customers.Where(c => c.City == "Berlin").Union(t.Customers.Where(c => c.City == "London")).OrderBy(c => c.ContactName).ThenBy(c => c.CustomerId).Skip(1).Take(3) },
        { "set: union, filtered", t => t.Customers.Where(c => c.City == "Berlin").Union(t.Customers.Where(c => c.City == "London")).Where(c => c.ContactName!.Contains("a")) },
        { "set: nested unions", t => t.Customers.Where(c => c.ContactTitle == "Owner").Union(t.Customers.Where(c => c.City == "México D.F.")).Union(t.Customers.Where(c => c.City == "London")) },
        { "set: union with concat", t => t.Customers.Where(c => c.City == "Bern").Select(c => c.CustomerId).Concat(t.Customers.Where(c => c.City == "Bern").Select(c => c.CustomerId)).Union(t.Customers.Where(c => c.City == "London").Select(c => c.CustomerId)) },
        { "set: union then select", t => t.Customers.Where(c => c.City == "Berlin").Union(t.Customers.Where(c => c.City == "London")).Select(c => c.City + c.CompanyName) },
        { "set: select then union", t => t.Customers.Select(c => c.City).Union(t.Employees.Select(e => e.City)) },
        { "set: select then concat", t => t.Customers.Select(c => c.City).Concat(t.Employees.Select(e => e.City)) },
        { "set: select then except", t => t.Customers.Select(c => c.City).Except(t.Employees.Select(e => e.City)) },
        { "set: select then intersect", t => t.Customers.Select(c => c.City).Intersect(t.Employees.Select(e => e.City)) },
        { "set: of anonymous objects", t => t.Customers.Select(c => new { c.City, c.Country }).Union(t.Employees.Select(e => new { e.City, e.Country })) },
        { "set: of constants", t => t.Customers.Select(c => new { c.City, Kind = "c" }).Concat(t.Employees.Select(e => new { e.City, Kind = "e" })) },
        { "set: of nulls", t => t.Customers.Select(c => new { c.City, Id = (int?)null }).Concat(t.Employees.Select(e => new { e.City, Id = (int?)e.EmployeeId })) },
        { "set: of different numeric columns", t => t.Orders.Select(o => o.EmployeeId).Union(t.Products.Select(p => p.CategoryId)) },
        { "set: of columns and expressions", t => t.Orders.Select(o => o.OrderId % 10).Union(t.Products.Select(p => p.ProductId + 1)) },
        { "set: of lengths of text", t => t.Customers.Select(c => c.CompanyName.Length).Intersect(t.Products.Select(p => p.ProductName.Length)) },
        { "set: ordered operands", t => t.Customers.OrderBy(c => c.ContactName).Take(3).Union(t.Customers.OrderBy(c => c.CustomerId).Take(2)) },
        { "set: taken operands", t => t.Customers.OrderBy(c => c.CustomerId).Take(5).Select(c => c.City).Concat(t.Employees.OrderByDescending(e => e.EmployeeId).Take(2).Select(e => e.City)) },
        { "set: in a subquery", t => t.Customers.Where(c => t.Customers.Where(x => x.City == "Berlin").Union(t.Customers.Where(x => x.City == "London")).Contains(c)) },
        { "set: correlated in a subquery", t => t.Customers.Where(c => t.Orders.Where(o => o.CustomerId == c.CustomerId).Select(o => o.EmployeeId).Union(t.Employees.Where(e => e.City == c.City).Select(e => (int?)e.EmployeeId)).Count() > 4) },
        { "set: of collections", t => t.Customers.OrderBy(c => c.CustomerId).Select(c => c.Orders.Where(o => o.Freight > 300m).Select(o => o.OrderId).Union(c.Orders.Where(o => o.EmployeeId == 1).Select(o => o.OrderId)).Count()) },
        { "set: joined", t => from c in t.Customers.Where(c => c.City == "Berlin").Union(t.Customers.Where(c => c.City == "London")) join o in t.Orders on c.CustomerId equals o.CustomerId select new { c.CompanyName, o.OrderId } },
        { "set: grouped", t => t.Customers.Select(c => c.City).Concat(t.Employees.Select(e => e.City)).Where(c => c != null).GroupBy(c => c).Select(g => new { g.Key, N = g.Count() }) },
        { "set: distinct of concat", t => t.Customers.Select(c => c.City).Concat(t.Employees.Select(e => e.City)).Distinct() },
        { "set: count of union", t => t.Customers.Select(c => c.City).Union(t.Employees.Select(e => e.City)).Count() },
        { "set: any of intersect", t => t.Customers.Select(c => c.City).Intersect(t.Employees.Select(e => e.City)).Any(c => c == "London") },
        { "set: include over union", t => t.Customers.Where(c => c.City == "Berlin").Union(t.Customers.Where(c => c.City == "London")).Include(c => c.Orders).OrderBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, c.Orders.Count }).ToList() },
        { "set: select many over union", t => t.Customers.Where(c => c.City == "Berlin").Union(t.Customers.Where(c => c.City == "London")).SelectMany(c => c.Orders).Select(o => o.OrderId) },
        { "set: except of a nested except", t => t.Customers.Select(c => c.City).Except(t.Employees.Select(e => e.City).Except(t.Customers.Where(c => c.Country == "UK").Select(c => c.City))) },
    };
}
