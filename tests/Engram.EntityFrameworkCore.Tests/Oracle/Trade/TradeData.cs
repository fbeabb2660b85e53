namespace Engram.EntityFrameworkCore.Tests.Oracle.Trade;

/// <summary>The rows of a small trading company, the same at every construction, linked in both directions.</summary>
public sealed class TradeData
{
    private static readonly string?[] Cities = ["London", "Seattle", "Berlin", "México D.F.", "Lisboa", "Bern", null, "São Paulo"];
    private static readonly string[] Countries = ["UK", "USA", "Germany", "Mexico", "Portugal", "Switzerland", "France", "Brazil"];
    private static readonly string?[] Titles = ["Owner", "Sales Representative", "Sales Agent", null, "Marketing Manager", "Order Administrator"];
    private static readonly string[] Syllables = ["an", "ar", "ber", "bo", "cac", "da", "fo", "go", "hi", "is", "la", "ma", "ro", "sa", "va", "wo"];

    public TradeData()
    {
        var random = new Random(4711);
        for (var i = 0; i < 40; i++)
        {
            Customers.Add(CreateCustomer(random, i));
        }

        for (var i = 1; i <= 9; i++)
        {
            var manager = i == 2 ? null : Employees.Find(e => e.EmployeeId == (i is 6 or 7 or 9 ? 5 : 2));
            Employees.Add(new Employee
            {
                EmployeeId = i, FirstName = Word(random), LastName = Word(random) + Word(random), Title = Titles[random.Next(Titles.Length)], City = Cities[random.Next(Cities.Length)],
                Country = i % 2 == 0 ? "UK" : "USA", ReportsTo = i == 1 || manager is null ? null : manager.EmployeeId, Manager = i == 1 ? null : manager,
            });
        }

        foreach (var employee in Employees)
        {
            employee.Manager?.Reports.Add(employee);
        }

        for (var i = 1; i <= 25; i++)
        {
            Products.Add(new Product
            {
                ProductId = i, ProductName = $"{Word(random)} {Word(random)}{(i % 5 == 0 ? " 50%_off" : "")}", SupplierId = random.Next(4) == 0 ? null : random.Next(1, 6),
                CategoryId = random.Next(5) == 0 ? null : random.Next(1, 5), UnitPrice = random.Next(6) == 0 ? null : random.Next(100, 9000) / 100m,
                UnitsInStock = (short)random.Next(0, 60), Discontinued = random.Next(4) == 0,
            });
        }

        for (var i = 0; i < 220; i++)
        {
            AddOrder(random, 10_248 + i);
        }
    }

    public List<Customer> Customers { get; } = [];

    public List<Order> Orders { get; } = [];

    public List<OrderLine> Lines { get; } = [];

    public List<Product> Products { get; } = [];

    public List<Employee> Employees { get; } = [];

    private static string Word(Random random)
    {
        var word = string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Syllables[random.Next(Syllables.Length)]));
        return char.ToUpperInvariant(word[0]) + word[1..];
    }

    private static Customer CreateCustomer(Random random, int i)
    {
        var place = random.Next(Cities.Length);
        var name = Word(random) + " " + Word(random);
        return new Customer
        {
            CustomerId = i == 0 ? "ALFKI" : $"{name.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant()[..3].PadRight(3, 'X')}{i:00}",
            CompanyName = i % 7 == 0 ? " " + name + " " : name, ContactName = random.Next(8) == 0 ? null : Word(random) + " " + Word(random), ContactTitle = Titles[random.Next(Titles.Length)],
            City = Cities[place], Region = random.Next(3) == 0 ? "R" + random.Next(4) : null, Country = Countries[place],
            Phone = random.Next(5) == 0 ? null : $"(0{random.Next(10)}) 555-{random.Next(1000, 9999)}", Fax = random.Next(2) == 0 ? null : $"555-{random.Next(1000, 9999)}",
        };
    }

    private void AddOrder(Random random, int id)
    {
        // The last customers have no orders.
        var customer = random.Next(30) == 0 ? null : Customers[random.Next(Customers.Count - 6)];
        var employee = random.Next(12) == 0 ? null : Employees[random.Next(Employees.Count)];
        var date = random.Next(20) == 0 ? (DateTime?)null : new DateTime(1996, 7, 4).AddDays(random.Next(0, 700)).AddMinutes(random.Next(4) == 0 ? random.Next(1440) : 0);
        var order = new Order
        {
            OrderId = id, CustomerId = customer?.CustomerId, Customer = customer, EmployeeId = employee?.EmployeeId, Employee = employee, OrderDate = date,
            ShippedDate = date is null || random.Next(6) == 0 ? null : date.Value.AddDays(random.Next(1, 30)).AddMilliseconds(random.Next(3) == 0 ? random.Next(1000) : 0), Freight = random.Next(0, 50_000) / 100m,
        };
        customer?.Orders.Add(order);
        employee?.Orders.Add(order);
        Orders.Add(order);
        foreach (var product in Products.OrderBy(_ => random.Next()).Take(random.Next(0, 5)).ToList())
        {
            var line = new OrderLine
            {
                OrderId = id, Order = order, ProductId = product.ProductId, Product = product, UnitPrice = product.UnitPrice ?? 1.5m, Quantity = (short)random.Next(1, 90),
                Discount = random.Next(3) == 0 ? random.Next(1, 25) / 100f : 0f,
            };
            order.Lines.Add(line);
            product.Lines.Add(line);
            Lines.Add(line);
        }
    }
}
