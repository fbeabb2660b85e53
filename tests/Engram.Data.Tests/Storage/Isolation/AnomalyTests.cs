using System.Data;
using System.Globalization;
using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Storage.Isolation;

/// <summary>The anomalies of the literature, step by step, and what becomes of each at each level.</summary>
/// <remarks>
/// G0 to G2 are Adya's; OTV (observed transaction vanishes), PMP (predicate many preceders) and P4 (lost update) as in the Hermitage scripts. Each line is a
/// transaction, a statement and what it answers: values of rows, rows changed, or an SQLSTATE. <c>waits</c> says that it waits for the write lock; a line without a
/// statement takes the answer later. Transactions begin with their first line; those that are left open are rolled back.
/// </remarks>
public sealed class AnomalyTests : AdoTest
{
    private const IsolationLevel Committed = IsolationLevel.ReadCommitted;
    private const IsolationLevel Snapshot = IsolationLevel.Snapshot;
    private const IsolationLevel Serializable = IsolationLevel.Serializable;

    private readonly Dictionary<string, (EngramConnection Connection, Task<string>? Waiting)> transactions = [];

    public AnomalyTests() => Execute("CREATE TABLE test (id integer PRIMARY KEY, value integer NOT NULL); INSERT INTO test VALUES (1, 10), (2, 20)");

    [Theory]
    [InlineData(Committed, "1", "12 22")]
    [InlineData(Snapshot, "40001", "11 21")]
    [InlineData(Serializable, "1", "12 22")]
    public Task G0_dirty_write(IsolationLevel level, string second, string end) => RunAsync(level, $"""
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T2 UPDATE test SET value = 12 WHERE id = 1 => waits
        T1 UPDATE test SET value = 21 WHERE id = 2 => 1
        T1 COMMIT => ok
        T2 => {second}
        T2 {(second == "1" ? "UPDATE test SET value = 22 WHERE id = 2 => 1" : "ROLLBACK => ok")}
        T2 {(second == "1" ? "COMMIT => ok" : "SELECT 1 => 1")}
        T3 SELECT value FROM test ORDER BY id => {end}
        """);

    [Theory]
    [InlineData(Committed)]
    [InlineData(Snapshot)]
    public Task G1a_aborted_read(IsolationLevel level) => RunAsync(level, """
        T1 UPDATE test SET value = 101 WHERE id = 1 => 1
        T2 SELECT value FROM test ORDER BY id => 10 20
        T1 ROLLBACK => ok
        T2 SELECT value FROM test ORDER BY id => 10 20
        T2 COMMIT => ok
        """);

    [Fact]
    public Task G1a_aborted_read_serializable() => RunAsync(Serializable, """
        T1 UPDATE test SET value = 101 WHERE id = 1 => 1
        T2 SELECT value FROM test ORDER BY id => waits
        T1 ROLLBACK => ok
        T2 => 10 20
        """);

    [Theory]
    [InlineData(Committed, "11 20")]
    [InlineData(Snapshot, "10 20")]
    public Task G1b_intermediate_read(IsolationLevel level, string after) => RunAsync(level, $"""
        T1 UPDATE test SET value = 101 WHERE id = 1 => 1
        T2 SELECT value FROM test ORDER BY id => 10 20
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T1 COMMIT => ok
        T2 SELECT value FROM test ORDER BY id => {after}
        """);

    [Fact]
    public Task G1b_intermediate_read_serializable() => RunAsync(Serializable, """
        T1 UPDATE test SET value = 101 WHERE id = 1 => 1
        T2 SELECT value FROM test ORDER BY id => waits
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T1 COMMIT => ok
        T2 => 11 20
        """);

    [Theory]
    [InlineData(Committed, "11")]
    [InlineData(Snapshot, "10")]
    [InlineData(Serializable, "11")]
    public Task G1c_circular_information_flow(IsolationLevel level, string seen) => RunAsync(level, $"""
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T2 UPDATE test SET value = 22 WHERE id = 2 => waits
        T1 SELECT value FROM test WHERE id = 2 => 20
        T1 COMMIT => ok
        T2 => 1
        T2 SELECT value FROM test WHERE id = 1 => {seen}
        T2 COMMIT => ok
        """);

