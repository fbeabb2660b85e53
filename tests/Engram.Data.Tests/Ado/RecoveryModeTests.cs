namespace Engram.Data.Tests.Ado;

/// <summary>The connection string's Recovery, and what LastRecovery says of a salvage.</summary>
public sealed class RecoveryModeTests : AdoTest
{
    private string Strict => $"Data Source={DiskPath};Keep Alive=0";

    private string Salvage => Strict + ";Recovery=Salvage";

    [Fact]
    public void Salvage_needs_write_access()
    {
        var error = Assert.Throws<ArgumentException>(() => new EngramConnection("Data Source=a;Mode=ReadOnly;Recovery=Salvage"));
        Assert.Contains("Mode=ReadWrite", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_segment_is_refused_then_salvaged_then_opens_again()
    {
        CreateDatabase();
        var file = Directory.GetFiles(Path.Combine(DiskPath, "segments"), "*.seg").Single();
        Flip(file, 200);

        using (var connection = new EngramConnection(Strict))
        {
            connection.Open();
            var error = Assert.Throws<EngramException>(() => Scalar(connection, "SELECT max(\"Text\") FROM \"Note\""));
            Assert.Equal("XX001", error.SqlState);
            Assert.Contains("Recovery=Salvage", error.Message, StringComparison.Ordinal);
        }

        using (var connection = new EngramConnection(Salvage))
        {
            connection.Open();
            var report = connection.LastRecovery!;
            var lost = report.Salvaged.Where(i => i.Kind == EngramSalvageKind.LostRows).ToList();
            Assert.NotEmpty(lost);
            Assert.All(lost, i => Assert.Equal("Note", i.Table));
            Assert.Equal(3000 - (long)Scalar(connection, "SELECT count(*) FROM \"Note\"")!, lost.Sum(i => i.RowCount));
            Assert.All(report.QuarantinedFiles, f => Assert.True(File.Exists(Path.Combine(DiskPath, f)), f));
            Assert.Contains(report.QuarantinedFiles, f => f.EndsWith("-report.txt", StringComparison.Ordinal));

            // Another one joins it as it is.
            using var other = new EngramConnection(Strict);
            other.Open();
            Assert.Equal(1, Execute(other, "INSERT INTO \"Note\" VALUES (9000, 'new')"));
        }

        using (var connection = new EngramConnection(Strict))
        {
            connection.Open();
            Assert.Empty(connection.LastRecovery!.Salvaged);
            Assert.Equal("new", Scalar(connection, "SELECT \"Text\" FROM \"Note\" WHERE \"Id\" = 9000"));
        }
    }

    [Fact]
    public void A_database_that_is_warm_is_read_anew_by_a_salvage()
    {
        CreateDatabase();
        Flip(Directory.GetFiles(Path.Combine(DiskPath, "segments"), "*.seg").Single(), 200);
        var warm = $"Data Source={DiskPath};Keep Alive=60";
        using (var connection = new EngramConnection(warm))
        {
            connection.Open();
        }

        using var salvage = new EngramConnection(warm + ";Recovery=Salvage");
        salvage.Open();
        Assert.NotEmpty(salvage.LastRecovery!.Salvaged);
        salvage.Close();
        EngramConnection.ClearPool(salvage);
    }

    [Fact]
    public void A_database_without_CURRENT_is_found_by_a_salvage_that_may_not_create_one()
    {
        CreateDatabase();
        File.Delete(Path.Combine(DiskPath, "CURRENT"));
        Assert.Equal("EG001", Assert.Throws<EngramException>(() => Open(Strict)).SqlState);
        using var connection = new EngramConnection(Salvage + ";Mode=ReadWrite");
        connection.Open();
        Assert.Equal(EngramSalvageKind.ReplacedManifest, Assert.Single(connection.LastRecovery!.Salvaged).Kind);
        Assert.Equal(3000L, Scalar(connection, "SELECT count(*) FROM \"Note\""));
    }

    private static void Flip(string path, long offset)
    {
        using var file = new FileStream(path, FileMode.Open);
        file.Position = offset;
        var value = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(value ^ 1));
    }

    private void CreateDatabase()
    {
        using var connection = new EngramConnection(Strict);
        connection.Open();
        Execute(connection, "CREATE TABLE \"Note\" (\"Id\" bigint PRIMARY KEY, \"Text\" text)");
        Execute(connection, $"INSERT INTO \"Note\" VALUES {string.Join(", ", Enumerable.Range(1, 3000).Select(i => $"({i}, 'note {i}')"))}");
        Execute(connection, "CHECKPOINT");
    }
}
