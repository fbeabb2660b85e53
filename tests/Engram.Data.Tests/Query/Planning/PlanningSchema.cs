using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Tests.Query.Planning;

/// <summary>The schema that the tests of binding and planning use.</summary>
internal static class PlanningSchema
{
    public static readonly DatabaseCatalog Catalog = Make();

    public static BoundStatement Bind(string sql, params (string Name, DataType Type)[] parameters)
        => Planner.Plan(Parser.ParseScript(sql).Single(), sql, Catalog, parameters.ToDictionary(p => p.Name, p => p.Type));

    public static string Plan(string sql, params (string Name, DataType Type)[] parameters) => PlanShape.Of(Bind(sql, parameters).Plan);

    public static EngramException Refused(string sql, params (string Name, DataType Type)[] parameters)
        => Assert.Throws<EngramException>(() => Bind(sql, parameters));

    private static DatabaseCatalog Make()
    {
        var people = Table(1, "people", ("id", DataType.Int32), ("name", DataType.Text), ("age", DataType.Int16), ("boss_id", DataType.Int32), ("born", DataType.Date)) with
        {
            Indexes =
            [
                new IndexDefinition(new IndexId(1), "people_pkey", [new IndexColumn(new ColumnId(1))]) { IsUnique = true, IsPrimaryKey = true, IsConstraint = true },
                new IndexDefinition(new IndexId(2), "people_boss", [new IndexColumn(new ColumnId(4))]),
            ],
            Checks = [new CheckDefinition("people_age", "age >= 0"), new CheckDefinition("people_name", "name <> ''")],
        };
        people = people with { Columns = people.Columns.SetItem(0, people.Columns[0] with { IsNotNull = true }).SetItem(1, people.Columns[1] with { DefaultSql = "'?' || 1" }) };

        var episodes = Table(
            2, "Episodes", ("Id", DataType.Int64), ("Text", new DataType(TypeKind.Text, 100)), ("Confidence", DataType.Single), ("At", DataType.TimestampTz),
            ("Embedding", DataType.Vector(3)), ("PersonId", DataType.Int32), ("Amount", new DataType(TypeKind.Decimal, 18, 2)), ("Double", DataType.Double)) with
        {
            Indexes = [new IndexDefinition(new IndexId(3), "PK_Episodes", [new IndexColumn(new ColumnId(1))]) { IsUnique = true, IsPrimaryKey = true }],
        };
        episodes = episodes with
        {
            Columns = episodes.Columns.SetItem(0, episodes.Columns[0] with { IsNotNull = true, Identity = IdentityKind.ByDefault })
                .SetItem(7, episodes.Columns[7] with { ComputedSql = "\"Amount\" * 2" }),
        };

        // Two columns that differ in case alone, an index over two columns, every unsigned integer.
        var odd = Table(3, "odd", ("A", DataType.Int32), ("a", DataType.Int32), ("U1", DataType.UInt8), ("U8", DataType.UInt64), ("Tags", DataType.ArrayOf(TypeKind.Text)), ("J", DataType.Json)) with
        {
            Indexes = [new IndexDefinition(new IndexId(4), "odd_a_u8", [new IndexColumn(new ColumnId(2)), new IndexColumn(new ColumnId(4))]) { IsUnique = true }],
        };
        return DatabaseCatalog.Empty.With(people).With(episodes).With(odd);
    }

    private static TableDefinition Table(int id, string name, params (string Name, DataType Type)[] columns)
        => new(new TableId(id), DatabaseCatalog.DefaultSchema, name, [.. columns.Select((c, i) => new ColumnDefinition(new ColumnId(i + 1), c.Name, c.Type))])
        {
            ColumnIdNext = columns.Length + 1,
        };
}
