using System.Linq.Expressions;
using System.Reflection;
using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.Internal;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Tests.Design;

/// <summary>Queries that <c>dbcontext optimize --precompile-queries</c> wrote are compiled and run, where none may be compiled any more, and give what they give otherwise.</summary>
public sealed class PrecompiledQueryTests
{
    private const string Program =
        """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Threading.Tasks;
        using Engram.EntityFrameworkCore.Tests.Design;
        using Microsoft.EntityFrameworkCore;

        public static class Queries
        {
            public static async Task Run(DbContextOptions<AtlasContext> options, List<object?> results)
            {
                await using var context = new AtlasContext(options);
                await using var transaction = await context.Database.BeginTransactionAsync();
                var near = new[] { 0f, 1f, 0.1f };
                var ids = new[] { 1, 2 };
                var least = 1;
        var name = "d";
        #STATEMENTS#
            }
        }
        """;

    private static readonly string[] Statements =
    [
        "results.Add(await context.Set<Place>().OrderBy(p => EF.Functions.CosineDistance(p.Map!, near)).Take(1).Select(p => p.Name).SingleAsync());",
        "results.Add(await context.Set<Place>().OrderBy(p => EF.Functions.CosineDistance(p.Map!, near)).Take(1).WithApproximate(40).Select(p => p.Name).SingleAsync());",
        "results.Add(await context.Set<Place>().Where(p => p.About!.Text == \"x\" && p.Heights.Contains(4) && p.Name!.StartsWith(\"b\")).CountAsync());",
        "results.Add((await context.Set<River>().Where(r => r.Length > least).ToListAsync()).Single().Length);",
        "results.Add(await context.Set<Place>().CountAsync(p => ((IEnumerable<int>)ids).Contains(p.Id)));",
        "results.Add(await context.Set<Place>().Where(p => p.Heights.Any(h => h > 3) && p.Heights[0] == 4).Select(p => p.About).AsNoTracking().CountAsync());",
        "results.Add(string.Join(',', await context.Set<Place>().GroupBy(p => p.Main).Select(g => string.Join(\"+\", g.OrderBy(p => p.Name).Select(p => p.Name))).ToListAsync()));",
        "results.Add(await context.Set<Place>().Where(p => EF.Functions.ILike(p.Name!, \"B\") && p.Since < DateTimeOffset.UtcNow).Select(p => p.Since.Year + p.About!.Years.Count).FirstAsync());",
        "results.Add(await context.Set<Place>().Where(p => p.Id == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Name, p => p.Name + name)));",
        "results.Add(await context.Set<Place>().Where(p => p.Id == 1).ExecuteUpdateAsync(s => s.SetProperty(p => p.Name, name)));",
        "results.Add(await context.Set<Place>().OrderBy(p => p.Id).Select(p => p.Name).FirstAsync());",
        "results.Add((await context.Set<River>().Union(context.Set<River>().Where(p => p.Id > 1)).ToListAsync()).Count);",
        "results.Add(await context.Set<Place>().Where(p => new[] { 7, p.Id }.Count(i => i > 1) == 2).CountAsync());",
        """"results.Add(await context.Set<Place>().FromSql($"""SELECT * FROM "Place" WHERE "Id" > {least}""").CountAsync());"""",
        """"results.Add(await context.Set<Place>().FromSqlRaw("""SELECT * FROM "Place" """).Where(p => p.Id > least).CountAsync());"""",
        "results.Add(await context.Set<River>().ExecuteDeleteAsync());",
    ];

    [Fact]
    public async Task Queries_that_are_compiled_ahead_give_what_they_give_otherwise()
    {
        using var connection = new EngramConnection("Data Source=:memory:");
        connection.Open();
        var options = new DbContextOptionsBuilder<AtlasContext>().UseEngram(connection);
        using var context = new AtlasContext(options.Options);
        context.Database.EnsureCreated();
        context.AddRange(
            new Place { Name = "b", Map = [0, 1, 0], Heights = [4], About = new About { Text = "x" } },
            new Place { Name = "a", Map = [1, 0, 0], Heights = [5, 6], About = new About { Text = "y", Years = [1999] } });
        context.Add(new River { Length = 5 });
        context.SaveChanges();

        var program = DesignTime.Precompile(Program.Replace("#STATEMENTS#", string.Join('\n', Statements), StringComparison.Ordinal), context);
        Assert.Equal(Statements.Length, program.Count);
        var plain = await Run(program.Plain, options);
        Assert.Equal(["b", "b", 1, 5, 1], plain.Take(5));
#pragma warning disable EF1001 // What compiles queries is internal, and must not be there.
        Assert.Equal(plain, await Run(program.Precompiled, options.UseOwnServices().ReplaceService<IQueryCompiler, NoCompiler>()));
#pragma warning restore EF1001
        await Assert.ThrowsAsync<NotSupportedException>(() => Run(program.Plain, options));
    }

    private static async Task<List<object?>> Run(Assembly program, DbContextOptionsBuilder<AtlasContext> options)
    {
        var results = new List<object?>();
        await (Task)program.GetType("Queries")!.GetMethod("Run")!.Invoke(null, [options.Options, results])!;
        return results;
    }

#pragma warning disable EF1001 // What has been compiled ahead does not come here.
    private sealed class NoCompiler(
        IQueryContextFactory contexts, ICompiledQueryCache cache, ICompiledQueryCacheKeyGenerator keys, IDatabase database, IDiagnosticsLogger<DbLoggerCategory.Query> logger,
        ICurrentDbContext context, IEvaluatableExpressionFilter filter, IModel model) : QueryCompiler(contexts, cache, keys, database, logger, context, filter, model)
    {
        public override TResult Execute<TResult>(Expression query) => throw new NotSupportedException(query.ToString());

        public override TResult ExecuteAsync<TResult>(Expression query, CancellationToken cancellationToken = default) => throw new NotSupportedException(query.ToString());
    }
#pragma warning restore EF1001
}
