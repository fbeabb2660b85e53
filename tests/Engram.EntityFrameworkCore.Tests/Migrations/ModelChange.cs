using Engram.EntityFrameworkCore.Tests.Model;
using System.Globalization;
using System.Text;
using Engram.Data;
using Engram.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Scaffolding;
using Microsoft.EntityFrameworkCore.Scaffolding.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Tests.Migrations;

/// <summary>A change from one model to another, made in a database in memory by the operations that EF Core finds between the two.</summary>
/// <param name="connectionString">A database of its own unless one is named.</param>
public sealed class ModelChange(string connectionString) : IDisposable
{
    private static readonly ServiceProvider DesignTime = CreateDesignTime();

    private readonly EngramConnection connection = Open(connectionString);

    public ModelChange()
        : this("Data Source=:memory:")
    {
    }

    public void Dispose() => connection.Dispose();

    public void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>All values of a query, rows by ';' and columns by ','.</summary>
    public string Query(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join(',', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "" : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        }

        return string.Join(';', rows);
    }

    /// <summary>Applies what lies between two models (from nothing where the first is null) in one transaction, and gives its SQL.</summary>
    public string Apply(Action<ModelBuilder>? from, Action<ModelBuilder> to)
    {
        using var source = from is null ? null : Context(from);
        using var target = Context(to);
        var operations = target.GetService<IMigrationsModelDiffer>().GetDifferences(
            source?.GetService<IDesignTimeModel>().Model.GetRelationalModel(), target.GetService<IDesignTimeModel>().Model.GetRelationalModel());
        var commands = target.GetService<IMigrationsSqlGenerator>().Generate(operations, target.GetService<IDesignTimeModel>().Model);
        target.GetService<IMigrationCommandExecutor>().ExecuteNonQuery(commands, target.GetService<IRelationalConnection>());
        return string.Concat(commands.Select(c => c.CommandText)).ReplaceLineEndings("\n").TrimEnd();
    }

    /// <summary>What scaffolding reads, in an order of its own.</summary>
    public string Describe()
    {
        var model = DesignTime.GetRequiredService<IDatabaseModelFactory>().Create(connection, new DatabaseModelFactoryOptions());
        var lines = new List<string>();
        foreach (var table in model.Tables)
        {
            lines.Add($"{table.Schema}.{table.Name}{Comment(table.Comment)}");
            lines.AddRange(table.Columns.Select(c => $"{table.Schema}.{table.Name} column {c.Name} {c.StoreType}{(c.IsNullable ? " null" : "")} default {c.DefaultValueSql} computed {c.ComputedColumnSql} {c.ValueGenerated} {c.Collation}{Comment(c.Comment)}{Annotations(c)}"));
            lines.Add($"{table.Schema}.{table.Name} key {table.PrimaryKey?.Name} ({Names(table.PrimaryKey?.Columns)})");
            lines.AddRange(table.UniqueConstraints.Select(u => $"{table.Schema}.{table.Name} unique {u.Name} ({Names(u.Columns)})"));
            lines.AddRange(table.Indexes.Select(i => $"{table.Schema}.{table.Name} index {i.Name} ({Names(i.Columns)}) {(i.IsUnique ? "unique" : "")} {string.Join(',', i.IsDescending)} {i.Filter}{Annotations(i)}"));
            lines.AddRange(table.ForeignKeys.Select(f => $"{table.Schema}.{table.Name} reference {f.Name} ({Names(f.Columns)}) {f.PrincipalTable.Name} ({Names(f.PrincipalColumns)}) {f.OnDelete}"));
        }

        lines.AddRange(model.Sequences.Select(s => $"sequence {s.Schema}.{s.Name} {s.StoreType} {s.StartValue} {s.IncrementBy} {s.MinValue} {s.MaxValue} {s.IsCyclic}"));
        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines);
    }

    private static EngramConnection Open(string connectionString)
    {
        var connection = new EngramConnection(connectionString);
        connection.Open();
        return connection;
    }

    private static string Names(IEnumerable<DatabaseColumn>? columns) => string.Join(',', (columns ?? []).Select(c => c.Name));

    private static string Comment(string? comment) => comment is null ? "" : " -- " + comment;

    private static string Annotations(IAnnotatable of)
        => of.GetAnnotations().OrderBy(a => a.Name, StringComparer.Ordinal).Aggregate(new StringBuilder(), (text, a) => text.Append(CultureInfo.InvariantCulture, $" {a.Name}={a.Value}")).ToString();

    private static ServiceProvider CreateDesignTime()
    {
        var services = new ServiceCollection();
        new EngramDesignTimeServices().ConfigureDesignTimeServices(services);
        return services.BuildServiceProvider();
    }

    private ModelContext Context(Action<ModelBuilder> configure)
        => new(new DbContextOptionsBuilder().UseEngram(connection).UseModelOfEachContext().Options, configure);

    private sealed class ModelContext(DbContextOptions options, Action<ModelBuilder> configure) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => configure(modelBuilder);
    }
}