    [Fact]
    public Task OTV_observed_transaction_vanishes_read_committed() => RunAsync(Committed, """
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T1 UPDATE test SET value = 19 WHERE id = 2 => 1
        T2 UPDATE test SET value = 12 WHERE id = 1 => waits
        T1 COMMIT => ok
        T2 => 1
        T3 SELECT value FROM test WHERE id = 1 => 11
        T2 UPDATE test SET value = 18 WHERE id = 2 => 1
        T3 SELECT value FROM test WHERE id = 2 => 19
        T2 COMMIT => ok
        T3 SELECT value FROM test WHERE id = 2 => 18
        T3 SELECT value FROM test WHERE id = 1 => 12
        """);

    [Fact]
    public Task OTV_observed_transaction_vanishes_snapshot() => RunAsync(Snapshot, """
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T1 UPDATE test SET value = 19 WHERE id = 2 => 1
        T2 UPDATE test SET value = 12 WHERE id = 1 => waits
        T1 COMMIT => ok
        T2 => 40001
        T2 ROLLBACK => ok
        T3 SELECT value FROM test WHERE id = 1 => 11
        T4 UPDATE test SET value = 12 WHERE id = 1 => 1
        T4 UPDATE test SET value = 18 WHERE id = 2 => 1
        T4 COMMIT => ok
        T3 SELECT value FROM test WHERE id = 2 => 19
        T3 SELECT value FROM test WHERE id = 1 => 11
        """);

    [Fact]
    public Task OTV_observed_transaction_vanishes_serializable() => RunAsync(Serializable, """
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T1 UPDATE test SET value = 19 WHERE id = 2 => 1
        T2 UPDATE test SET value = 12 WHERE id = 1 => waits
        T3 SELECT value FROM test ORDER BY id => waits
        T1 COMMIT => ok
        T2 => 1
        T2 UPDATE test SET value = 18 WHERE id = 2 => 1
        T2 COMMIT => ok
        T3 => 12 18
        """);

    [Theory]
    [InlineData(Committed, "3,30")]
    [InlineData(Snapshot, "-")]
    public Task PMP_predicate_many_preceders(IsolationLevel level, string after) => RunAsync(level, $"""
        T1 SELECT * FROM test WHERE value = 30 => -
        T2 INSERT INTO test VALUES (3, 30) => 1
        T2 COMMIT => ok
        T1 SELECT * FROM test WHERE value % 3 = 0 => {after}
        T1 COMMIT => ok
        """);

    [Fact]
    public Task PMP_predicate_many_preceders_serializable() => RunAsync(Serializable, """
        T1 SELECT * FROM test WHERE value = 30 => -
        T2 INSERT INTO test VALUES (3, 30) => waits
        T1 SELECT * FROM test WHERE value % 3 = 0 => -
        T1 COMMIT => ok
        T2 => 1
        """);

    /// <summary>The condition of a write is looked at anew after the wait, or the write is refused: never as of two moments.</summary>
    [Theory]
    [InlineData(Committed, "1", "2,30")]
    [InlineData(Snapshot, "40001", "1,20 2,30")]
    [InlineData(Serializable, "1", "2,30")]
    public Task PMP_for_write_predicates(IsolationLevel level, string deleted, string seen) => RunAsync(level, $"""
        T1 UPDATE test SET value = value + 10 => 2
        T2 DELETE FROM test WHERE value = 20 => waits
        T1 COMMIT => ok
        T2 => {deleted}
        T2 {(deleted == "1" ? "COMMIT" : "ROLLBACK")} => ok
        T3 SELECT * FROM test ORDER BY id => {seen}
        """);

    /// <summary>Only at read committed does an update that the application computed lose another one.</summary>
    [Theory]
    [InlineData(Committed, "1", "12")]
    [InlineData(Snapshot, "40001", "11")]
    public Task P4_lost_update(IsolationLevel level, string second, string end) => RunAsync(level, $"""
        T1 SELECT value FROM test WHERE id = 1 => 10
        T2 SELECT value FROM test WHERE id = 1 => 10
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T2 UPDATE test SET value = 12 WHERE id = 1 => waits
        T1 COMMIT => ok
        T2 => {second}
        T2 {(second == "1" ? "COMMIT" : "ROLLBACK")} => ok
        T3 SELECT value FROM test WHERE id = 1 => {end}
        """);

