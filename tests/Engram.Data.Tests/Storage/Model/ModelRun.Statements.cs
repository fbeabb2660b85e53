using System.Collections.Immutable;
using System.Globalization;

namespace Engram.Data.Tests.Storage.Model;

/// <content>Statements, and what they do to the model.</content>
internal sealed partial class ModelRun
{
    private const int KeyRange = 400;

    private void Insert(ModelTable table)
    {
        var count = random.Next(8) == 0 ? random.Next(50, 300) : random.Next(1, 6);
        var rows = new List<(long Key, ImmutableList<object?> Values)>();
        // Mostly new keys; now and then one that may be there.
        var next = table.Rows.IsEmpty ? 1 : table.Rows.Keys.Last() + 1;
        for (var i = 0; i < count; i++)
        {
            var key = random.Next(count > 50 ? 2000 : 25) == 0 ? random.Next(KeyRange) : next++;
            rows.Add((key, NewValues(table)));
        }

        var (sql, values) = InsertOf(table, rows);
        if (rows.Select(r => r.Key).Distinct().Count() < rows.Count || rows.Any(r => table.Rows.ContainsKey(r.Key)))
        {
            Refuse("23505", sql, values);
            return;
        }

        Execute(rows.Count, sql, values);
        model = model.Put(table with { Rows = table.Rows.AddRange(rows.Select(r => KeyValuePair.Create(r.Key, r.Values))) });
    }

    /// <summary>Rows are copied within their table, under keys that may be taken.</summary>
    private void Copy(ModelTable table)
    {
        var distance = random.Next(1, KeyRange);
        var (where, values, found) = PickRows(table, 1);
        var columns = string.Concat(table.Columns.Select(c => $", {c.Name}"));
        var sql = $"INSERT INTO {table.Name} (id{columns}) SELECT id + $1{columns} FROM {table.Name}{where}";
        if (found.Any(k => table.Rows.ContainsKey(k + distance)))
        {
            Refuse("23505", sql, [distance, .. values]);
            return;
        }

        Execute(found.Count, sql, [distance, .. values]);
        model = model.Put(table with { Rows = table.Rows.AddRange(found.Select(k => KeyValuePair.Create(k + distance, table.Rows[k]))) });
    }

    private void Update(ModelTable table)
    {
        if (table.Columns.Count == 0)
        {
            return;
        }

        var place = random.Next(table.Columns.Count);
        var column = table.Columns[place];
        if (column.IsNumber && random.Next(3) == 0)
        {
            var (where, parameters, found) = PickRows(table, 0);
            Execute(found.Count, $"UPDATE {table.Name} SET {column.Name} = {column.Name} + 1{where}", parameters);
            model = model.Put(table.With(found, r => r.SetItem(place, r[place] switch { int i => i + 1, long l => l + 1, _ => null })));
            return;
        }

        var value = NewValue(column);
        var (condition, values, keys) = PickRows(table, 1);
        Execute(keys.Count, $"UPDATE {table.Name} SET {column.Name} = $1{condition}", [value, .. values]);
        model = model.Put(table.With(keys, r => r.SetItem(place, value)));
    }

    /// <summary>Gives a row another key, which may be taken.</summary>
    private void MoveKey(ModelTable table)
    {
        if (table.Rows.IsEmpty)
        {
            return;
        }

        var from = table.Rows.Keys.ElementAt(random.Next(table.Rows.Count));
        var to = random.Next(3) == 0 ? table.Rows.Keys.ElementAt(random.Next(table.Rows.Count)) : random.Next(KeyRange);
        var sql = $"UPDATE {table.Name} SET id = $1 WHERE id = $2";
        if (to != from && table.Rows.ContainsKey(to))
        {
            Refuse("23505", sql, to, from);
            return;
        }

        Execute(1, sql, to, from);
        model = model.Put(table with { Rows = table.Rows.Remove(from).Add(to, table.Rows[from]) });
    }

    private void Delete(ModelTable table)
    {
        if (random.Next(25) == 0)
        {
            Execute(table.Rows.Count, $"DELETE FROM {table.Name}");
            model = model.Put(table with { Rows = table.Rows.Clear() });
            return;
        }

        var (where, values, found) = PickRows(table, 0);
        Execute(found.Count, $"DELETE FROM {table.Name}{where}", values);
        model = model.Put(table with { Rows = table.Rows.RemoveRange(found) });
    }

