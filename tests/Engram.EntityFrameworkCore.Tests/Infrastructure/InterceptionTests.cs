using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Tests.Infrastructure;

/// <summary>Interceptors that put commands and readers of their own in the place of the engine's, and transactions that end behind EF Core's back.</summary>
public sealed class InterceptionTests : IDisposable
{
    private readonly EngramConnection connection = new("Data Source=:memory:");

    public InterceptionTests()
    {
        connection.Open();
        using var db = Create();
        db.Database.EnsureCreated();
        db.AddRange(new Star { Id = 1, Name = "Sirius" }, new Star { Id = 2, Name = "Vega" });
        db.SaveChanges();
    }

    public void Dispose() => connection.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_of_an_interceptor_is_read_instead_of_the_engine_s(bool isAsync)
    {
        await using var db = Create(new Replacing { Reader = Invented });
        var stars = db.Stars.OrderBy(s => s.Id);
        Assert.Equal([(7, "Alpha"), (8, "Beta")], (isAsync ? await stars.ToListAsync() : stars.ToList()).Select(s => (s.Id, s.Name)));
        Assert.Equal(["Alpha", "Beta"], db.ChangeTracker.Entries<Star>().Select(e => e.Entity.Name).Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_that_wraps_the_engine_s_reads_and_saves(bool isAsync)
    {
        await using var db = Create(new Replacing { WrapsCommands = true });
        var name = "Vega";
        var query = db.Stars.Where(s => s.Name == name);
        var star = isAsync ? await query.SingleAsync() : query.Single();
        star.Name = "Wega";
        db.AddRange(new Star { Id = 3, Name = "Rigel" }, new Star { Id = 4, Name = "Deneb" });
        Assert.Equal(3, isAsync ? await db.SaveChangesAsync() : db.SaveChanges());
        db.ChangeTracker.Clear();
        Assert.Equal(["Sirius", "Wega", "Rigel", "Deneb"], db.Stars.OrderBy(s => s.Id).Select(s => s.Name));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Ending_a_transaction_that_has_ended_is_an_error_that_interceptors_see(bool isAsync, bool commits)
    {
        var interceptor = new Watching();
        await using var db = Create(interceptor);
        await using var transaction = await db.Database.BeginTransactionAsync();
        transaction.GetDbTransaction().Commit();
        var error = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            if (isAsync)
            {
                await (commits ? transaction.CommitAsync() : transaction.RollbackAsync());
            }
            else if (commits)
            {
                transaction.Commit();
            }
            else
            {
                transaction.Rollback();
            }
        });
        Assert.Same(interceptor.Error, error);
    }

    private static DataTableReader Invented()
    {
        using var table = new DataTable();
        table.Columns.Add("Id", typeof(int));
        table.Columns.Add("Name", typeof(string));
        table.Rows.Add(7, "Alpha");
        table.Rows.Add(8, "Beta");
        return table.CreateDataReader();
    }

    private SkyContext Create(params IInterceptor[] interceptors)
        => new(new DbContextOptionsBuilder<SkyContext>().UseEngram(connection).AddInterceptors(interceptors).Options);

    public sealed class Star
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }

    private sealed class SkyContext(DbContextOptions<SkyContext> options) : DbContext(options)
    {
        public DbSet<Star> Stars => Set<Star>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Star>().Property(s => s.Id).ValueGeneratedNever();
    }

    private sealed class Replacing : DbCommandInterceptor
    {
        public Func<DbDataReader>? Reader { get; init; }

        public bool WrapsCommands { get; init; }

        public override InterceptionResult<DbCommand> CommandCreating(CommandCorrelatedEventData eventData, InterceptionResult<DbCommand> result)
            => WrapsCommands ? InterceptionResult<DbCommand>.SuppressWithResult(new Wrapper(eventData.Connection.CreateCommand())) : result;

        public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
            => Reader is null ? result : InterceptionResult<DbDataReader>.SuppressWithResult(Reader());

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
            => new(ReaderExecuting(command, eventData, result));
    }

    private sealed class Watching : DbTransactionInterceptor
    {
        public Exception? Error { get; private set; }

        public override void TransactionFailed(DbTransaction transaction, TransactionErrorEventData eventData) => Error = eventData.Exception;

        public override Task TransactionFailedAsync(DbTransaction transaction, TransactionErrorEventData eventData, CancellationToken cancellationToken = default)
        {
            Error = eventData.Exception;
            return Task.CompletedTask;
        }
    }

    private sealed class Wrapper(DbCommand command) : DbCommand
    {
        [AllowNull]
        public override string CommandText { get => command.CommandText; set => command.CommandText = value; }

        public override int CommandTimeout { get => command.CommandTimeout; set => command.CommandTimeout = value; }

        public override CommandType CommandType { get => command.CommandType; set => command.CommandType = value; }

        public override bool DesignTimeVisible { get => command.DesignTimeVisible; set => command.DesignTimeVisible = value; }

        public override UpdateRowSource UpdatedRowSource { get => command.UpdatedRowSource; set => command.UpdatedRowSource = value; }

        protected override DbConnection? DbConnection { get => command.Connection; set => command.Connection = value; }

        protected override DbParameterCollection DbParameterCollection => command.Parameters;

        protected override DbTransaction? DbTransaction { get => command.Transaction; set => command.Transaction = value; }

        public override void Cancel() => command.Cancel();

        public override int ExecuteNonQuery() => command.ExecuteNonQuery();

        public override object? ExecuteScalar() => command.ExecuteScalar();

        public override void Prepare() => command.Prepare();

        protected override DbParameter CreateDbParameter() => command.CreateParameter();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => command.ExecuteReader(behavior);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                command.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