    [Fact]
    public Task P4_lost_update_serializable() => RunAsync(Serializable, """
        T1 SELECT value FROM test WHERE id = 1 => 10
        T2 SELECT value FROM test WHERE id = 1 => waits
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T1 COMMIT => ok
        T2 => 11
        """);

    /// <summary>An update that the statement computes is never lost, at any level.</summary>
    [Theory]
    [InlineData(Committed, "1", "12")]
    [InlineData(Snapshot, "40001", "11")]
    [InlineData(Serializable, "1", "12")]
    public Task P4_lost_update_of_one_statement(IsolationLevel level, string second, string end) => RunAsync(level, $"""
        T1 UPDATE test SET value = value + 1 WHERE id = 1 => 1
        T2 UPDATE test SET value = value + 1 WHERE id = 1 => waits
        T1 COMMIT => ok
        T2 => {second}
        T2 {(second == "1" ? "COMMIT" : "ROLLBACK")} => ok
        T3 SELECT value FROM test WHERE id = 1 => {end}
        """);

    [Theory]
    [InlineData(Committed, "18")]
    [InlineData(Snapshot, "20")]
    public Task G_single_read_skew(IsolationLevel level, string second) => RunAsync(level, $"""
        T1 SELECT value FROM test WHERE id = 1 => 10
        T2 SELECT value FROM test ORDER BY id => 10 20
        T2 UPDATE test SET value = 12 WHERE id = 1 => 1
        T2 UPDATE test SET value = 18 WHERE id = 2 => 1
        T2 COMMIT => ok
        T1 SELECT value FROM test WHERE id = 2 => {second}
        """);

    [Fact]
    public Task G_single_read_skew_serializable() => RunAsync(Serializable, """
        T1 SELECT value FROM test WHERE id = 1 => 10
        T2 UPDATE test SET value = 12 WHERE id = 1 => waits
        T1 SELECT value FROM test WHERE id = 2 => 20
        T1 COMMIT => ok
        T2 => 1
        """);

    [Theory]
    [InlineData(Committed, "1,12")]
    [InlineData(Snapshot, "-")]
    public Task G_single_of_a_predicate(IsolationLevel level, string second) => RunAsync(level, $"""
        T1 SELECT * FROM test WHERE value % 5 = 0 ORDER BY id => 1,10 2,20
        T2 UPDATE test SET value = 12 WHERE value = 10 => 1
        T2 COMMIT => ok
        T1 SELECT * FROM test WHERE value % 3 = 0 => {second}
        """);

    /// <summary>A snapshot does not write over what came later, even where it never read it.</summary>
    [Theory]
    [InlineData(Committed, "1")]
    [InlineData(Snapshot, "40001")]
    public Task G_single_of_a_write(IsolationLevel level, string second) => RunAsync(level, $"""
        T1 SELECT value FROM test WHERE id = 1 => 10
        T2 UPDATE test SET value = 12 WHERE id = 1 => 1
        T2 UPDATE test SET value = 18 WHERE id = 2 => 1
        T2 COMMIT => ok
        T1 DELETE FROM test WHERE id = 2 => {second}
        """);

    /// <summary>Write skew: allowed at read committed and snapshot.</summary>
    [Theory]
    [InlineData(Committed)]
    [InlineData(Snapshot)]
    public Task G2_item_write_skew(IsolationLevel level) => RunAsync(level, """
        T1 SELECT value FROM test WHERE id IN (1, 2) ORDER BY id => 10 20
        T2 SELECT value FROM test WHERE id IN (1, 2) ORDER BY id => 10 20
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T2 UPDATE test SET value = 21 WHERE id = 2 => waits
        T1 COMMIT => ok
        T2 => 1
        T2 COMMIT => ok
        T3 SELECT value FROM test ORDER BY id => 11 21
        """);

