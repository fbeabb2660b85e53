using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Trade;

/// <summary>Joins and includes.</summary>
internal static class TradeJoins
{
    public static QueryCases<TradeModel> All => new()
    {
        { "join: entities", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId select new { c, o } },
        { "join: projected", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId select new { c.ContactName, o.OrderId } },
        { "join: composite key", t => from c in t.Customers join e in t.Employees on new { c.City, c.Country } equals new { e.City, e.Country } select new { c.CustomerId, e.EmployeeId } },
        { "join: with a subquery", t => from c in t.Customers join o in t.Orders.Where(o => o.Freight > 200m) on c.CustomerId equals o.CustomerId select new { c.City, o.Freight } },
        { "join: with an ordered and taken subquery", t => from c in t.Customers join o in t.Orders.OrderBy(o => o.OrderId).Take(25) on c.CustomerId equals o.CustomerId select new { c.City, o.OrderId } },
        { "join: after take", t => from o in t.Orders.OrderBy(o => o.OrderId).Take(15) join c in t.Customers on o.CustomerId equals c.CustomerId select new { o.OrderId, c.City } },
        { "join: three tables", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId join e in t.Employees on o.EmployeeId equals e.EmployeeId select new { c.City, o.OrderId, e.LastName } },
        { "join: by expression", t => from e in t.Employees join p in t.Products on e.EmployeeId * 2 equals p.ProductId select new { e.LastName, p.ProductName } },
        { "join: nullable and plain key", t => from o in t.Orders join e in t.Employees on o.EmployeeId equals (int?)e.EmployeeId select new { o.OrderId, e.EmployeeId } },
        { "join: self", t => from e in t.Employees join m in t.Employees on e.ReportsTo equals (int?)m.EmployeeId select new { e.LastName, Boss = m.LastName } },
        { "join: group join into list", t => (from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId into os orderby c.CustomerId select new { c.CustomerId, N = os.Count() }) },
        { "join: group join aggregates", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId into os select new { c.CustomerId, Sum = os.Sum(o => o.Freight), Max = os.Max(o => (int?)o.OrderId) } },
        { "join: group join flattened", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId into os from o in os select new { c.CustomerId, o.OrderId } },
        { "join: left", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId into os from o in os.DefaultIfEmpty() select new { c.CustomerId, Id = (int?)o.OrderId } },
        { "join: left, entity", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId into os from o in os.DefaultIfEmpty() select o },
        { "join: left, filtered", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId into os from o in os.Where(o => o.Freight > 250m).DefaultIfEmpty() select new { c.CustomerId, Id = (int?)o.OrderId } },
        { "join: left, null filtered", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId into os from o in os.DefaultIfEmpty() where o == null select c.CustomerId },
        { "join: left twice", t => from o in t.Orders join c in t.Customers on o.CustomerId equals c.CustomerId into cs from c in cs.DefaultIfEmpty() join e in t.Employees on o.EmployeeId equals (int?)e.EmployeeId into es from e in es.DefaultIfEmpty() select new { o.OrderId, c.City, e.LastName } },
        { "join: LeftJoin", t => t.Customers.LeftJoin(t.Orders, c => c.CustomerId, o => o.CustomerId, (c, o) => new { c.CustomerId, Id = (int?)o!.OrderId }) },
        { "join: RightJoin", t => t.Orders.RightJoin(t.Customers, o => o.CustomerId, c => c.CustomerId, (o, c) => new { c.CustomerId, Id = (int?)o!.OrderId }) },
        { "join: group join in the order", t => from c in t.Customers join o in t.Orders on c.CustomerId equals o.CustomerId into os orderby os.Count(), c.CustomerId select c.CustomerId },
        { "join: cross", t => from e in t.Employees from f in t.Employees where e.EmployeeId < f.EmployeeId select new { A = e.EmployeeId, B = f.EmployeeId } },
        { "join: cross with equality", t => from e in t.Employees from c in t.Customers where e.City == c.City select new { e.EmployeeId, c.CustomerId } },
        { "join: cross of three", t => from e in t.Employees from p in t.Products from c in t.Customers where e.EmployeeId == 1 && p.ProductId == 2 && c.Country == "UK" select new { e.LastName, p.ProductName, c.City } },
        { "join: navigation and filter", t => t.Orders.Where(o => o.Employee!.City == o.Customer!.City).Select(o => new { o.OrderId, o.Customer!.City }) },
        { "join: ordered by navigation", t => t.Orders.OrderBy(o => o.Customer!.CompanyName).ThenBy(o => o.OrderId).Select(o => o.OrderId) },
        { "join: ordered by navigation, taken", t => t.Orders.OrderByDescending(o => o.Employee!.LastName).ThenBy(o => o.OrderId).Take(12).Select(o => new { o.OrderId, o.Employee!.LastName }) },
        { "include: collection", t => t.Customers.Include(c => c.Orders).OrderBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, Orders = c.Orders.Select(o => o.OrderId).ToList() }).ToList() },
        { "include: reference", t => t.Orders.Include(o => o.Customer).OrderBy(o => o.OrderId).ToList().Select(o => new { o.OrderId, o.Customer?.CompanyName }).ToList() },
        { "include: two references", t => t.Orders.Include(o => o.Customer).Include(o => o.Employee).OrderBy(o => o.OrderId).ToList().Select(o => new { o.OrderId, o.Customer?.CompanyName, o.Employee?.LastName }).ToList() },
        { "include: collection then collection", t => t.Customers.Include(c => c.Orders).ThenInclude(o => o.Lines).OrderBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, Lines = c.Orders.SelectMany(o => o.Lines).Select(l => (l.OrderId, l.ProductId)).Order().Select(x => x.ToString()).ToList() }).ToList() },
        { "include: collection then reference", t => t.Orders.Include(o => o.Lines).ThenInclude(l => l.Product).OrderBy(o => o.OrderId).Take(40).ToList().Select(o => new { o.OrderId, P = o.Lines.Select(l => l.Product.ProductName).ToList() }).ToList() },
        { "include: split", t => t.Customers.Include(c => c.Orders).ThenInclude(o => o.Lines).AsSplitQuery().OrderBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, N = c.Orders.Sum(o => o.Lines.Count) }).ToList() },
        { "include: split with take", t => t.Customers.Include(c => c.Orders).AsSplitQuery().OrderByDescending(c => c.CompanyName).ThenBy(c => c.CustomerId).Skip(2).Take(7).ToList().Select(c => new { c.CustomerId, Orders = c.Orders.Select(o => o.OrderId).ToList() }).ToList() },
        { "include: with take", t => t.Customers.Include(c => c.Orders).OrderBy(c => c.City).ThenBy(c => c.CustomerId).Take(7).ToList().Select(c => new { c.CustomerId, Orders = c.Orders.Select(o => o.OrderId).ToList() }).ToList() },
        { "include: with skip and take, no tracking", t => t.Customers.AsNoTracking().Include(c => c.Orders).OrderBy(c => c.CustomerId).Skip(3).Take(5).ToList().Select(c => new { c.CustomerId, Orders = c.Orders.Select(o => o.OrderId).ToList() }).ToList() },
        { "include: filtered", t => t.Customers.Include(c => c.Orders.Where(o => o.Freight > 300m)).AsNoTracking().OrderBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, Orders = c.Orders.Where(o => o.Freight > 300m).Select(o => o.OrderId).ToList(), Loaded = t.Customers.Provider is NullSafeProvider || c.Orders.TrueForAll(o => o.Freight > 300m) }).ToList() },
        { "include: filtered, ordered, taken", t => t.Customers.Include(c => c.Orders.OrderByDescending(o => o.Freight).ThenBy(o => o.OrderId).Skip(1).Take(2)).AsNoTracking().OrderBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, Orders = (t.Customers.Provider is NullSafeProvider ? c.Orders.OrderByDescending(o => o.Freight).ThenBy(o => o.OrderId).Skip(1).Take(2) : c.Orders).Select(o => o.OrderId).ToList() }).ToList() },
        { "include: filtered, split", t => t.Customers.Include(c => c.Orders.OrderByDescending(o => o.Freight).ThenBy(o => o.OrderId).Take(2)).AsNoTracking().AsSplitQuery().OrderBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, Orders = (t.Customers.Provider is NullSafeProvider ? c.Orders.OrderByDescending(o => o.Freight).ThenBy(o => o.OrderId).Take(2) : c.Orders).Select(o => o.OrderId).ToList() }).ToList() },
        { "include: two collections", t => t.Employees.Include(e => e.Reports).Include(e => e.Orders).OrderBy(e => e.EmployeeId).ToList().Select(e => new { e.EmployeeId, R = e.Reports.Select(r => r.EmployeeId).ToList(), O = e.Orders.Count }).ToList() },
        { "include: self reference", t => t.Employees.Include(e => e.Manager).ThenInclude(m => m!.Manager).OrderBy(e => e.EmployeeId).ToList().Select(e => e.Manager?.Manager?.LastName).ToList() },
        { "include: with filter over the collection", t => t.Customers.Where(c => c.Orders.Any(o => o.Freight > 400m)).Include(c => c.Orders).OrderBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, c.Orders.Count }).ToList() },
        { "include: ordered by the collection", t => t.Customers.Include(c => c.Orders).OrderBy(c => c.Orders.Count).ThenBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, c.Orders.Count }).ToList() },
        { "include: first", t => t.Customers.Include(c => c.Orders).OrderBy(c => c.CustomerId).First(c => c.Orders.Count > 3).Orders.Select(o => o.OrderId).Order().ToList() },
        { "include: by name", t => t.Orders.Include("Lines.Product").Include("Customer").OrderBy(o => o.OrderId).Take(20).ToList().Select(o => new { o.Customer?.City, P = o.Lines.Select(l => l.Product.ProductName).ToList() }).ToList() },
        { "include: after join", t => (from o in t.Orders join c in t.Customers on o.CustomerId equals c.CustomerId where c.Country == "UK" select o).Include(o => o.Lines).OrderBy(o => o.OrderId).ToList().Select(o => new { o.OrderId, o.Lines.Count }).ToList() },
        { "include: with distinct", t => t.Customers.Include(c => c.Orders).Distinct().OrderBy(c => c.CustomerId).ToList().Select(c => new { c.CustomerId, c.Orders.Count }).ToList() },
        { "include: in a projection", t => t.Orders.Include(o => o.Lines).OrderBy(o => o.OrderId).Select(o => new { O = o, o.Customer!.City }).ToList().Select(x => new { x.O.OrderId, x.O.Lines.Count, x.City }).ToList() },
    };
}
