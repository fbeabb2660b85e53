using Engram.Data.Tests.Query.Planning;

namespace Engram.Data.Tests.Query.Binding;

public class BindingErrorTests
{
    [Theory]
    [InlineData("""SELECT age % 2, name FROM people GROUP BY 1""", "42803", 17)]
    [InlineData("""SELECT DISTINCT name FROM people ORDER BY age""", "42P10", 43)]
    [InlineData("""SELECT nme FROM people""", "42703", 8)]
    [InlineData("""SELECT name FROM peple""", "42P01", 18)]
    [InlineData("""SELECT x.name FROM people""", "42P01", 8)]
    [InlineData("""SELECT name FROM people p, people q""", "42702", 8)]
    [InlineData("""SELECT nofunc(1)""", "42883", 8)]
    [InlineData("""SELECT lowr('A')""", "42883", 8)]
    [InlineData("""SELECT name + 1 FROM people""", "42883", 13)]
    [InlineData("""SELECT name FROM people WHERE age""", "42804", 31)]
    [InlineData("""SELECT name FROM people WHERE count(*) > 1""", "42803", 31)]
    [InlineData("""SELECT sum(count(*)) FROM people""", "42803", 12)]
    [InlineData("""SELECT name, count(*) FROM people""", "42803", 8)]
    [InlineData("""SELECT (SELECT id, name FROM people)""", "42601", 8)]
    [InlineData("""SELECT id FROM people LIMIT name""", "42P10", 29)]
    [InlineData("""SELECT id FROM people ORDER BY 2""", "42P10", 32)]
    [InlineData("""SELECT 1 FROM people WHERE row_number() OVER () = 1""", "42P20", 28)]
    [InlineData("""SELECT DISTINCT id FROM people FOR UPDATE""", "0A000", 32)]
    [InlineData("""INSERT INTO people (id, id) VALUES (1, 2)""", "42701", 25)]
    [InlineData("""INSERT INTO people (id) VALUES ('2000-01-01'::date)""", "42804", 33)]
    [InlineData("""INSERT INTO people (id, name) VALUES (1)""", "42601", 25)]
    [InlineData("""INSERT INTO "Episodes" ("Double") VALUES (1)""", "428C9", 43)]
    [InlineData("""SELECT id::uuid FROM people""", "42846", 10)]
    [InlineData("""SELECT name COLLATE "de_DE" FROM people""", "42704", 13)]
    public void Mistakes_are_errors_with_a_code_and_a_position(string sql, string sqlState, int position)
    {
        var error = PlanningSchema.Refused(sql);
        Assert.Equal((sqlState, position), (error.SqlState, error.Position));
    }

    [Fact]
    public void Messages_name_what_was_probably_meant()
    {
        Assert.Equal("Column nme does not exist in the tables of this query. Did you mean name?", PlanningSchema.Refused("SELECT nme FROM people").Message);
        Assert.Equal("Table peple does not exist. Did you mean people?", PlanningSchema.Refused("SELECT 1 FROM peple").Message);
        Assert.Contains("Did you mean lower?", PlanningSchema.Refused("SELECT lowr('A')").Message, StringComparison.Ordinal);
        Assert.Contains("p and q both have it", PlanningSchema.Refused("SELECT name FROM people p, people q").Message, StringComparison.Ordinal);
    }
}
