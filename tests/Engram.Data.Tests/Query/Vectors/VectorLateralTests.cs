using System.Globalization;
using System.Text.RegularExpressions;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query.Vectors;

/// <summary>A search for each left row of a LATERAL, several in one pass over the table, beside the same searches one at a time.</summary>
public sealed class VectorLateralTests : AdoTest
{
    private const int LeftCount = 30;
    private readonly Random random = new(17);
    private readonly float[]?[] queries;

    public VectorLateralTests()
    {
        Execute("CREATE TABLE t (id bigint PRIMARY KEY, kind integer NOT NULL, e vector(20)); CREATE TABLE q (id bigint PRIMARY KEY, v vector(20), any_v text)");
        // Some without a vector, and some vectors twice and more: ties are for the ids to decide.
        object?[][] rows = [.. Enumerable.Range(0, 2500).Select(id => new object?[] { (long)id, id % 3, id % 41 == 7 ? null : Vector(id % 5 == 1 ? id % 50 : null) })];
        using var copy = new EngramBulkCopy(Connection, "t");
        copy.WriteToServer(rows.Take(2200));
        Execute("CHECKPOINT");
        copy.WriteToServer(rows.Skip(2200));
        Execute("DELETE FROM t WHERE id % 29 = 3");
        Execute("UPDATE t SET e = (SELECT e FROM t WHERE id = 12) WHERE id % 31 = 4");
        queries = [.. Enumerable.Range(0, LeftCount).Select(i => i is 3 or 20 or 21 ? null : i == 9 ? new float[20] : Vector(i % 7 == 0 ? i : null))];
        using var left = new EngramBulkCopy(Connection, "q");
        left.WriteToServer(queries.Select((v, i) => new object?[] { (long)i, v, null }));
        Execute("UPDATE q SET any_v = v::text");
    }

    [Fact]
    public void Each_left_row_gets_what_a_search_of_its_own_finds()
    {
        AssertSame("<=>", "", "LIMIT 5", false);
        AssertSame("<->", "WHERE kind = 1", "LIMIT 7 OFFSET 3", true);
        AssertSame("<#>", "WHERE kind <> 1", "LIMIT 3", false);
        AssertSame("<+>", "", "LIMIT 4", true);
        AssertSame("<=>", "WHERE kind = 9", "LIMIT 2", false);
        AssertSame("<->", "WHERE id < 12", "LIMIT 20", false);
        AssertSame("<=>", "", "LIMIT 0", false);
        AssertSame("<->", "WHERE e <-> @ < 1.9", "LIMIT 6", true);
    }

    /// <summary>Blocks as they were stored, after the first: coarse codes are unpacked once for several queries.</summary>
    [Fact]
    public void So_it_does_where_all_rows_of_whole_blocks_are_judged_for_all_queries_at_once()
    {
        Execute("CREATE TABLE u (id bigint PRIMARY KEY, kind integer NOT NULL, e vector(20)); ALTER TABLE t RENAME TO other; ALTER TABLE u RENAME TO t");
        using var copy = new EngramBulkCopy(Connection, "t");
        copy.WriteToServer(Enumerable.Range(0, 6300).Select(id => new object?[] { (long)id, id % 3, id % 41 == 7 ? null : Vector(id % 5 == 1 ? id % 500 : null) }));
        Execute("CHECKPOINT; DELETE FROM t WHERE id % 29 = 3");
        AssertSame("<=>", "", "LIMIT 5", false);
        AssertSame("<->", "WHERE kind < 2", "LIMIT 7 OFFSET 3", false);
        AssertSame("<#>", "", "LIMIT 3", true);
        AssertSame("<+>", "", "LIMIT 4", false);
    }

