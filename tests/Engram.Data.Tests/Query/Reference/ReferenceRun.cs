using System.Globalization;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Tests.Scripts;
using Engram.Differential;

namespace Engram.Data.Tests.Query.Reference;

/// <summary>Random tables, rows, changes and queries of one seed, each query carried out by the engine and by the reference.</summary>
internal sealed class ReferenceRun(int seed) : IDisposable
{
    private const int WorkMax = 300_000;

    private readonly Dice dice = new(seed);
    private readonly Dictionary<string, List<object?[]>> tables = [];
    private readonly EngramConnection connection = new($"Data Source=reference-{seed}-{Guid.NewGuid():N};Mode=Memory");

    /// <summary>Queries whose rows were compared.</summary>
    public int Compared { get; private set; }

    /// <summary>Queries that the reference does not know, by why.</summary>
    public Dictionary<string, int> Skipped { get; } = [];

    /// <summary>Changes that a key, a reference or a range forbade.</summary>
    public int Refused { get; private set; }

    /// <summary>What differs.</summary>
    public List<string> Findings { get; } = [];

    public ReferenceRun Run(int queryCount)
    {
        connection.Open();
        var maker = new SchemaMaker(dice, mayBeLarge: false);
        foreach (var statement in maker.Make())
        {
            Execute(statement);
        }

        foreach (var table in maker.Tables)
        {
            foreach (var insert in maker.Rows(table, 0, table.RowCount))
            {
                Execute(insert);
            }
        }

        var queries = new QueryMaker(dice, maker.Tables, maker.HasOffsets);
        for (var i = 0; i < queryCount; i++)
        {
            if (dice.Percent(5))
            {
                Change(queries.Change());
            }

            if (dice.Percent(3))
            {
                Execute("CHECKPOINT");
            }

            var (sql, isOrdered) = queries.Query();
            Compare(sql, isOrdered);
        }

        return this;
    }

    public void Dispose() => connection.Dispose();

    /// <summary>Changes need no reference here: what a table holds is read back. They move rows between the places that scans read.</summary>
    private void Change(string sql)
    {
        tables.Clear();
        try
        {
            Execute(sql);
        }
        catch (EngramException e) when (e.SqlState[..2] is "22" or "23")
        {
            // Random changes meet keys, references and ranges; then the tables are as they were.
            Refused++;
        }
    }

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private void Compare(string sql, bool isOrdered)
    {
        List<object?[]> expected;
        try
        {
            var statement = (SelectStatementSyntax)Parser.ParseScript(sql).Single();
            var scope = new StatementScope(connection.Session.ReadCatalog(), new Dictionary<string, Data.Columns.DataType>());
            expected = new ReferencePlan(Rows, WorkMax).Run(new QueryBinder(scope).Bind(statement.Query, null, null).Plan);
        }
        catch (Exception e) when (e is NotInReferenceException or ReferenceErrorException or EngramException)
        {
            var why = e is NotInReferenceException ? e.Message : e is ReferenceErrorException ? "error: " + e.Message : "engine: " + e.Message;
            Skipped[why] = Skipped.GetValueOrDefault(why) + 1;
            return;
        }

        try
        {
            var (left, right) = (Texts(expected, isOrdered), Texts(Read(sql), isOrdered));
            Compared++;
            if (!left.SequenceEqual(right))
            {
                Findings.Add($"seed {seed}: {sql}\nexpected {left.Count} rows, found {right.Count}; expected and not found: {string.Join(" ; ", left.Except(right).Take(3))}; found and not expected: {string.Join(" ; ", right.Except(left).Take(3))}");
            }
        }
        catch (EngramException e)
        {
            Findings.Add($"seed {seed}: {sql}\n{e.SqlState} {e.Message}");
        }
    }

    private List<object?[]> Rows(TableDefinition table)
    {
        if (!tables.TryGetValue(table.Name, out var rows))
        {
            tables[table.Name] = rows = Read("SELECT * FROM " + table.Name);
        }

        return rows;
    }

    private List<object?[]> Read(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        }

        return rows;
    }

    /// <summary>Rows as texts; floats to the digits that do not depend on the order of additions.</summary>
    private static List<string> Texts(List<object?[]> rows, bool isOrdered)
    {
        var texts = rows.ConvertAll(r => string.Join(" | ", r.Select(v => v switch
        {
            decimal d => d.ToString("0.####################", CultureInfo.InvariantCulture),
            sbyte or short or int or long => Convert.ToString(v, CultureInfo.InvariantCulture),
            _ => ScriptText.Value(v, '?'),
        })));
        if (!isOrdered)
        {
            texts.Sort(StringComparer.Ordinal);
        }

        return texts;
    }
}
