using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Engram.CrashWriter;

/// <summary>A process that migrates a database, as every instance of an application does that starts.</summary>
/// <remarks>
/// Prints "migrating" before and "migrated" after. When it is to stop, it prints "halfway" within the second migration, whose table is made and first row is
/// written, and goes on only when its input ends: that is, never, when whoever started it kills it.
/// </remarks>
public static class Migrating
{
    internal static int Run(string connectionString, bool stopsHalfway)
    {
        using var context = new NotebookContext(connectionString, stopsHalfway ? [new Stop()] : []);
        Console.WriteLine("migrating");
        context.Database.Migrate();
        Console.WriteLine("migrated");
        return 0;
    }

    private sealed class Stop : DbCommandInterceptor
    {
        public override InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
        {
            if (command.CommandText.Contains("'second'", StringComparison.Ordinal))
            {
                Console.WriteLine("halfway");
                Console.In.ReadToEnd();
            }

            return result;
        }
    }
}

/// <summary>Two tables by two migrations, of which the second writes two rows.</summary>
public class NotebookContext(string connectionString, params IInterceptor[] interceptors) : DbContext
{
    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram(connectionString).AddInterceptors(interceptors);

    [DbContext(typeof(NotebookContext))]
    [Migration("20240101000000_First")]
    internal sealed class First : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
            => migrationBuilder.CreateTable("book", t => new { id = t.Column<int>(), title = t.Column<string>() }, constraints: t => t.PrimaryKey("pk_book", x => x.id));
    }

    [DbContext(typeof(NotebookContext))]
    [Migration("20240102000000_Second")]
    internal sealed class Second : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // No key: a row that was written twice would be there twice.
            migrationBuilder.CreateTable("page", t => new { number = t.Column<int>(), text = t.Column<string>() });
            migrationBuilder.Sql("INSERT INTO page VALUES (1, 'first')");
            migrationBuilder.Sql("INSERT INTO page VALUES (2, 'second')");
        }
    }
}
