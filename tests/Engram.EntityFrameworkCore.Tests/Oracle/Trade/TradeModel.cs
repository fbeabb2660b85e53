using Engram.EntityFrameworkCore.Tests.Oracle.Harness;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Trade;

public sealed class Customer : IEntity
{
    public string CustomerId { get; set; } = "";

    public string CompanyName { get; set; } = "";

    public string? ContactName { get; set; }

    public string? ContactTitle { get; set; }

    public string? City { get; set; }

    public string? Region { get; set; }

    public string Country { get; set; } = "";

    public string? Phone { get; set; }

    public string? Fax { get; set; }

    public List<Order> Orders { get; } = [];
}

public sealed class Order : IEntity
{
    public int OrderId { get; set; }

    public string? CustomerId { get; set; }

    public int? EmployeeId { get; set; }

    public DateTime? OrderDate { get; set; }

    public DateTime? ShippedDate { get; set; }

    public decimal Freight { get; set; }

    public Customer? Customer { get; set; }

    public Employee? Employee { get; set; }

    public List<OrderLine> Lines { get; } = [];
}

public sealed class OrderLine : IEntity
{
    public int OrderId { get; set; }

    public int ProductId { get; set; }

    public decimal UnitPrice { get; set; }

    public short Quantity { get; set; }

    public float Discount { get; set; }

    public Order Order { get; set; } = null!;

    public Product Product { get; set; } = null!;
}

public sealed class Product : IEntity
{
    public int ProductId { get; set; }

    public string ProductName { get; set; } = "";

    public int? SupplierId { get; set; }

    public int? CategoryId { get; set; }

    public decimal? UnitPrice { get; set; }

    public short UnitsInStock { get; set; }

    public bool Discontinued { get; set; }

    public List<OrderLine> Lines { get; } = [];
}

public sealed class Employee : IEntity
{
    public int EmployeeId { get; set; }

    public string FirstName { get; set; } = "";

    public string LastName { get; set; } = "";

    public string? Title { get; set; }

    public string? City { get; set; }

    public string Country { get; set; } = "";

    public int? ReportsTo { get; set; }

    public Employee? Manager { get; set; }

    public List<Employee> Reports { get; } = [];

    public List<Order> Orders { get; } = [];
}

/// <summary>Without a key: rows of a query.</summary>
public sealed class CustomerSummary : IEntity
{
    public string CustomerId { get; set; } = "";

    public string CompanyName { get; set; } = "";

    public int OrderCount { get; set; }
}