    [Fact]
    public void Several_are_searched_for_in_one_pass_where_only_the_query_depends_on_the_left_row()
    {
        const string Together = "EXPLAIN ANALYZE SELECT q.id, n.id FROM q CROSS JOIN LATERAL (SELECT id FROM t WHERE kind = 1 ORDER BY e <=> q.v LIMIT 2) n";
        var plan = string.Join('\n', Rows(Together));
        Assert.Contains(" queries=", plan, StringComparison.Ordinal);
        var blocks = long.Parse(Regex.Match(plan, "top-k.*blocks=([0-9]+)").Groups[1].Value, CultureInfo.InvariantCulture);
        var own = string.Join('\n', Rows(Together.Replace("kind = 1", "kind = q.id % 3", StringComparison.Ordinal)));
        Assert.DoesNotContain(" queries=", own, StringComparison.Ordinal);
        Assert.True(blocks * 2 < long.Parse(Regex.Match(own, "top-k.*blocks=([0-9]+)").Groups[1].Value, CultureInfo.InvariantCulture), $"{plan}\n{own}");
    }

    /// <summary>Five or six: four together and what is left over alone; seven and eight: together.</summary>
    [Fact]
    public void Any_number_of_left_rows_gets_what_each_would_get_alone()
    {
        Execute("DELETE FROM t; CHECKPOINT");
        using (var copy = new EngramBulkCopy(Connection, "t"))
        {
            copy.WriteToServer(Enumerable.Range(0, 4200).Select(id => new object?[] { (long)id, id % 3, Vector(id % 5 == 1 ? id % 500 : null) }));
        }

        Execute("CHECKPOINT");
        Connection.Session.Settings.Parallelism = Parallelism.Off;
        // The first goes alone, then four together, then what is left.
        for (var last = 7; last <= 15; last++)
        {
            var expected = Enumerable.Range(0, last + 1).Where(i => queries[i] is not null)
                .SelectMany(i => Rows("SELECT id, e <=> $1 FROM t ORDER BY e <=> $1 LIMIT 3", queries[i]).Select(row => $"{i},{row}")).ToArray();
            Assert.Equal(expected, Rows($"SELECT q.id, n.* FROM (SELECT * FROM q WHERE id <= {last} AND v IS NOT NULL ORDER BY id) q, LATERAL (SELECT id, e <=> q.v FROM t ORDER BY e <=> q.v LIMIT 3) n"));
        }
    }

