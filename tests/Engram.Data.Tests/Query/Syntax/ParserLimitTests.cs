using System.Text;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Tests.Query.Syntax;

/// <summary>Hostile and huge texts: an error with a code or a tree, never a crash, never quadratic time.</summary>
public class ParserLimitTests
{
    public static TheoryData<string, string, string> Bombs => new()
    {
        { "(", "1", ")" },
        { "(SELECT ", "1", ")" },
        { "1 + (", "1", ")" },
        { "NOT ", "TRUE", "" },
        { "- ", "1", "" },
        { "~", "1", "" },
        { "f(", "1", ")" },
        { "ARRAY[", "1", "]" },
        { "CASE WHEN TRUE THEN ", "1", " END" },
        { "a[", "1", "]" },
        { "CAST(", "1", " AS int)" },
        { "EXISTS (SELECT ", "1", ")" },
        { "1 IN (", "1", ")" },
        { "1 = ANY (", "1", ")" },
        { "(1, ", "1", ")" },
        { "", "1", "::int" },
        { "", "1", " + 1" },
        { "", "a", " COLLATE c" },
        { "", "a", "[1]" },
        { "", "a", " IS NULL" },
        { "(", "1", " + 1)" },
        { "(", "1", ") IS NULL" },
        { "a.b = ", "1", "" },
        { "sum(1) OVER (ORDER BY ", "1", ")" },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Nesting_is_bounded(string before, string middle, string after)
    {
        const int Depth = 100_000;
        var sql = "SELECT " + new StringBuilder().Insert(0, before, Depth).Append(middle).Insert(before.Length * Depth + middle.Length, after, Depth);
        var error = OnSmallStack(() => Parser.ParseScript(sql));
        Assert.True(error?.SqlState is "54001" or "42601", error?.Message);
    }

    [Theory]
    [InlineData("SELECT 1 FROM ", "(", "t", ")")]
    [InlineData("SELECT 1 FROM ", "(SELECT 1 FROM ", "t", ") x")]
    [InlineData("SELECT 1 FROM ", "", "t", " CROSS JOIN t")]
    [InlineData("SELECT 1 FROM t ", "JOIN t ", "JOIN t ON a", " ON b")]
    [InlineData("", "SELECT 1 UNION ", "SELECT 1", "")]
    [InlineData("", "(", "SELECT 1", ")")]
    [InlineData("", "WITH x AS (", "SELECT 1", ") SELECT 1")]
    [InlineData("", "EXPLAIN ", "SELECT 1", "")]
    [InlineData("INSERT INTO t ", "(", "SELECT 1", ")")]
    public void Nesting_of_queries_is_bounded(string start, string before, string middle, string after)
    {
        const int Depth = 100_000;
        var sql = start + new StringBuilder().Insert(0, before, Depth).Append(middle).Insert(before.Length * Depth + middle.Length, after, Depth);
        Assert.Equal("54001", OnSmallStack(() => Parser.ParseScript(sql))?.SqlState);
    }

    [Theory]
    [InlineData("U&'a' ")]
    [InlineData("U&\"a\" ")]
    [InlineData("U&'a' UESCAPE ")]
    public void Runs_of_texts_with_escapes_by_number_are_read_one_by_one(string repeated)
    {
        var sql = "SELECT " + string.Concat(Enumerable.Repeat(repeated, 100_000));
        Assert.Equal("42601", OnSmallStack(() => Parser.ParseScript(sql))?.SqlState);
    }

    [Fact]
    public void Left_leaning_chains_inside_parentheses_add_up()
    {
        // 200 + 200 + 200 operators, each chain the leftmost operand of the next: higher than 500 although no chain is.
        static string Chain(string first) => "(" + first + string.Concat(Enumerable.Repeat(" + 1", 200)) + ")";
        var error = Assert.Throws<EngramException>(() => Parser.ParseExpression(Chain(Chain(Chain("1")))));
        Assert.Equal("54001", error.SqlState);
        Assert.NotNull(Parser.ParseExpression(Chain(Chain("1"))));
    }

    [Fact]
    public void Ordinary_nesting_is_accepted()
    {
        Assert.NotNull(Parser.ParseExpression(new string('(', 100) + "1" + new string(')', 100)));
        Assert.NotNull(Parser.ParseExpression(string.Concat(Enumerable.Repeat("1 + (", 90)) + "1" + new string(')', 90)));
        var chain = string.Join(" OR ", Enumerable.Range(0, 20_000).Select(i => $"a = {i}"));
        Assert.Equal(20_000, Assert.IsType<LogicalSyntax>(Parser.ParseExpression(chain)).Operands.Count);
    }

    [Fact]
    public void A_statement_with_65_535_parameters_is_read()
    {
        var sql = new StringBuilder("INSERT INTO t (a, b, c) VALUES ");
        for (var i = 0; i < 65_535; i += 3)
        {
            sql.Append(i == 0 ? "" : ", ").Append($"(@p{i}, @p{i + 1}, @p{i + 2})");
        }

        var insert = (InsertSyntax)Parser.ParseScript(sql.ToString()).Single();
        var rows = ((ValuesSyntax)insert.Source!.Body).Rows;
        Assert.Equal(21_845, rows.Count);
        Assert.Equal("p65534", ((ParameterSyntax)rows[^1][2]).Name);
    }

    [Fact]
    public void Long_tokens_and_long_runs_take_linear_time()
    {
        // Each of these would take minutes if any step looked back over, or ahead through, what was read before.
        const int Length = 2_000_000;
        Assert.Empty(Parser.ParseScript(new string(';', Length)));
        Assert.Empty(Parser.ParseScript(new string(' ', Length)));
        Assert.Empty(Parser.ParseScript("/*" + new string('*', Length) + "*/"));
        Assert.Equal(Length, ((StringLiteralSyntax)Parser.ParseExpression($"'{new string('x', Length)}'")).Value.Length);
        Assert.Equal(Length / 2, ((StringLiteralSyntax)Parser.ParseExpression($"'{new string('\'', Length)}'")).Value.Length);
        Assert.Equal(Length, ((NumberLiteralSyntax)Parser.ParseExpression(new string('9', Length))).Text.Length);
        Assert.Throws<EngramException>(() => Parser.ParseExpression("0x" + new string('f', Length)));
        Assert.Throws<EngramException>(() => Parser.ParseExpression(string.Concat(Enumerable.Repeat("'' ", Length / 3))));
        Assert.Throws<EngramException>(() => Parser.ParseExpression(string.Concat(Enumerable.Repeat("$a", Length / 2))));
        var list = string.Join(",", Enumerable.Repeat("1", Length / 4));
        Assert.Equal(Length / 4, ((InListSyntax)Parser.ParseExpression($"a IN ({list})")).Items.Count);
    }

    [Fact]
    public void A_text_of_more_than_16_mebi_characters_is_refused()
        => Assert.Equal("54000", Assert.Throws<EngramException>(() => Parser.ParseScript(new string(' ', Parser.TextLengthMax + 1))).SqlState);

    [Fact]
    public void Random_texts_give_a_tree_or_an_EngramException()
    {
        var random = new Random(20240607);
        var words = Enum.GetValues<Keyword>().Skip(1).Select(Keywords.TextOf)
            .Concat(["a", "b", "t", "\"Q\"", "1", "1.5", "'s'", "E'\\x'", "$$d$$", "@p", ":p", "$1", "(", ")", "(", ")", "[", "]", ",", ",", ";", ".", ":", "::"])
            .Concat(["+", "-", "*", "/", "=", "<>", "<=>", "<->", "||", "->", "/*", "*/", "--", "'", "\"", "$", "\n", "\u0000", "é", "\ud800", "\u00a0"])
            .ToArray();
        for (var i = 0; i < 30_000; i++)
        {
            var text = new StringBuilder();
            var length = random.Next(1, 30);
            if (random.Next(2) == 0)
            {
                text.Append(random.Next(5) switch { 0 => "SELECT ", 1 => "INSERT INTO t ", 2 => "CREATE TABLE t (a ", 3 => "UPDATE t SET a = ", _ => "ALTER TABLE t " });
            }

            for (var j = 0; j < length; j++)
            {
                text.Append(words[random.Next(words.Length)]).Append(random.Next(4) == 0 ? "" : " ");
            }

            Try(text.ToString());
        }

        for (var i = 0; i < 5_000; i++)
        {
            var characters = new char[random.Next(1, 60)];
            for (var j = 0; j < characters.Length; j++)
            {
                characters[j] = (char)(random.Next(8) == 0 ? random.Next(65_536) : random.Next(128));
            }

            Try(new string(characters));
        }
    }

    [Fact]
    public void Every_beginning_of_a_valid_script_gives_a_tree_or_an_EngramException()
    {
        const string Sql = """
            WITH RECURSIVE x (n) AS (SELECT a[1:2]::numeric(10,2)[], E'\u0041' || $q$x$q$ FROM ((a JOIN b USING (c)) LEFT JOIN LATERAL (VALUES (1, DEFAULT)) v (p) ON NOT a IS DISTINCT FROM b)
            WHERE x NOT BETWEEN 1 AND 2 OR y NOT IN (SELECT 1) AND z LIKE 'a' ESCAPE '!' GROUP BY 1 HAVING count(DISTINCT q ORDER BY w) FILTER (WHERE TRUE) > 0
            WINDOW w AS (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE NO OTHERS) ORDER BY 1 DESC NULLS LAST LIMIT 5 WITH APPROXIMATE (10) OFFSET 3 FOR UPDATE)
            INSERT INTO s.t AS u (a, "B") OVERRIDING USER VALUE SELECT * FROM x ON CONFLICT (a) WHERE b DO UPDATE SET (a, b) = (1, 2) WHERE c RETURNING *, u.a AS b;
            CREATE TABLE t (a int GENERATED BY DEFAULT AS IDENTITY (START WITH -1), b text REFERENCES s.u (c) ON DELETE SET NULL, CONSTRAINT k UNIQUE NULLS NOT DISTINCT (a));
            ALTER TABLE t ALTER COLUMN a SET GENERATED ALWAYS SET INCREMENT BY 5 RESTART WITH 7, ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u DEFERRABLE INITIALLY DEFERRED
            """;
        Assert.Equal(3, Parser.ParseScript(Sql).Count);
        for (var length = 0; length < Sql.Length; length++)
        {
            Try(Sql[..length]);
        }

        // And every one character left out.
        for (var at = 0; at < Sql.Length; at++)
        {
            Try(Sql.Remove(at, 1));
        }
    }

    private static void Try(string sql)
    {
        try
        {
            foreach (var statement in Parser.ParseScript(sql))
            {
                Assert.InRange(statement.Span.End, statement.Position + 1, sql.Length);
            }
        }
        catch (EngramException error)
        {
            Assert.True(error.SqlState is "42601" or "22021" or "22025" or "22P02" or "0A000" or "54001", $"{sql}: {error}");
            Assert.InRange(error.Position, 1, sql.Length + 1);
        }
    }

    private static EngramException? OnSmallStack(Action action)
    {
        EngramException? caught = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    action();
                }
                catch (EngramException error)
                {
                    caught = error;
                }
            },
            maxStackSize: 512 * 1024);
        thread.Start();
        thread.Join();
        return caught;
    }
}