    private void Query(ModelTable table)
    {
        if (random.Next(4) == 0 && table.Columns.FindIndex(c => c.IsNumber) is var place and >= 0)
        {
            // In the order of a column, by an index where there is one. NULL is the smallest value, and keys break ties.
            var limit = random.Next(1, 20);
            var isDescending = random.Next(2) == 0;
            var ordered = isDescending
                ? table.Rows.OrderByDescending(r => r.Value[place] is { } v ? Convert.ToInt64(v, CultureInfo.InvariantCulture) : (long?)null).ThenBy(r => r.Key)
                : table.Rows.OrderBy(r => r.Value[place] is { } v ? Convert.ToInt64(v, CultureInfo.InvariantCulture) : (long?)null).ThenBy(r => r.Key);
            Compare(table.Show(ordered.Take(limit).Select(r => r.Key)),
                Read(connection, $"{SelectAll(table)} ORDER BY {table.Columns[place].Name}{(isDescending ? " DESC" : "")}, id LIMIT $1", limit), "ordered rows");
            return;
        }

        var (where, values, found) = PickRows(table, 0);
        Compare(table.Show(found), Read(connection, $"{SelectAll(table)}{where} ORDER BY id", values), "found rows");
        Compare([found.Count.ToString(CultureInfo.InvariantCulture)], Read(connection, $"SELECT count(*) FROM {table.Name}{where}", values), "count");
    }

    /// <summary>A condition, its parameters from a number on, and the keys of the rows that it selects.</summary>
    private (string Where, object?[] Values, List<long> Keys) PickRows(ModelTable table, int parametersBefore)
    {
        string At(int i) => string.Create(CultureInfo.InvariantCulture, $"${parametersBefore + i}");
        var column = table.Columns.Count == 0 ? null : table.Columns[random.Next(table.Columns.Count)];
        var place = column is null ? -1 : table.Columns.IndexOf(column);
        var choice = random.Next(6);
        if (choice == 0 && column is { IsNumber: true })
        {
            var rest = random.Next(5);
            return ($" WHERE {column.Name} % 5 = {At(1)}", [rest], table.Find((_, r) => r[place] is { } v && Convert.ToInt64(v, CultureInfo.InvariantCulture) % 5 == rest));
        }

        if (choice <= 1 && column is { Type: not ModelType.Vector } && !table.Rows.IsEmpty)
        {
            // A value that is there.
            var wanted = table.Rows.Values.ElementAt(random.Next(table.Rows.Count))[place];
            return wanted is null
                ? ($" WHERE {column.Name} IS NULL", [], table.Find((_, r) => r[place] is null))
                : ($" WHERE {column.Name} = {At(1)}", [wanted], table.Find((_, r) => Equals(r[place], wanted)));
        }

        if (choice <= 3)
        {
            long first = random.Next(KeyRange);
            var last = first + random.Next(40);
            return ($" WHERE id BETWEEN {At(1)} AND {At(2)}", [first, last], table.Find((k, _) => k >= first && k <= last));
        }

        long key = random.Next(3) == 0 || table.Rows.IsEmpty ? random.Next(KeyRange) : table.Rows.Keys.ElementAt(random.Next(table.Rows.Count));
        return ($" WHERE id = {At(1)}", [key], table.Find((k, _) => k == key));
    }

    private static (string Sql, object?[] Values) InsertOf(ModelTable table, List<(long Key, ImmutableList<object?> Values)> rows)
    {
        var values = new List<object?>();
        var tuples = new List<string>();
        foreach (var (key, row) in rows)
        {
            var first = values.Count + 1;
            values.Add(key);
            values.AddRange(row);
            tuples.Add($"({string.Join(", ", Enumerable.Range(first, row.Count + 1).Select(i => string.Create(CultureInfo.InvariantCulture, $"${i}")))})");
        }

        return ($"INSERT INTO {table.Name} (id{string.Concat(table.Columns.Select(c => $", {c.Name}"))}) VALUES {string.Join(", ", tuples)}", [.. values]);
    }

    private ImmutableList<object?> NewValues(ModelTable table) => [.. table.Columns.Select(NewValue)];

    private object? NewValue(ModelColumn column) => random.Next(8) == 0 ? null : column.Type switch
    {
        ModelType.Integer => random.Next(60),
        ModelType.Bigint => random.Next(4) == 0 ? random.NextInt64(1L << 60) : (long)random.Next(60),
        ModelType.Text => random.Next(12) == 0 ? new string((char)('a' + random.Next(26)), random.Next(3000)) : string.Create(CultureInfo.InvariantCulture, $"text {random.Next(40)}"),
        ModelType.Boolean => random.Next(2) == 0,
        ModelType.Double => random.Next(3) == 0 ? random.NextDouble() : (double)random.Next(20),
        ModelType.Numeric => new decimal(random.Next(100_000), 0, 0, random.Next(2) == 0, 2),
        _ => (object)new[] { random.NextSingle(), random.Next(3), -random.NextSingle() },
    };
}