    [Theory]
    [InlineData("SELECT count(*), string_agg(id::text, '-' ORDER BY id) FROM (?) s")]
    [InlineData("SELECT kind, count(*) FROM (?) s GROUP BY kind ORDER BY kind")]
    [InlineData("SELECT DISTINCT kind FROM (?) s ORDER BY kind")]
    [InlineData("SELECT id, row_number() OVER (PARTITION BY kind ORDER BY id DESC) FROM (?) s ORDER BY id")]
    public void So_are_those_whose_rows_are_counted_or_numbered(string above)
    {
        var search = above.Replace("?", "SELECT id, kind FROM t ORDER BY e <=> @ LIMIT 6", StringComparison.Ordinal);
        var expected = Enumerable.Range(0, LeftCount).SelectMany(i => Rows(search.Replace("@", "$1", StringComparison.Ordinal), queries[i]).Select(row => $"{i},{row}")).ToArray();
        var joined = $"SELECT q.id, n.* FROM (SELECT * FROM q ORDER BY id) q, LATERAL ({search.Replace("@", "q.v", StringComparison.Ordinal)}) n";
        Assert.Equal(expected, Rows(joined));
        if (above.Contains("string_agg", StringComparison.Ordinal))
        {
            Assert.Contains(Rows("EXPLAIN ANALYZE " + joined), line => line.Contains(" queries=", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_limit_above_keeps_searches_for_other_rows_from_running()
    {
        Assert.Equal("2,1", Runs("SELECT q.id, n.id FROM q, LATERAL (SELECT id FROM t ORDER BY e <-> q.v LIMIT 2) n LIMIT 1"));
        Assert.Equal("4,2", Runs("SELECT q.id, n.id FROM q, LATERAL (SELECT id FROM t ORDER BY e <-> q.v LIMIT 2) n LIMIT 2 OFFSET 1"));
        Assert.Equal("4,2", Runs("SELECT q.id, n.id FROM q, LATERAL (SELECT id FROM t ORDER BY e <-> q.v LIMIT 2) n LIMIT $1", 3));
        Assert.Equal("3,3", Runs("SELECT q.id, n.id FROM q LEFT JOIN LATERAL (SELECT id FROM t ORDER BY e <-> q.v LIMIT 1) n ON true LEFT JOIN LATERAL (SELECT id FROM t WHERE id <> n.id ORDER BY e <-> q.v LIMIT 1) m ON true LIMIT 3"));
        Assert.Equal("60,30", Runs("SELECT q.id, n.id FROM q, LATERAL (SELECT id FROM t ORDER BY e <-> q.v LIMIT 2) n LIMIT NULL"));

        // What comes of it is the beginning of the whole, wherever it is cut.
        const string All = "SELECT q.id, n.id, n.d FROM (SELECT * FROM q ORDER BY id) q LEFT JOIN LATERAL (SELECT id, e <-> q.v AS d FROM t ORDER BY e <-> q.v LIMIT 3) n ON true";
        var rows = Rows(All);
        for (var count = 0; count <= rows.Length + 1; count += 7)
        {
            Assert.Equal(rows.Skip(2).Take(count), Rows($"{All} LIMIT {count} OFFSET 2"));
        }
    }

    private string Runs(string sql, params object?[] values)
    {
        var plan = string.Join('\n', Rows("EXPLAIN ANALYZE " + sql, values));
        var match = Regex.Match(plan, "top-k.* rows=([0-9]+)(.* runs=([0-9]+))?");
        return match.Success ? $"{match.Groups[1].Value},{(match.Groups[3].Success ? match.Groups[3].Value : "1")}" : plan;
    }

    [Fact]
    public void A_query_that_cannot_be_computed_fails_for_its_own_row()
    {
        Execute("UPDATE q SET any_v = '[1,2,3]' WHERE id = 7");
        const string Joined = "SELECT q.id, n.id FROM q CROSS JOIN LATERAL (SELECT id FROM t ORDER BY e <=> q.any_v::vector LIMIT 1) n";
        Assert.Equal(LeftCount - 1, Rows(Joined + " WHERE q.id <> 7").Length);
        Assert.Contains("this value has 3", Assert.Throws<EngramException>(() => Rows(Joined)).Message, StringComparison.Ordinal);
        const string Computed = "SELECT q.id, n.id FROM q CROSS JOIN LATERAL (SELECT id FROM t ORDER BY e <=> (CASE WHEN 1 / (q.id - 11) < 9 THEN q.v END) LIMIT 1) n";
        Assert.Equal(LeftCount - 1, Rows(Computed + " WHERE q.id <> 11").Length);
        Assert.Equal("22012", Assert.Throws<EngramException>(() => Rows(Computed)).SqlState);
    }

    private void AssertSame(string symbol, string where, string tail, bool isSplit)
    {
        Connection.Session.Settings.Parallelism = isSplit ? new Parallelism { MaxThreadCount = 3, RowCountMin = 0, MorselBlockCount = 1, HelpDelay = TimeSpan.Zero } : Parallelism.Off;
        string Search(string query) => $"SELECT id, e {symbol} {query} AS d FROM t {where.Replace("@", query, StringComparison.Ordinal)} ORDER BY e {symbol} {query} {tail}";
        var expected = new List<string>();
        for (var i = 0; i < LeftCount; i++)
        {
            var found = Rows(Search("$1"), queries[i]);
            expected.AddRange(found.Length == 0 ? [$"{i},NULL,NULL"] : found.Select(row => $"{i},{row}"));
        }

        var joined = $"SELECT q.id, n.id, n.d FROM (SELECT * FROM q ORDER BY id) q LEFT JOIN LATERAL ({Search("q.v")}) n ON true";
        Assert.Equal(expected, Rows(joined));
        Assert.Equal(expected, Rows(joined));
        Assert.Equal(expected.Where(row => !row.EndsWith(",NULL,NULL", StringComparison.Ordinal)), Rows(joined.Replace("LEFT JOIN", "JOIN", StringComparison.Ordinal)));
        Execute("BEGIN");
        Execute("DELETE FROM t WHERE id = 999999");
        Assert.Equal(expected, Rows(joined));
        Execute("ROLLBACK");
    }

    private float[] Vector(int? seed)
    {
        var source = seed is { } own ? new Random(own) : random;
        return [.. Enumerable.Range(0, 20).Select(_ => (2 * source.NextSingle()) - 1)];
    }
}