    [Fact]
    public Task G2_item_write_skew_serializable() => RunAsync(Serializable, """
        T1 SELECT value FROM test WHERE id IN (1, 2) ORDER BY id => 10 20
        T2 SELECT value FROM test WHERE id IN (1, 2) ORDER BY id => waits
        T1 UPDATE test SET value = 11 WHERE id = 1 => 1
        T1 COMMIT => ok
        T2 => 11 20
        """);

    /// <summary>Write skew by phantoms: allowed at read committed and snapshot.</summary>
    [Theory]
    [InlineData(Committed)]
    [InlineData(Snapshot)]
    public Task G2_anti_dependency_cycle(IsolationLevel level) => RunAsync(level, """
        T1 SELECT * FROM test WHERE value % 3 = 0 => -
        T2 SELECT * FROM test WHERE value % 3 = 0 => -
        T1 INSERT INTO test VALUES (3, 30) => 1
        T2 INSERT INTO test VALUES (4, 42) => waits
        T1 COMMIT => ok
        T2 => 1
        T2 COMMIT => ok
        T3 SELECT * FROM test WHERE value % 3 = 0 ORDER BY id => 3,30 4,42
        """);

    [Fact]
    public Task G2_anti_dependency_cycle_serializable() => RunAsync(Serializable, """
        T1 SELECT * FROM test WHERE value % 3 = 0 => -
        T2 SELECT * FROM test WHERE value % 3 = 0 => waits
        T1 INSERT INTO test VALUES (3, 30) => 1
        T1 COMMIT => ok
        T2 => 3,30
        """);

    /// <summary>Two that would wait for each other under row locks: here there is one lock, and nothing to deadlock on.</summary>
    [Theory]
    [InlineData(Committed)]
    [InlineData(Serializable)]
    public Task Crossed_updates_do_not_deadlock(IsolationLevel level) => RunAsync(level, """
        T1 UPDATE test SET value = value + 1 WHERE id = 1 => 1
        T2 UPDATE test SET value = value + 1 WHERE id = 2 => waits
        T1 UPDATE test SET value = value + 1 WHERE id = 2 => 1
        T1 COMMIT => ok
        T2 => 1
        T2 UPDATE test SET value = value + 1 WHERE id = 1 => 1
        T2 COMMIT => ok
        T3 SELECT value FROM test ORDER BY id => 12 22
        """);

    private async Task RunAsync(IsolationLevel level, string script)
    {
        foreach (var line in script.Split('\n', StringSplitOptions.TrimEntries))
        {
            var arrow = line.IndexOf("=>", StringComparison.Ordinal);
            var (name, sql, expected) = (line[..2], line[2..arrow].Trim(), line[(arrow + 2)..].Trim());
            if (!transactions.TryGetValue(name, out var transaction))
            {
                transaction = (Open(), null);
                transaction.Connection.BeginTransaction(level);
            }

            var running = transaction.Waiting ?? AnswerAsync(transaction.Connection, sql);
            if (expected == "waits")
            {
                Assert.False(running.IsCompleted, $"It did not wait: {line}");
                transactions[name] = transaction with { Waiting = running };
                continue;
            }

            transactions[name] = transaction with { Waiting = null };
            Assert.Equal($"{line[..arrow]}=> {expected}", $"{line[..arrow]}=> {await running.WaitAsync(TimeSpan.FromSeconds(120))}");
        }
    }

    private static async Task<string> AnswerAsync(EngramConnection connection, string sql)
    {
        using var command = Command(connection, sql);
        try
        {
            if (!sql.StartsWith("SELECT", StringComparison.Ordinal))
            {
                var affected = await command.ExecuteNonQueryAsync();
                return affected < 0 ? "ok" : affected.ToString(CultureInfo.InvariantCulture);
            }

            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<string>();
            while (await reader.ReadAsync())
            {
                rows.Add(string.Join(',', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
            }

            return rows.Count == 0 ? "-" : string.Join(' ', rows);
        }
        catch (EngramException e)
        {
            return e.SqlState!;
        }
    }
}
