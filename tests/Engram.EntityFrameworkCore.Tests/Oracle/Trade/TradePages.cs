using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Trade;

/// <summary>Orders, pages, and what is composed over them.</summary>
internal static class TradePages
{
    public static QueryCases<TradeModel> All => new()
    {
        { "page: skip and take", t => t.Customers.OrderBy(c => c.ContactName).ThenBy(c => c.CustomerId).Skip(5).Take(10) },
        { "page: take and skip", t => t.Customers.OrderBy(c => c.ContactName).ThenBy(c => c.CustomerId).Take(10).Skip(5) },
        { "page: take of take", t => t.Customers.OrderBy(c => c.CustomerId).Take(10).Take(4).Select(c => c.CustomerId) },
        { "page: skip of skip", t => t.Customers.OrderBy(c => c.CustomerId).Skip(10).Skip(4).Select(c => c.CustomerId) },
        { "page: take zero", t => t.Customers.OrderBy(c => c.CustomerId).Take(0) },
        { "page: parameters", t => { var (s, k) = (3, 4); return t.Customers.OrderBy(c => c.CustomerId).Skip(s).Take(k).Select(c => c.CustomerId); } },
        { "page: distinct", t => t.Customers.Select(c => c.Country).Distinct().OrderBy(c => c).Skip(1).Take(3) },
        { "page: distinct after take", t => t.Customers.OrderBy(c => c.CustomerId).Take(15).Select(c => c.Country).Distinct() },
        { "page: take after distinct, ordered again", t => t.Customers.Select(c => c.Country).Distinct().OrderBy(c => c).Take(5).OrderByDescending(c => c) },
        { "page: order twice", t => t.Customers.OrderBy(c => c.City).OrderBy(c => c.CustomerId).Select(c => c.City) },
        { "page: order by expression", t => t.Customers.OrderBy(c => c.CompanyName.Length).ThenBy(c => c.CustomerId).Select(c => c.CompanyName) },
        { "page: order by conditional", t => t.Customers.OrderBy(c => c.Region == null ? "Z" : c.Region).ThenBy(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: order by boolean", t => t.Customers.OrderBy(c => c.Region == null).ThenBy(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: order by null first", t => t.Customers.OrderBy(c => c.Region).ThenBy(c => c.CustomerId).Select(c => new { c.Region, c.CustomerId }) },
        { "page: order by coalesce", t => t.Customers.OrderBy(c => c.Region ?? "ZZ").ThenByDescending(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: order by count of collection", t => t.Customers.OrderByDescending(c => c.Orders.Count()).ThenBy(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: order by any", t => t.Customers.OrderBy(c => c.Orders.Any()).ThenBy(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: order by first of collection", t => t.Customers.OrderBy(c => c.Orders.OrderBy(o => o.OrderId).Select(o => o.EmployeeId).FirstOrDefault()).ThenBy(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: order by constant", t => t.Customers.OrderBy(c => 1).ThenBy(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: order by parameter", t => { var p = "x"; return t.Customers.OrderBy(c => p).ThenBy(c => c.CustomerId).Select(c => c.CustomerId); } },
        { "page: order then filter", t => t.Customers.OrderBy(c => c.CustomerId).Where(c => c.Country == "UK").Select(c => c.CustomerId) },
        { "page: order by same twice", t => t.Customers.OrderBy(c => c.CustomerId).ThenBy(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: order by entity scalar of projection", t => t.Customers.Select(c => new { c.City, c.CustomerId }).OrderBy(x => x.City).ThenBy(x => x.CustomerId) },
        { "page: Order", t => t.Customers.Select(c => c.CustomerId).Order() },
        { "page: OrderDescending", t => t.Customers.Select(c => c.CustomerId).OrderDescending() },
        { "page: page then count of collections", t => t.Customers.OrderBy(c => c.CustomerId).Skip(2).Take(6).Select(c => new { c.CustomerId, c.Orders.Count }) },
        { "page: page then select many", t => t.Customers.OrderBy(c => c.CustomerId).Take(6).SelectMany(c => c.Orders).Select(o => o.OrderId) },
        { "page: page then join", t => t.Orders.OrderBy(o => o.OrderId).Skip(10).Take(20).Select(o => new { o.OrderId, o.Customer!.City }) },
        { "page: page of a page in a subquery", t => t.Customers.Where(c => t.Orders.OrderBy(o => o.OrderId).Skip(5).Take(20).Select(o => o.CustomerId).Contains(c.CustomerId)).Select(c => c.CustomerId) },
        { "page: take in a correlated subquery", t => t.Customers.Where(c => c.Orders.OrderBy(o => o.OrderId).Take(2).Any(o => o.Freight > 200m)).Select(c => c.CustomerId) },
        { "page: count of a page in a subquery", t => t.Customers.Select(c => new { c.CustomerId, N = c.Orders.OrderBy(o => o.OrderId).Take(3).Count() }) },
        { "page: sum of a page in a subquery", t => t.Customers.Select(c => new { c.CustomerId, N = c.Orders.OrderByDescending(o => o.Freight).ThenBy(o => o.OrderId).Take(3).Sum(o => o.Freight) }) },
        { "page: skip in a subquery", t => t.Customers.Where(c => c.Orders.OrderBy(o => o.OrderId).Skip(7).Any()).Select(c => c.CustomerId) },
        { "page: last in subquery", t => t.Customers.Select(c => new { c.CustomerId, L = c.Orders.OrderBy(o => o.Freight).ThenBy(o => o.OrderId).LastOrDefault()!.Freight > 300m }) },
        { "page: distinct take in a subquery", t => t.Customers.Select(c => new { c.CustomerId, N = c.Orders.Select(o => o.EmployeeId).Distinct().OrderBy(e => e).Take(2).Count() }) },
        { "page: default if empty over nothing", t => t.Customers.Where(c => c.Country == "nowhere").DefaultIfEmpty().Select(c => c!.City) },
        { "page: default if empty over something", t => t.Customers.Where(c => c.Country == "UK").DefaultIfEmpty().Select(c => c!.City) },
        { "page: default if empty of scalars", t => t.Customers.Where(c => c.Country == "nowhere").Select(c => c.CompanyName.Length).DefaultIfEmpty() },
        { "page: default if empty, then count", t => t.Customers.Where(c => c.Country == "nowhere").DefaultIfEmpty().Count() },
        { "page: tagged", t => t.Customers.TagWith("tag 'quoted' -- twice").OrderBy(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: no tracking", t => t.Customers.AsNoTracking().OrderBy(c => c.CustomerId) },
        { "page: no tracking with identity", t => t.Orders.AsNoTrackingWithIdentityResolution().Include(o => o.Customer).OrderBy(o => o.OrderId).ToList().Select(o => new { o.OrderId, o.Customer?.City }).ToList() },
        { "page: offset of expression", t => { var page = 2; return t.Customers.OrderBy(c => c.CustomerId).Skip(page * 5).Take(5).Select(c => c.CustomerId); } },
        { "page: OfType", t => t.Customers.OfType<Customer>().OrderBy(c => c.CustomerId).Select(c => c.CustomerId) },
        { "page: Cast", t => t.Customers.Cast<object>().Count() },
    };
}
