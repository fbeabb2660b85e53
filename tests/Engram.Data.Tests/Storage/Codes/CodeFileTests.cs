using System.Globalization;
using System.Text.RegularExpressions;
using Engram.Data.Storage.Versions;
using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Storage.Codes;

/// <summary>Codes in files: used straight after loading, found again, and made anew when they are missing, damaged or another's. Nothing of that changes an answer.</summary>
public sealed partial class CodeFileTests : AdoTest
{
    private const int RowCount = 5000;
    private const int Dimensions = 12;

    private readonly float[][] vectors;

    public CodeFileTests()
    {
        var random = new Random(1);
        vectors = [.. Enumerable.Range(0, RowCount).Select(_ => Enumerable.Range(0, Dimensions).Select(_ => random.NextSingle() - 0.5f).ToArray())];
    }

    private string Folder => Path.Combine(DiskPath, "indexes");

    private string CodePath => Assert.Single(Directory.GetFiles(Folder, "*.codes"));

    [Fact]
    public void A_load_has_codes_at_once_and_opening_finds_them()
    {
        const int Large = 8 * RowCount;
        using (var connection = Create())
        {
            Load(connection, 0, Large);
            Assert.Equal(Large, Check(connection, Large).Codes);
        }

        using var reopened = Reopen();
        Assert.Equal(Large, Check(reopened, Large).Codes);
        Assert.InRange(Check(reopened, Large).Scored, 10, Large / 10);
    }

