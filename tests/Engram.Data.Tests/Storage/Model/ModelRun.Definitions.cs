using System.Collections.Immutable;
using System.Globalization;

namespace Engram.Data.Tests.Storage.Model;

/// <content>Definitions, and what they do to the model.</content>
internal sealed partial class ModelRun
{
    private static readonly ModelType[] Types = Enum.GetValues<ModelType>();

    private void CreateTable()
    {
        var columns = Enumerable.Range(0, random.Next(1, 6)).Select(_ => NewColumn()).ToImmutableList();
        var table = new ModelTable(NewName("t"), columns, ImmutableSortedDictionary<long, ImmutableList<object?>>.Empty, []);
        if (!Define($"CREATE TABLE {table.Name} (id bigint PRIMARY KEY{string.Concat(columns.Select(c => $", {c.Name} {c.Sql}"))})"))
        {
            return;
        }

        model = model.Put(table);
    }

    private void DefineSomething(ModelTable table)
    {
        var place = table.Columns.Count == 0 ? -1 : random.Next(table.Columns.Count);
        switch (random.Next(11))
        {
            case 0 when random.Next(3) == 0:
                if (!Define($"DROP TABLE {table.Name}"))
                {
                    return;
                }

                model = model.Remove(table.Name);
                break;
            case 1:
                var renamed = NewName("t");
                if (!Define($"ALTER TABLE {table.Name} RENAME TO {renamed}"))
                {
                    return;
                }

                model = model.Remove(table.Name).Put(table with { Name = renamed });
                break;
            case 2 or 3:
                AddColumn(table);
                break;
            case 4 when place >= 0:
                DropColumn(table, place);
                break;
            case 5 when place >= 0:
                var name = NewName("c");
                if (!Define($"ALTER TABLE {table.Name} RENAME COLUMN {table.Columns[place].Name} TO {name}"))
                {
                    return;
                }

                model = model.Put(table with { Columns = table.Columns.SetItem(place, table.Columns[place] with { Name = name }) });
                break;
            case 6 when place >= 0 && table.Columns[place].Type is ModelType.Integer or ModelType.Bigint:
                Retype(table, place);
                break;
            case 7 when place >= 0 && table.Columns[place].Type != ModelType.Vector && table.Indexes.Count < 3:
                var index = NewName("i");
                // A comparison of the column says that it is not NULL, so the queries use partial ones too.
                var condition = random.Next(2) == 0 ? $" WHERE {table.Columns[place].Name} IS NOT NULL" : "";
                if (!Define($"CREATE INDEX {index} ON {table.Name} ({table.Columns[place].Name}{(random.Next(3) == 0 ? " DESC" : "")}){condition}"))
                {
                    return;
                }

                model = model.Put(table with { Indexes = table.Indexes.Add((index, table.Columns[place].Number)) });
                break;
            case 9 or 10:
                // Rows stay the same, wherever they lie.
                var columns = table.Columns.OrderBy(_ => random.Next()).Take(random.Next(1, 4)).Select(c => c.Name).DefaultIfEmpty("id");
                Define(random.Next(4) == 0 ? $"ALTER TABLE {table.Name} RESET (cluster_by)" : $"ALTER TABLE {table.Name} SET (cluster_by = '{string.Join(", ", columns)}')");
                break;
            case 8 when table.Indexes.Count > 0:
                if (!Define($"DROP INDEX {table.Indexes[0].Name}"))
                {
                    return;
                }

                model = model.Put(table with { Indexes = table.Indexes.RemoveAt(0) });
                break;
        }
    }

    private void AddColumn(ModelTable table)
    {
        var column = NewColumn();
        object? value = null;
        var text = "";
        if (random.Next(2) == 0)
        {
            (text, value) = column.Type switch
            {
                ModelType.Integer => (" DEFAULT 7", (object)7),
                ModelType.Bigint => (" DEFAULT 8", 8L),
                ModelType.Text => (" DEFAULT 'some'", "some"),
                ModelType.Boolean => (" DEFAULT true", true),
                ModelType.Double => (" DEFAULT 1.5", 1.5),
                ModelType.Numeric => (" DEFAULT 2.25", 2.25m),
                _ => ("", null!),
            };
        }

        if (!Define($"ALTER TABLE {table.Name} ADD COLUMN {column.Name} {column.Sql}{text}"))
        {
            return;
        }

        model = model.Put(table.WithAll(r => r.Add(value)) with { Columns = table.Columns.Add(column) });
    }

    private void DropColumn(ModelTable table, int place)
    {
        if (!Define($"ALTER TABLE {table.Name} DROP COLUMN {table.Columns[place].Name}"))
        {
            return;
        }

        var number = table.Columns[place].Number;
        model = model.Put(table.WithAll(r => r.RemoveAt(place)) with
        {
            Columns = table.Columns.RemoveAt(place),
            // Its indexes go with it.
            Indexes = table.Indexes.RemoveAll(i => i.Column == number),
        });
    }

    /// <summary>An integer becomes a bigint, which is metadata; either becomes a text, which rewrites the column.</summary>
    private void Retype(ModelTable table, int place)
    {
        var column = table.Columns[place];
        if (table.Indexes.Any(i => i.Column == column.Number) && random.Next(2) == 0)
        {
            return;
        }

        var isText = column.Type == ModelType.Bigint || random.Next(4) == 0;
        var next = column with { Type = isText ? ModelType.Text : ModelType.Bigint };
        if (!Define($"ALTER TABLE {table.Name} ALTER COLUMN {column.Name} TYPE {next.Sql}{(isText ? $" USING CAST({column.Name} AS text)" : "")}"))
        {
            return;
        }

        model = model.Put(table.WithAll(r => r.SetItem(place, r[place] is not { } value ? null
            : isText ? Convert.ToString(value, CultureInfo.InvariantCulture) : Convert.ToInt64(value, CultureInfo.InvariantCulture))) with
        {
            Columns = table.Columns.SetItem(place, next),
        });
    }

    private ModelColumn NewColumn()
    {
        var type = Types[random.Next(Types.Length)];
        return new ModelColumn(++named, NewName("c"), type);
    }

    private string NewName(string prefix) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{++named}");

    /// <summary>Runs a definition. What is not supported yet changes nothing, and is among what was done as such.</summary>
    private bool Define(string sql)
    {
        try
        {
            Execute(-1, sql);
            return true;
        }
        catch (EngramException e) when (e.SqlState == "0A000")
        {
            Note($"unsupported: {sql}");
            return false;
        }
    }
}
