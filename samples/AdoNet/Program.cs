// Engram.Data without Entity Framework: commands, Dapper, bulk copy, batches, transactions.
//
//   dotnet run --project samples/AdoNet                     in a new database in the temporary directory, deleted afterwards
//   dotnet run --project samples/AdoNet -- readings.engram  in a database of yours, which is kept

using System.Data;
using System.Transactions;
using AdoNet;
using Dapper;
using Engram.Data;
using IsolationLevel = System.Transactions.IsolationLevel;

var scratch = args.Length == 0 ? Directory.CreateTempSubdirectory("adonet") : null;
var path = args.Length > 0 ? args[0] : Path.Combine(scratch!.FullName, "readings.engram");

// One data source for the life of the application: it holds the database open, and makes connections, which are cheap.
await using (var source = new EngramDataSource($"Data Source={path}"))
{
    await using (var connection = await source.OpenConnectionAsync())
    {
        await connection.ExecuteAsync("""
            DROP TABLE IF EXISTS reading;
            DROP TABLE IF EXISTS sensor;
            CREATE TABLE sensor (id integer PRIMARY KEY, name text NOT NULL, profile vector(3) NOT NULL);
            CREATE TABLE reading (sensor integer NOT NULL REFERENCES sensor, time timestamptz NOT NULL, value double precision NOT NULL);
            """);

        await CommandsAsync(connection);
        await BatchesAsync(connection);
        await BulkCopyAsync(connection);
        await DapperAsync(connection);
        await TransactionsAsync(connection);
    }

    await ScopesAsync(source);
}

scratch?.Delete(recursive: true);

// A command with parameters, run several times: its text is parsed and planned once.
static async Task CommandsAsync(EngramConnection connection)
{
    await using var command = connection.CreateCommand();
    command.CommandText = "INSERT INTO sensor VALUES (@id, @name, @profile)";
    var (id, name, profile) = (command.Parameters.Add("id", DbType.Int32), command.Parameters.Add("name", DbType.String), new EngramParameter { ParameterName = "profile" });
    command.Parameters.Add(profile);
    (int, string, float[])[] sensors = [(1, "cellar", [0.9f, 0.1f, 0]), (2, "attic", [0.1f, 0.9f, 0]), (3, "garden", [0, 0.6f, 0.8f])];
    foreach (var sensor in sensors)
    {
        (id.Value, name.Value, profile.Value) = sensor;
        await command.ExecuteNonQueryAsync();
    }

    Console.WriteLine($"Commands      {sensors.Length} sensors, each in a transaction of its own");
}

// Several commands in one round, here with a transaction around them: all or nothing, and one sync of the disk. Commands and batches take part
// in the transaction that their connection has.
static async Task BatchesAsync(EngramConnection connection)
{
    await using var transaction = await connection.BeginTransactionAsync();
    await using var batch = connection.CreateBatch();
    foreach (var (sensor, value) in new[] { (1, 11.5), (2, 24.0), (3, 17.25) })
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = "INSERT INTO reading VALUES ($1, now(), $2)";
        command.Parameters.Add(new EngramParameter { Value = sensor });
        command.Parameters.Add(new EngramParameter { Value = value });
        batch.BatchCommands.Add(command);
    }

    var rows = await batch.ExecuteNonQueryAsync();
    await transaction.CommitAsync();
    Console.WriteLine($"Batch         {rows} readings in one transaction");
}

// Many rows: they go straight to the column store, all or none of them, with bounded memory.
static async Task BulkCopyAsync(EngramConnection connection)
{
    var random = new Random(1);
    var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    var rows = Enumerable.Range(0, 100_000).Select(i => new object?[] { (i % 3) + 1, start.AddMinutes(i), (random.NextDouble() * 30) - 5 });

    using var copy = new EngramBulkCopy(connection, "reading") { NotifyAfter = 50_000 };
    copy.RowsCopied += (_, e) => Console.WriteLine($"Bulk copy     {e.RowsCopied} rows so far");
    await copy.WriteToServerAsync(rows);
}

// Dapper maps rows to objects. It takes an array for a list of values unless it is told that this one is a value.
static async Task DapperAsync(EngramConnection connection)
{
    SqlMapper.AddTypeHandler(new EmbeddingHandler());
    var warm = await connection.QueryAsync<SensorMean>(
        """
        SELECT s.name, count(*) AS readings, avg(r.value) AS mean, max(r.time) AS last
        FROM reading r JOIN sensor s ON s.id = r.sensor WHERE r.value > @min GROUP BY s.name ORDER BY s.name
        """,
        new { min = 20.0 });
    foreach (var sensor in warm)
    {
        Console.WriteLine($"Dapper        {sensor.Name}: {sensor.Readings} readings above 20, {sensor.Mean:0.0} on average, the last on {sensor.Last:yyyy-MM-dd}");
    }

    var like = await connection.QuerySingleAsync<Sensor>(
        "SELECT id, name, profile FROM sensor ORDER BY profile <=> @profile LIMIT 1", new { profile = new float[] { 0, 0.5f, 0.5f } });
    Console.WriteLine($"Dapper        most like (0, 0.5, 0.5): {like.Name}, ({string.Join(", ", like.Profile)})");
}

// A savepoint takes part of a transaction back. A statement that fails takes back itself, and the transaction goes on.
static async Task TransactionsAsync(EngramConnection connection)
{
    await using var transaction = await connection.BeginTransactionAsync();
    await connection.ExecuteAsync("UPDATE sensor SET name = 'wine cellar' WHERE id = 1", transaction: transaction);
    await transaction.SaveAsync("renamed");
    await connection.ExecuteAsync("DELETE FROM reading WHERE value < 0", transaction: transaction);
    await transaction.RollbackAsync("renamed");
    try
    {
        await connection.ExecuteAsync("INSERT INTO reading VALUES (99, now(), 0)", transaction: transaction);
    }
    catch (EngramException e)
    {
        Console.WriteLine($"Refused       {e.SqlState}: {e.Message}");
    }

    await transaction.CommitAsync();
    Console.WriteLine($"Transaction   sensor 1 is now the {await connection.ExecuteScalarAsync<string>("SELECT name FROM sensor WHERE id = 1")}");
}

// Code that knows nothing of each other shares a transaction through the scope that is around it. TransactionScope asks for Serializable
// by default, which takes the write lock with the first statement; ReadCommitted takes it with the first write.
static async Task ScopesAsync(EngramDataSource source)
{
    using (var scope = new TransactionScope(
        TransactionScopeOption.Required, new TransactionOptions { IsolationLevel = IsolationLevel.ReadCommitted }, TransactionScopeAsyncFlowOption.Enabled))
    {
        await AddSensorAsync(source, 4, "roof");
        await AddSensorAsync(source, 5, "well");
        scope.Complete();
    }

    using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
    {
        await AddSensorAsync(source, 6, "never seen");
    }

    await using var connection = await source.OpenConnectionAsync();
    Console.WriteLine($"Scope         {await connection.ExecuteScalarAsync<int>("SELECT count(*) FROM sensor")} sensors: two of a completed scope, none of one that was not");
}

static async Task AddSensorAsync(EngramDataSource source, int id, string name)
{
    await using var connection = await source.OpenConnectionAsync();
    await connection.ExecuteAsync("INSERT INTO sensor VALUES (@id, @name, @profile)", new { id, name, profile = new float[] { 0, 0, 1 } });
}
