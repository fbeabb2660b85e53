namespace Engram.Data.Tests.Ado;

/// <summary>EngramLog: what tools see of the log.</summary>
public sealed class LogTests : AdoTest
{
    private string ConnectionText => $"Data Source={DiskPath};Keep Alive=0";

    [Fact]
    public void Transactions_are_read_beside_the_connection_that_wrote_them()
    {
        using var connection = OpenOnDisk();
        Execute(connection, "CREATE TABLE note (id bigint PRIMARY KEY, text text, confidence real, embedding vector(3))");
        Execute(connection, "CREATE SEQUENCE numbers");
        Execute(connection, "INSERT INTO note VALUES (1, 'one', 0.5, '[1,2,3]'), (2, NULL, NULL, NULL)");
        using (var transaction = connection.BeginTransaction())
        {
            Execute(connection, "UPDATE note SET confidence = 1 WHERE id = 1");
            Execute(connection, "DELETE FROM note WHERE id = 2");
            transaction.Commit();
        }

        var transactions = EngramLog.Read(DiskPath).SelectMany(g => g.Transactions).ToArray();
        var lsns = transactions.Select(t => t.Lsn).ToArray();
        Assert.Equal(Enumerable.Range(0, lsns.Length).Select(i => lsns[0] + i), lsns);
        Assert.All(transactions, t => Assert.Equal(t.SizeBytes, t.Records.Sum(r => (long)r.SizeBytes)));
        var records = transactions.SelectMany(t => t.Records).ToArray();
        Assert.Contains(records, r => r is { Kind: EngramLogRecordKind.PutTable, Name: "note" });
        Assert.Contains(records, r => r is { Kind: EngramLogRecordKind.PutObject, Name: "numbers" });
        var insert = Assert.Single(records, r => r.Kind == EngramLogRecordKind.Insert);
        Assert.Equal(("note", 2L), (insert.Name, insert.Rows));
        Assert.Equal([EngramLogRecordKind.Update, EngramLogRecordKind.Delete], transactions[^1].Records.Select(r => r.Kind));
        Assert.Equal("confidence", Assert.Single(transactions[^1].Records[0].Columns));
        Assert.Equal((insert.RowIdFirst, insert.RowIdFirst + 1), (transactions[^1].Records[0].RowIdFirst, transactions[^1].Records[1].RowIdFirst));
    }

    [Fact]
    public void Tables_of_the_checkpoint_have_their_names_and_groups_are_whole_when_it_is_closed()
    {
        using (var connection = OpenOnDisk())
        {
            Execute(connection, "CREATE SCHEMA other");
            Execute(connection, "CREATE TABLE other.note (id bigint PRIMARY KEY)");
            Execute(connection, "CHECKPOINT");
            Execute(connection, "INSERT INTO other.note VALUES (1)");
        }

        var groups = EngramLog.Read(DiskPath).ToArray();
        Assert.All(groups, g => Assert.True(g.IsWhole, g.Problem));
        Assert.Contains(groups.SelectMany(g => g.Transactions).SelectMany(t => t.Records), r => r is { Kind: EngramLogRecordKind.Insert, Name: "other.note", Rows: 1 });
        Assert.All(groups.Where(g => g.IsSeal), g => Assert.Empty(g.Transactions));
    }

    [Fact]
    public void A_damaged_group_is_shown_as_not_whole_and_those_behind_it_are_shown_too()
    {
        using (var connection = OpenOnDisk())
        {
            Execute(connection, "CREATE TABLE note (id bigint PRIMARY KEY)");
            Execute(connection, "INSERT INTO note VALUES (1)");
            Execute(connection, "INSERT INTO note VALUES (2)");
        }

        var insert = EngramLog.Read(DiskPath).First(g => g.Transactions.Any(t => t.Records.Any(r => r.Kind == EngramLogRecordKind.Insert)));
        var number = EngramLog.Read(DiskPath).Count();
        FlipByte(insert, at: 90);
        var groups = EngramLog.Read(DiskPath).ToArray();
        Assert.Equal(number, groups.Length);
        var broken = Assert.Single(groups, g => !g.IsWhole);
        Assert.Equal((insert.File, insert.Offset, insert.Number), (broken.File, broken.Offset, broken.Number));
        Assert.Contains("checksum", broken.Problem, StringComparison.Ordinal);
        Assert.Empty(broken.Transactions);

        // Its header too: then nothing tells which group it was.
        FlipByte(insert, at: 17);
        broken = Assert.Single(EngramLog.Read(DiskPath), g => !g.IsWhole);
        Assert.Equal((insert.Offset, insert.SizeBytes, 0L), (broken.Offset, broken.SizeBytes, broken.Number));
    }

    [Fact]
    public void A_path_without_a_database_is_an_error_that_names_it()
    {
        var error = Assert.Throws<EngramException>(() => EngramLog.Read(DiskPath + "-none"));
        Assert.Equal("EG004", error.SqlState);
        Assert.Contains("-none", error.Message, StringComparison.Ordinal);
    }

    private EngramConnection OpenOnDisk()
    {
        var connection = new EngramConnection(ConnectionText);
        connection.Open();
        return connection;
    }

    private void FlipByte(EngramLogGroup group, int at)
    {
        using var file = File.Open(Path.Combine(DiskPath, group.File), FileMode.Open, FileAccess.ReadWrite);
        file.Position = group.Offset + at;
        var value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(value ^ 0x40));
    }
}
