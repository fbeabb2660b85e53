using System.Collections;
using System.Data;
using System.Data.Common;

namespace Engram.Data.Tests.Ado;

/// <summary>What System.Data.Common prescribes of its types, asked through the base types alone, as code that serves any provider does.</summary>
public sealed class ContractTests : AdoTest
{
    private static readonly CancellationToken Cancelled = new(canceled: true);

    /// <summary>Every way to ask a reader for a value or for its schema.</summary>
    private static readonly (string Name, Action<DbDataReader> Ask)[] Values =
    [
        (nameof(DbDataReader.GetValue), r => r.GetValue(0)), (nameof(DbDataReader.IsDBNull), r => r.IsDBNull(0)), (nameof(DbDataReader.GetBoolean), r => r.GetBoolean(0)),
        (nameof(DbDataReader.GetByte), r => r.GetByte(0)), (nameof(DbDataReader.GetBytes), r => r.GetBytes(0, 0, new byte[1], 0, 1)), (nameof(DbDataReader.GetChar), r => r.GetChar(0)),
        (nameof(DbDataReader.GetChars), r => r.GetChars(0, 0, new char[1], 0, 1)), (nameof(DbDataReader.GetDateTime), r => r.GetDateTime(0)), (nameof(DbDataReader.GetDecimal), r => r.GetDecimal(0)),
        (nameof(DbDataReader.GetDouble), r => r.GetDouble(0)), (nameof(DbDataReader.GetFloat), r => r.GetFloat(0)), (nameof(DbDataReader.GetGuid), r => r.GetGuid(0)),
        (nameof(DbDataReader.GetInt16), r => r.GetInt16(0)), (nameof(DbDataReader.GetInt32), r => r.GetInt32(0)), (nameof(DbDataReader.GetInt64), r => r.GetInt64(0)),
        (nameof(DbDataReader.GetStream), r => r.GetStream(0)), (nameof(DbDataReader.GetString), r => r.GetString(0)), (nameof(DbDataReader.GetTextReader), r => r.GetTextReader(0)),
        (nameof(DbDataReader.GetValues), r => r.GetValues(new object[1])), (nameof(DbDataReader.GetProviderSpecificValue), r => r.GetProviderSpecificValue(0)),
        (nameof(DbDataReader.GetProviderSpecificValues), r => r.GetProviderSpecificValues(new object[1])), ("GetFieldValue", r => r.GetFieldValue<int>(0)),
        ("GetFieldValue of object", r => r.GetFieldValue<object>(0)), ("indexer", r => _ = r[0]),
    ];

    private static readonly (string Name, Action<DbDataReader> Ask)[] Schema =
    [
        (nameof(DbDataReader.GetName), r => r.GetName(0)), (nameof(DbDataReader.GetDataTypeName), r => r.GetDataTypeName(0)), (nameof(DbDataReader.GetFieldType), r => r.GetFieldType(0)),
        (nameof(DbDataReader.GetProviderSpecificFieldType), r => r.GetProviderSpecificFieldType(0)),
    ];

    private DbConnection Base => Connection;

    [Fact]
    public void Values_before_the_first_row_after_the_last_without_a_result_and_after_closing()
    {
        foreach (var (name, ask) in Values)
        {
            using (var reader = Read("SELECT 1"))
            {
                Throws<InvalidOperationException>(name, () => ask(reader));
                Assert.True(reader.Read());
                Assert.False(reader.Read());
                Throws<InvalidOperationException>(name, () => ask(reader));
                reader.Close();
                Throws<InvalidOperationException>(name, () => ask(reader));
            }

            using var none = Read("SET statement_timeout = 0");
            Throws<InvalidOperationException>(name, () => ask(none));
        }
    }

    [Fact]
    public void A_schema_without_a_result_out_of_range_and_after_closing()
    {
        foreach (var (name, ask) in Schema)
        {
            using var none = Read("SET statement_timeout = 0");
            Throws<InvalidOperationException>(name, () => ask(none));
            using var reader = Read("SELECT 1 AS a");
            ask(reader);
            Assert.False(reader.NextResult());
            Throws<InvalidOperationException>(name, () => ask(reader));
            reader.Close();
            Throws<InvalidOperationException>(name, () => ask(reader));
        }

        using var one = Read("SELECT 1 AS a");
        foreach (var ordinal in new[] { -1, 1, int.MaxValue })
        {
            Assert.Throws<IndexOutOfRangeException>(() => one.GetName(ordinal));
            Assert.Throws<IndexOutOfRangeException>(() => one.GetFieldType(ordinal));
            Assert.Throws<IndexOutOfRangeException>(() => one.GetDataTypeName(ordinal));
        }

        Assert.True(one.Read());
        Assert.Throws<IndexOutOfRangeException>(() => one.GetValue(1));
        Assert.Throws<IndexOutOfRangeException>(() => one.GetValue(-1));
        Assert.Throws<IndexOutOfRangeException>(() => one.GetOrdinal("b"));
        Assert.Throws<IndexOutOfRangeException>(() => one["b"]);
        one.Close();
        foreach (var ask in new Action[] { () => _ = one.FieldCount, () => _ = one.HasRows, () => _ = one.Depth, () => one.Read(), () => one.NextResult(), () => one.GetOrdinal("a"), () => one.GetSchemaTable() })
        {
            Assert.Throws<InvalidOperationException>(ask);
        }

        Assert.True(one.IsClosed);
        Assert.Equal(-1, one.RecordsAffected);
    }