    [Fact]
    public void Rows_that_wait_for_a_checkpoint_have_codes_once_their_chunk_is_full()
    {
        Execute($"CREATE TABLE t (id bigint PRIMARY KEY, embedding vector({Dimensions}))");
        foreach (var chunk in Enumerable.Range(0, RowCount).Chunk(100))
        {
            using var command = Command($"INSERT INTO t VALUES {string.Join(", ", chunk.Select((id, i) => string.Create(CultureInfo.InvariantCulture, $"({id}, ${i + 1})")))}", [.. chunk.Select(id => vectors[id])]);
            command.ExecuteNonQuery();
        }

        Assert.InRange(Check(Connection).Codes, 2048, RowCount);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("page")]
    [InlineData("footer")]
    [InlineData("other")]
    public void What_is_lost_is_made_again_beside_searches_and_written_by_the_next_checkpoint(string damage)
    {
        using (var connection = Load())
        {
            // Another load has another file, of the same length.
            Load(connection, RowCount, RowCount);
            Execute(connection, "CHECKPOINT");
        }

        ClearPool($"Data Source={DiskPath}");
        var paths = Directory.GetFiles(Folder, "*.codes");
        Assert.Equal(2, paths.Length);
        foreach (var path in paths)
        {
            Damage(path, damage, paths);
        }

        using (var connection = Reopen())
        {
            var first = Check(connection, 2 * RowCount);
            Assert.InRange(first.Codes, 0, 2 * RowCount);
            Assert.True(SpinWait.SpinUntil(() => Check(connection, 2 * RowCount).Codes == 2 * RowCount, TimeSpan.FromSeconds(60)));
            Assert.Equal(1, Execute(connection, "DELETE FROM t WHERE id = 2"));
            Assert.Equal(1, Execute(connection, "INSERT INTO t VALUES (2, $1)", vectors[2]));
            Execute(connection, "CHECKPOINT");
        }

        using var reopened = Reopen();
        Assert.InRange(Check(reopened, 2 * RowCount).Codes, 2 * RowCount, (2 * RowCount) + 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Codes_are_not_made_in_memory_that_there_is_none_of(bool isDamaged)
    {
        using (var connection = Load())
        {
            Execute(connection, "CHECKPOINT");
        }

        ClearPool($"Data Source={DiskPath}");
        var path = CodePath;
        Damage(path, isDamaged ? "footer" : "missing", [path]);
        using (var connection = Reopen())
        {
            var memory = connection.Session.Database.Store.Memory;
            var most = memory.LimitBytes / 2;
            Assert.True(memory.TryReserveDerived(most));
            Assert.Equal(0, Check(connection).Codes);
            Assert.Equal(0, Check(connection).Codes);
            Assert.Equal(most, memory.DerivedBytes);
            if (isDamaged)
            {
                // A checkpoint needs no such memory.
                Assert.Equal(1, Execute(connection, "DELETE FROM t WHERE id = 4999"));
                Assert.Equal(1, Execute(connection, "INSERT INTO t VALUES (4999, $1)", vectors[4999]));
                Execute(connection, "CHECKPOINT");
                Assert.InRange(Check(connection).Codes, RowCount - 1, RowCount + 1);
                Assert.Equal(most, memory.DerivedBytes);
                // Once there it is not written again.
                var longAgo = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
                File.SetLastWriteTimeUtc(path, longAgo);
                Assert.Equal(1, Execute(connection, "UPDATE t SET embedding = $1 WHERE id = 4999", vectors[4999]));
                Execute(connection, "CHECKPOINT");
                Assert.Equal(longAgo, File.GetLastWriteTimeUtc(path));
            }

            memory.ReleaseDerived(most);
            Assert.True(SpinWait.SpinUntil(() => Check(connection).Codes >= RowCount - 1, TimeSpan.FromMinutes(10)));
            Assert.Equal(isDamaged, memory.DerivedBytes == 0);
            Assert.Equal(0, memory.ReservedBytes);
        }
    }

    [Fact]
    public async Task A_file_that_a_checkpoint_wrote_meanwhile_takes_the_place_of_codes_in_memory()
    {
        using (var connection = Load())
        {
            Execute(connection, "CHECKPOINT");
        }

        ClearPool($"Data Source={DiskPath}");
        Damage(CodePath, "missing", []);
        using var reopened = Reopen();
        var memory = reopened.Session.Database.Store.Memory;
        using (var goes = new ManualResetEventSlim())
        {
            var before = OpenSegment.Making.StartNew(goes.Wait);
            try
            {
                Assert.Equal(0, Check(reopened).Codes);
                Assert.NotEqual(0, memory.DerivedBytes);
                Assert.Equal(1, Execute(reopened, "DELETE FROM t WHERE id = 4999"));
                Assert.Equal(1, Execute(reopened, "INSERT INTO t VALUES (4999, $1)", vectors[4999]));
                Execute(reopened, "CHECKPOINT");
            }
            finally
            {
                goes.Set();
                await before;
            }
        }

        // One after the other: they have been made by then.
        await OpenSegment.Making.StartNew(() => { });
        Assert.Equal(0, memory.DerivedBytes);
        Assert.InRange(Check(reopened).Codes, RowCount - 1, RowCount + 1);
    }

    [Fact]
    public void The_code_of_a_vector_that_was_changed_since_says_nothing()
    {
        using (var connection = Load())
        {
            Execute(connection, "UPDATE t SET embedding = $1 WHERE id = 4321", vectors[17]);
            Nearest(connection);
            Execute(connection, "CHECKPOINT");
            Nearest(connection);
        }

        using var reopened = Reopen();
        Nearest(reopened);
        Assert.InRange(Explain(reopened, vectors[17]).Codes, RowCount - 1, RowCount);

        void Nearest(EngramConnection connection)
        {
            using var command = Command(connection, "SELECT id, embedding <-> $1 FROM t ORDER BY embedding <-> $1 LIMIT 2", vectors[17]);
            using var reader = command.ExecuteReader();
            Assert.True(reader.Read());
            Assert.Equal((17, 0.0), (reader.GetInt64(0), reader.GetDouble(1)));
            Assert.True(reader.Read());
            Assert.Equal((4321, 0.0), (reader.GetInt64(0), reader.GetDouble(1)));
        }
    }

    [Fact]
    public void Files_go_with_their_segments()
    {
        using var connection = Load();
        Execute(connection, "CHECKPOINT");
        var before = CodePath;
        Execute(connection, "DELETE FROM t WHERE id < 4000");
        Execute(connection, "VACUUM");
        Assert.NotEqual(before, CodePath);
        Execute(connection, "ALTER TABLE t DROP COLUMN embedding");
        Execute(connection, "CHECKPOINT");
        Assert.Empty(Directory.GetFiles(Folder, "*.codes"));
    }

    [Fact]
    public void A_column_that_is_written_anew_has_codes_of_its_own()
    {
        using var connection = Load();
        Execute(connection, "CHECKPOINT");
        Execute(connection, "UPDATE t SET embedding = $1", vectors[7]);
        Execute(connection, "CHECKPOINT");
        using var command = Command(connection, "SELECT id, embedding <-> $1 FROM t ORDER BY embedding <-> $1 LIMIT 3", vectors[7]);
        using var reader = command.ExecuteReader();
        for (var id = 0; id < 3; id++)
        {
            Assert.True(reader.Read());
            Assert.Equal((id, 0.0), (reader.GetInt64(0), reader.GetDouble(1)));
        }

        reader.Close();
        Assert.Equal(RowCount, Explain(connection, vectors[7]).Codes);
    }

    private static void Damage(string path, string damage, string[] paths)
    {
        var bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "missing":
                File.Delete(path);
                return;
            case "cut":
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                return;
            case "page":
                bytes[bytes.Length / 2] ^= 4;
                break;
            case "footer":
                bytes[^20] ^= 4;
                break;
            default:
                bytes = File.ReadAllBytes(paths[0] == path ? paths[1] : paths[0]);
                break;
        }

        File.WriteAllBytes(path, bytes);
    }

    private EngramConnection Create()
    {
        var connection = Open($"Data Source={DiskPath}");
        Execute(connection, $"CREATE TABLE t (id bigint PRIMARY KEY, embedding vector({Dimensions}))");
        return connection;
    }

    private EngramConnection Load()
    {
        var connection = Create();
        Load(connection, 0, RowCount);
        Execute(connection, "CHECKPOINT");
        return connection;
    }

    private void Load(EngramConnection connection, int first, int count)
        => new EngramBulkCopy(connection, "t").WriteToServer(Enumerable.Range(first, count).Select(id => new object?[] { (long)id, vectors[id % RowCount] }));

    private EngramConnection Reopen()
    {
        ClearPool($"Data Source={DiskPath}");
        return Open($"Data Source={DiskPath}");
    }

    /// <summary>Compares ten nearest with a loop.</summary>
    private (long Codes, long Scored) Check(EngramConnection connection, int rows = RowCount)
    {
        var query = vectors[17];
        var expected = Enumerable.Range(0, rows).OrderBy(id => vectors[id % RowCount].Zip(query, (a, b) => ((double)a - b) * ((double)a - b)).Sum()).ThenBy(id => id).Take(10);
        using var command = Command(connection, "SELECT id FROM t ORDER BY embedding <-> $1 LIMIT 10", query);
        using var reader = command.ExecuteReader();
        var found = new List<int>();
        while (reader.Read())
        {
            found.Add((int)reader.GetInt64(0));
        }

        Assert.Equal(expected, found);
        return Explain(connection, query);
    }

    private static (long Codes, long Scored) Explain(EngramConnection connection, float[] query)
    {
        using var command = Command(connection, "EXPLAIN ANALYZE SELECT id FROM t ORDER BY embedding <-> $1 LIMIT 10", query);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            if (Counts().Match(reader.GetString(0)) is { Success: true } match)
            {
                return (long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
            }
        }

        throw new InvalidOperationException("EXPLAIN ANALYZE says nothing of codes.");
    }

    [GeneratedRegex("codes=([0-9]+) scored=([0-9]+)")]
    private static partial Regex Counts();
}
