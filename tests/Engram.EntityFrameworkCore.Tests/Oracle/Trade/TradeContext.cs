using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Trade;

public sealed class TradeContext(DbContextOptions options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Customer>(c =>
        {
            c.ToTable("Customers");
            c.HasKey(x => x.CustomerId);
            c.Property(x => x.CustomerId).HasMaxLength(5);
            c.HasMany(x => x.Orders).WithOne(x => x.Customer).HasForeignKey(x => x.CustomerId);
        });
        modelBuilder.Entity<Order>(o =>
        {
            o.ToTable("Orders");
            o.Property(x => x.OrderId).ValueGeneratedNever();
            o.HasMany(x => x.Lines).WithOne(x => x.Order).HasForeignKey(x => x.OrderId);
        });
        modelBuilder.Entity<OrderLine>(l =>
        {
            l.ToTable("Order Lines");
            l.HasKey(x => new { x.OrderId, x.ProductId });
        });
        modelBuilder.Entity<Product>(p =>
        {
            p.ToTable("Products");
            p.Property(x => x.ProductId).ValueGeneratedNever();
            p.HasMany(x => x.Lines).WithOne(x => x.Product).HasForeignKey(x => x.ProductId);
        });
        modelBuilder.Entity<Employee>(e =>
        {
            e.ToTable("Employees");
            e.Property(x => x.EmployeeId).ValueGeneratedNever();
            e.HasOne(x => x.Manager).WithMany(x => x.Reports).HasForeignKey(x => x.ReportsTo);
            e.HasMany(x => x.Orders).WithOne(x => x.Employee).HasForeignKey(x => x.EmployeeId);
        });
        modelBuilder.Entity<CustomerSummary>().HasNoKey().ToSqlQuery(
            """
            SELECT c."CustomerId", c."CompanyName", CAST((SELECT count(*) FROM "Orders" AS o WHERE o."CustomerId" = c."CustomerId") AS integer) AS "OrderCount"
            FROM "Customers" AS c
            """);
    }
}

/// <summary>What the queries are asked of.</summary>
internal sealed class TradeModel(
    IQueryable<Customer> customers, IQueryable<Order> orders, IQueryable<OrderLine> lines, IQueryable<Product> products, IQueryable<Employee> employees, IQueryable<CustomerSummary> summaries)
{
    public IQueryable<Customer> Customers { get; } = customers;

    public IQueryable<Order> Orders { get; } = orders;

    public IQueryable<OrderLine> Lines { get; } = lines;

    public IQueryable<Product> Products { get; } = products;

    public IQueryable<Employee> Employees { get; } = employees;

    public IQueryable<CustomerSummary> Summaries { get; } = summaries;

    public static TradeModel Of(DbContext context)
        => new(context.Set<Customer>(), context.Set<Order>(), context.Set<OrderLine>(), context.Set<Product>(), context.Set<Employee>(), context.Set<CustomerSummary>());

    public static TradeModel Of(TradeData data)
        => new(
            new NullSafeQuery<Customer>(data.Customers), new NullSafeQuery<Order>(data.Orders), new NullSafeQuery<OrderLine>(data.Lines), new NullSafeQuery<Product>(data.Products),
            new NullSafeQuery<Employee>(data.Employees),
            new NullSafeQuery<CustomerSummary>(data.Customers.Select(c => new CustomerSummary { CustomerId = c.CustomerId, CompanyName = c.CompanyName, OrderCount = c.Orders.Count }).ToList()));
}

public sealed class TradeFixture : OracleFixture<TradeContext>
{
    internal TradeModel InMemory { get; } = TradeModel.Of(new TradeData());

    protected override TradeContext Create(DbContextOptions options) => new(options);

    protected override void Seed(TradeContext context)
    {
        var data = new TradeData();
        context.AddRange(data.Customers);
        context.AddRange(data.Employees);
        context.AddRange(data.Products);
        context.AddRange(data.Orders);
        context.SaveChanges();
    }
}