    [Fact]
    public void Parts_of_bytes_and_characters_stay_in_their_buffers()
    {
        using var reader = Read("SELECT '\\x01020304'::bytea, 'abcd'");
        Assert.True(reader.Read());
        foreach (var get in new Func<long, bool, int, int, long>[]
        {
            (from, hasBuffer, at, length) => reader.GetBytes(0, from, hasBuffer ? new byte[4] : null, at, length),
            (from, hasBuffer, at, length) => reader.GetChars(1, from, hasBuffer ? new char[4] : null, at, length),
        })
        {
            Assert.Equal(4, get(0, false, 0, 0));
            Assert.Equal(4, get(0, true, 0, 4));
            Assert.Equal(2, get(2, true, 1, 3));
            Assert.Equal(0, get(4, true, 0, 4));
            Assert.Equal(0, get(long.MaxValue, true, 0, 4));
            Assert.Equal(0, get(0, true, 4, 0));
            Assert.ThrowsAny<ArgumentException>(() => get(-1, true, 0, 4));
            Assert.ThrowsAny<ArgumentException>(() => get(0, true, -1, 4));
            Assert.ThrowsAny<ArgumentException>(() => get(0, true, 5, 0));
            Assert.ThrowsAny<ArgumentException>(() => get(0, true, 2, 3));
            Assert.ThrowsAny<ArgumentException>(() => get(0, true, 0, -1));
        }
    }

