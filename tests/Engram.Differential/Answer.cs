using System.Data.Common;
using System.Globalization;
using Engram.Data;
using Npgsql;

namespace Engram.Differential;

/// <summary>What a statement gave in one database: rows, or the error.</summary>
internal sealed record Answer(List<object?[]> Rows, string[] Types, int Affected, string? State, string? Message)
{
    public bool IsError => State != null;

    public static Answer Of(DbConnection connection, DbTransaction? transaction, string sql)
    {
        var rows = new List<object?[]>();
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = connection is NpgsqlConnection ? sql.Replace("«", "upper(", StringComparison.Ordinal).Replace("»", ")", StringComparison.Ordinal)
                : sql.Replace("«", "(", StringComparison.Ordinal).Replace("»", " COLLATE nocase)", StringComparison.Ordinal);
            command.CommandTimeout = 120;
            command.Transaction = transaction;
            using var reader = command.ExecuteReader();
            var types = Enumerable.Range(0, reader.FieldCount).Select(reader.GetDataTypeName).ToArray();
            while (reader.Read())
            {
                rows.Add(Enumerable.Range(0, reader.FieldCount).Select(i => Value(reader, i)).ToArray());
                if (rows.Count > 300_000)
                {
                    return new Answer([], [], 0, "SKIP", "too many rows");
                }
            }

            return new Answer(rows, types, reader.RecordsAffected, null, null);
        }
        catch (PostgresException e)
        {
            return new Answer([], [], 0, e.SqlState, e.MessageText);
        }
        catch (EngramException e)
        {
            return new Answer([], [], 0, e.SqlState ?? "none", e.Message + (e.SqlState == "XX000" ? "\n" + e : ""));
        }
        catch (OverflowException e) when (connection is NpgsqlConnection)
        {
            return new Answer([], [], 0, "SKIP", e.Message);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return new Answer([], [], 0, "EXCEPTION", e.ToString());
        }
    }

    private static object? Value(DbDataReader reader, int ordinal) => reader.IsDBNull(ordinal) ? null
        : reader is not NpgsqlDataReader ? reader.GetValue(ordinal)
        // Its arrays of values refuse NULLs unless they are asked for by name.
        : reader.GetDataTypeName(ordinal) switch
        {
            "integer[]" => reader.GetFieldValue<int?[]>(ordinal),
            "bigint[]" => reader.GetFieldValue<long?[]>(ordinal),
            "date[]" => reader.GetFieldValue<DateOnly?[]>(ordinal),
            _ => reader.GetValue(ordinal),
        };

    /// <summary>Null when the rows are equal, else what differs.</summary>
    public static string? Difference(Answer expected, Answer found, bool isOrdered)
    {
        if (expected.Types.Length != found.Types.Length)
        {
            return $"{expected.Types.Length} columns expected, {found.Types.Length} found";
        }

        var digits = expected.Types.Zip(found.Types, (a, b) => a == "real" || b == "real" ? 4 : a.StartsWith("double", StringComparison.Ordinal) || b.StartsWith("double", StringComparison.Ordinal) ? 10 : 0).ToArray();
        var left = expected.Rows.ConvertAll(r => Text(r, digits));
        var right = found.Rows.ConvertAll(r => Text(r, digits));
        if (!isOrdered)
        {
            left.Sort(StringComparer.Ordinal);
            right.Sort(StringComparer.Ordinal);
        }

        if (left.SequenceEqual(right))
        {
            return null;
        }

        var missing = Minus(left, right);
        var extra = Minus(right, left);
        return $"{left.Count} rows expected, {right.Count} found; missing {missing.Count}: {string.Join(" ; ", missing.Take(4))} || extra {extra.Count}: {string.Join(" ; ", extra.Take(4))}"
            + (missing.Count + extra.Count == 0 ? " (order) " + string.Join(" ; ", left.Zip(right).Where(p => p.First != p.Second).Take(3)) : "");
    }

    private static List<string> Minus(List<string> a, List<string> b)
    {
        var counts = b.GroupBy(x => x).ToDictionary(g => g.Key, g => g.Count());
        return a.Where(x => !counts.TryGetValue(x, out var n) || --counts[x] < 0 || n <= 0).ToList();
    }

    private static string Text(object?[] row, int[] digits) => string.Join(" | ", row.Select((v, i) => Text(v, digits[i])));

    private static string Text(object? value, int digits) => value switch
    {
        null => "NULL",
        bool b => b ? "true" : "false",
        float or double or decimal or int or long or short when digits > 0 => Rounded(Convert.ToDouble(value, CultureInfo.InvariantCulture), digits),
        int or long or short or decimal => Convert.ToDecimal(value, CultureInfo.InvariantCulture).ToString("0.############################", CultureInfo.InvariantCulture),
        string s => "'" + s + "'",
        DateTimeOffset o => o.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        DateTime d => d.ToString(d.Kind == DateTimeKind.Utc ? "yyyy-MM-dd HH:mm:ss.ffffff'Z'" : "yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        DateOnly d => d.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        byte[] b => Convert.ToHexString(b),
        TimeSpan t => "interval " + t.Ticks,
        TimeOnly t => t.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        NpgsqlTypes.NpgsqlInterval i => "interval " + (i.Time * 10 + i.Days * TimeSpan.TicksPerDay),
        Array array => "{" + string.Join(",", array.Cast<object?>().Select(v => Text(v, digits))) + "}",
        _ => value.ToString() ?? "",
    };

    private static string Rounded(double value, int digits) => value == 0 ? "0" : value.ToString("G" + digits, CultureInfo.InvariantCulture);
}
