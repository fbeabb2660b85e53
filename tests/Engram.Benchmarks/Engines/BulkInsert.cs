using Engram.Data;

namespace Engram.Benchmarks.Engines;

/// <summary>Inserts rows by one prepared statement of many rows, as an application that loads data does. A rest of rows goes one by one.</summary>
internal sealed class BulkInsert : IDisposable
{
    private readonly EngramConnection connection;
    private readonly Func<long, int, object> valueOf;
    private readonly int columns;
    private readonly int rowsPerStatement;
    private readonly EngramCommand many;
    private readonly EngramCommand one;

    /// <param name="valueOf">The value for a key and a column's number.</param>
    public BulkInsert(EngramConnection connection, string table, IReadOnlyList<string> columns, int rowsPerStatement, Func<long, int, object> valueOf)
    {
        this.connection = connection;
        this.valueOf = valueOf;
        this.columns = columns.Count;
        this.rowsPerStatement = rowsPerStatement;
        many = Prepare(table, columns, rowsPerStatement);
        one = Prepare(table, columns, 1);
    }

    /// <summary>Inserts keys 1 to <paramref name="count"/>, each statement as a commit of its own, or all in one transaction.</summary>
    public void Run(long count, bool inOneTransaction = false)
    {
        using var transaction = inOneTransaction ? connection.BeginTransaction() : null;
        var key = 1L;
        for (; key + rowsPerStatement <= count + 1; key += rowsPerStatement)
        {
            Execute(many, key, rowsPerStatement);
        }

        for (; key <= count; key++)
        {
            Execute(one, key, 1);
        }

        transaction?.Commit();
    }

    /// <summary>Inserts rows from a key on, a multiple of the rows of a statement.</summary>
    public void Run(long firstKey, int count)
    {
        for (var key = firstKey; key < firstKey + count; key += rowsPerStatement)
        {
            Execute(many, key, rowsPerStatement);
        }
    }

    public void Dispose()
    {
        many.Dispose();
        one.Dispose();
    }

    private void Execute(EngramCommand command, long firstKey, int rows)
    {
        for (int row = 0, place = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                command.Parameters[place++].Value = valueOf(firstKey + row, column);
            }
        }

        command.ExecuteNonQuery();
    }

    private EngramCommand Prepare(string table, IReadOnlyList<string> names, int rows)
    {
        var place = 0;
        var tuples = Enumerable.Range(0, rows).Select(_ => $"({string.Join(", ", names.Select(_ => $"${++place}"))})");
        var command = new EngramCommand($"INSERT INTO {table} ({string.Join(", ", names)}) VALUES {string.Join(", ", tuples)}", connection);
        for (var i = 0; i < place; i++)
        {
            command.Parameters.Add(new EngramParameter());
        }

        command.Prepare();
        return command;
    }
}