    [Fact]
    public void Parameters_may_be_null_in_questions_and_not_in_the_collection()
    {
        using var command = Base.CreateCommand();
        var parameters = command.Parameters;
        Assert.False(parameters.Contains((object)null!));
        Assert.False(parameters.Contains(null!));
        Assert.Equal(-1, parameters.IndexOf((object)null!));
        Assert.Equal(-1, parameters.IndexOf(null!));
        var parameter = command.CreateParameter();
        parameter.ParameterName = "@p";
        parameters.Add(parameter);
        Assert.Throws<ArgumentNullException>(() => parameters.Add(null!));
        Assert.Throws<ArgumentNullException>(() => parameters.Insert(0, null!));
        Assert.Throws<ArgumentNullException>(() => parameters.Remove(null!));
        Assert.Throws<ArgumentNullException>(() => parameters[0] = null!);
        Assert.Throws<ArgumentNullException>(() => parameters["p"] = null!);
        Assert.Throws<ArgumentNullException>(() => ((IList)parameters)[0] = null);
        Assert.Throws<ArgumentNullException>(() => ((IDataParameterCollection)parameters)["p"] = null!);
        Assert.Throws<ArgumentNullException>(() => ((EngramParameterCollection)parameters).AddRange([null!]));
        Assert.Throws<ArgumentOutOfRangeException>(() => parameters.RemoveAt(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => parameters.RemoveAt(-1));
        Assert.Throws<IndexOutOfRangeException>(() => parameters.RemoveAt("q"));
        Assert.Throws<InvalidCastException>(() => parameters.Add("p"));
        Assert.Same(parameter, Assert.Single(parameters.Cast<object>()));
        parameters.Remove(parameter);
        Assert.Empty(parameters);
        parameter.ParameterName = null;
        parameter.SourceColumn = null;
        Assert.Equal(("", ""), (parameter.ParameterName, parameter.SourceColumn));
        parameter.DbType = DbType.Int64;
        parameter.ResetDbType();
        Assert.Equal(DbType.Object, parameter.DbType);
    }

    [Fact]
    public void Batch_commands_may_not_be_null()
    {
        using var batch = Base.CreateBatch();
        var commands = batch.BatchCommands;
        commands.Add(batch.CreateBatchCommand());
        Assert.Throws<ArgumentNullException>(() => commands.Add(null!));
        Assert.Throws<ArgumentNullException>(() => commands.Insert(0, null!));
        Assert.Throws<ArgumentNullException>(() => commands[0] = null!);
        Assert.DoesNotContain(null!, commands);
        Assert.Equal(-1, commands.IndexOf(null!));
        Assert.Single(commands);
        Assert.Throws<InvalidOperationException>(() => new EngramBatch().ExecuteNonQuery());
    }

    [Fact]
    public void Transactions_are_one_at_a_time_and_end_once()
    {
        var transaction = Base.BeginTransaction();
        Assert.Throws<InvalidOperationException>(() => Base.BeginTransaction());
        AssertState("25001", () => Execute("BEGIN"));
        transaction.Commit();
        Assert.Null(transaction.Connection);
        Assert.IsType<InvalidOperationException>(Record.Exception(transaction.Commit));
        Assert.IsType<InvalidOperationException>(Record.Exception(transaction.Rollback));
        transaction.Dispose();
        Assert.Throws<ObjectDisposedException>(transaction.Commit);
        Assert.Throws<ObjectDisposedException>(transaction.Rollback);
        Assert.Throws<ObjectDisposedException>(() => transaction.Save("s"));
        transaction = Base.BeginTransaction();
        transaction.Dispose();
        Assert.Throws<ObjectDisposedException>(transaction.Rollback);
        Assert.Null(transaction.Connection);
    }

    [Fact]
    public async Task A_cancelled_token_cancels_every_task()
    {
        using var command = Command("SELECT 1");
        using var reader = Read("SELECT 1");
        await reader.ReadAsync();
        using var closed = new EngramConnection(ConnectionString);
        using var batch = new EngramBatch(Connection) { BatchCommands = { new EngramBatchCommand("SELECT 1") } };
        using var transaction = Connection.BeginTransaction();
        foreach (var start in new Func<Task>[]
        {
            () => command.ExecuteReaderAsync(Cancelled), () => command.ExecuteScalarAsync(Cancelled), () => command.ExecuteNonQueryAsync(Cancelled), () => command.PrepareAsync(Cancelled),
            () => reader.ReadAsync(Cancelled), () => reader.IsDBNullAsync(0, Cancelled), () => reader.GetFieldValueAsync<int>(0, Cancelled), () => reader.NextResultAsync(Cancelled),
            () => closed.OpenAsync(Cancelled), () => batch.ExecuteNonQueryAsync(Cancelled), () => batch.ExecuteScalarAsync(Cancelled), () => batch.ExecuteReaderAsync(Cancelled),
            () => batch.PrepareAsync(Cancelled), () => transaction.CommitAsync(Cancelled), () => transaction.RollbackAsync(Cancelled), () => transaction.SaveAsync("s", Cancelled),
            () => transaction.RollbackAsync("s", Cancelled), () => transaction.ReleaseAsync("s", Cancelled), () => Connection.BeginTransactionAsync(Cancelled).AsTask(),
            () => Connection.GetSchemaAsync(Cancelled), () => reader.GetColumnSchemaAsync(Cancelled), () => reader.GetSchemaTableAsync(Cancelled),
        })
        {
            Task? task = null;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task = start());
            Assert.True(task?.IsCanceled, "the task was not returned as a cancelled one");
        }

        Assert.Equal(ConnectionState.Closed, closed.State);
    }

    [Fact]
    public void The_factory_makes_all_that_it_says()
    {
        DbProviderFactory factory = EngramFactory.Instance;
        Assert.IsType<EngramCommand>(factory.CreateCommand());
        Assert.IsType<EngramConnection>(factory.CreateConnection());
        Assert.IsType<EngramParameter>(factory.CreateParameter());
        Assert.IsType<EngramConnectionStringBuilder>(factory.CreateConnectionStringBuilder());
        Assert.True(factory.CanCreateBatch && factory.CanCreateCommandBuilder && factory.CanCreateDataAdapter);
        Assert.IsType<EngramBatch>(factory.CreateBatch());
        Assert.IsType<EngramBatchCommand>(factory.CreateBatchCommand());
        Assert.IsType<EngramDataAdapter>(factory.CreateDataAdapter());
        Assert.IsType<EngramCommandBuilder>(factory.CreateCommandBuilder());
        Assert.False(factory.CanCreateDataSourceEnumerator);
        Assert.Null(factory.CreateDataSourceEnumerator());
        using var source = factory.CreateDataSource(ConnectionString);
        using var command = source.CreateCommand("SELECT 7");
        Assert.Equal(7, command.ExecuteScalar());
        using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new EngramBatchCommand("SELECT 8"));
        Assert.Equal(8, batch.ExecuteScalar());
        Assert.Same(factory, DbProviderFactories.GetFactory(Connection));
    }

    private EngramDataReader Read(string sql) => Command(sql).ExecuteReader();

    private static void Throws<T>(string member, Action action)
        where T : Exception
    {
        var thrown = Record.Exception(action);
        Assert.True(thrown?.GetType() == typeof(T), $"{member} should throw {typeof(T).Name}, not {thrown?.GetType().Name ?? "nothing"}.");
    }
}
