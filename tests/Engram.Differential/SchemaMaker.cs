namespace Engram.Differential;

/// <summary>Makes two or three tables with keys, foreign keys and rows.</summary>
internal sealed class SchemaMaker(Dice dice, bool mayBeLarge = true)
{
    private readonly bool isLarge = dice.Percent(25) && mayBeLarge;

    public bool HasOffsets { get; } = dice.Percent(25);

    public List<Table> Tables { get; } = [];

    public List<string> Make()
    {
        var statements = new List<string>();
        var tableCount = dice.Between(2, 3);
        for (var i = 0; i < tableCount; i++)
        {
            Tables.Add(MakeTable(i));
            statements.Add(Tables[i].Definition);
        }

        return statements;
    }

    private Table MakeTable(int number)
    {
        var columns = new List<Column> { new("id", number == 1 ? Kind.Big : Kind.Int, false) };
        var constraints = new List<string>();
        string[] key = ["id"];
        if (number == 2)
        {
            columns.Add(new Column("part", Kind.Text, false));
            key = ["id", "part"];
        }

        if (number > 0)
        {
            columns.Add(new Column("ref", number == 1 ? Kind.Int : Kind.Big, dice.Percent(70)));
            var action = columns[^1].IsNullable ? dice.Pick("", " ON DELETE CASCADE", " ON DELETE SET NULL") : dice.Pick("", " ON DELETE CASCADE");
            constraints.Add($"FOREIGN KEY (ref) REFERENCES t{number - 1} (id){action}");
        }

        var extra = dice.Between(4, 8);
        for (var i = 0; i < extra; i++)
        {
            columns.Add(new Column("c" + i, dice.Pick(Kinds.All), dice.Percent(75)));
        }

        constraints.Add($"PRIMARY KEY ({string.Join(", ", key)})");
        var lines = columns.Select(c => $"{c.Name} {c.Kind.Sql()}{(c.IsNullable ? "" : " NOT NULL")}").Concat(constraints);
        var rowCount = isLarge ? dice.Between(500, 4000) : dice.Pick(0, 2, 7, 20, 40, 60);
        if (number > 0 && Tables[number - 1].RowCount == 0 && !columns.First(c => c.Name == "ref").IsNullable)
        {
            rowCount = 0;
        }

        return new Table("t" + number, columns, key, $"CREATE TABLE t{number} ({string.Join(", ", lines)})", rowCount);
    }

    /// <summary>INSERT statements for rows first (inclusive) to last (exclusive) of a table.</summary>
    public IEnumerable<string> Rows(Table table, int first, int last)
    {
        var number = Tables.IndexOf(table);
        for (; first < last; first += 500)
        {
            var rows = Enumerable.Range(first, Math.Min(500, last - first)).Select(i => "(" + string.Join(", ", table.Columns.Select(c => Value(c, number, i))) + ")");
            yield return $"INSERT INTO {table.Name} ({string.Join(", ", table.Columns.Select(c => c.Name))}) VALUES {string.Join(", ", rows)}";
        }
    }

    private string Value(Column column, int number, int row)
    {
        if (column.Name == "id")
        {
            return (number == 2 ? row / 2 : row).ToString();
        }

        if (column.Name == "part")
        {
            return row % 2 == 0 ? "'even'" : "'odd'";
        }

        if (column.IsNullable && dice.Percent(20))
        {
            return "NULL";
        }

        if (column.Name == "ref")
        {
            var target = Tables[number - 1].RowCount * 2 / 3;
            return target == 0 ? "NULL" : dice.Next(Math.Max(1, dice.Percent(50) ? target : target / 4)).ToString();
        }

        return Literals.Any(dice, column.Kind, HasOffsets);
    }
}
