using System.Globalization;
using Engram.Data;

namespace Engram.Simulation;

/// <summary>What one writer under strace printed (see <c>FaultWriter</c>), and the database that it left.</summary>
internal sealed class FaultTrace(string path, int threadCount, int exitCode, IReadOnlyList<string> lines, string errorOutput, int injectedCount)
{
    private static readonly string[] s_statesAllowed = ["08007", "EG003", "58030", "53100"];

    public IReadOnlyList<string> Lines => lines;

    public int InjectedCount => injectedCount;

    public string? FirstError => lines.FirstOrDefault(l => l.StartsWith("error ", StringComparison.Ordinal))?.Split(' ')[1];

    private IEnumerable<long> Acknowledged => lines.Where(l => l.StartsWith("ack ", StringComparison.Ordinal)).Select(l => long.Parse(l.AsSpan(4), CultureInfo.InvariantCulture));

    /// <summary>What the writer should not have said or done; null when it behaved.</summary>
    public string? FindWrong()
    {
        if (exitCode != 0 || lines.Count == 0 || lines[^1] != "end")
        {
            return $"the writer ended with code {exitCode}: {errorOutput}";
        }

        var acknowledged = 0;
        foreach (var line in lines)
        {
            var words = line.Split(' ');
            acknowledged += words[0] == "ack" ? 1 : 0;
            if (words[0] == "read" && threadCount == 1 && words[1] != (2 * acknowledged).ToString(CultureInfo.InvariantCulture))
            {
                return $"{acknowledged} transactions of two rows were acknowledged, but: {line}";
            }

            if (words[0] == "error" && !s_statesAllowed.Contains(words[1]))
            {
                return $"an error of another kind: {line}";
            }

            if (words[0] == "again" && words[^1] is "08007" or "EG003" && words[1] != "EG003")
            {
                return $"a poisoned database took another commit: {line}";
            }

            if (words[0] == "unreadable")
            {
                return $"nothing could be read after the error: {line}";
            }
        }

        return null;
    }

    /// <summary>What the reopened database lacks, or has half; null when it is right.</summary>
    public string? FindLoss()
    {
        var acknowledged = Acknowledged.ToHashSet();
        var connectionString = $"Data Source={path}/db.engram;Keep Alive=0";
        try
        {
            var found = ReadNumbers(connectionString, acknowledged.Count == 0);
            var lost = acknowledged.Where(n => !found.ContainsKey(n)).ToList();
            var half = found.Where(f => f.Value != 2).Select(f => f.Key).ToList();
            return lost.Count > 0 ? $"acknowledged and gone: {string.Join(", ", lost)}"
                : half.Count > 0 ? $"half there: {string.Join(", ", half)}"
                : null;
        }
        catch (EngramException e)
        {
            return $"reopening: {e}";
        }
    }

    private static Dictionary<long, int> ReadNumbers(string connectionString, bool mayBeAbsent)
    {
        using var connection = new EngramConnection(connectionString);
        connection.Open();
        var numbers = new Dictionary<long, int>();
        try
        {
            using var command = new EngramCommand("SELECT number, count(*) FROM pair GROUP BY number", connection);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                numbers.Add(reader.GetInt64(0), (int)reader.GetInt64(1));
            }
        }
        catch (EngramException e) when (mayBeAbsent && e.SqlState == "42P01")
        {
            // Not even its table had been acknowledged.
            return numbers;
        }

        using (var check = new EngramCommand("INSERT INTO pair VALUES (-1, 1, 'it goes on'), (-1, 2, 'it goes on')", connection))
        {
            check.ExecuteNonQuery();
        }

        return numbers;
    }
}
