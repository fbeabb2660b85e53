using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>The distinct keys, without any NULL, of some columns of rows that a statement has written.</summary>
internal sealed class KeyCollection : IDisposable
{
    private readonly Column[] columns;
    private readonly Selection complete = new();
    private int[] numbers = [];

    public KeyCollection(TableDefinition table, ImmutableArray<ColumnId> columns)
    {
        Ordinals = [.. columns.Select(table.IndexOf)];
        Keys = new KeyTable([.. columns.Select(c => table.FindColumn(c)!.Type)]);
        this.columns = new Column[columns.Length];
    }

    /// <summary>The columns' places in the table.</summary>
    public ImmutableArray<int> Ordinals { get; }

    public KeyTable Keys { get; }

    /// <summary>Adds the keys of rows, all or some, that have the table's columns; a row with a NULL in its key has none.</summary>
    public void Add(Batch rows, Predicate<int>? isWanted = null)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = rows.Columns[Ordinals[i]];
        }

        complete.Count = 0;
        for (var row = 0; row < rows.RowCount; row++)
        {
            var isComplete = true;
            foreach (var column in columns)
            {
                isComplete &= !column.IsNull(row);
            }

            if (isComplete && (isWanted is null || isWanted(row)))
            {
                complete.Add(row);
            }
        }

        if (numbers.Length < complete.Count)
        {
            numbers = new int[complete.Count];
        }

        Keys.FindOrAdd(columns, rows.RowCount, complete, numbers);
    }

    /// <summary>The rows added by the last call.</summary>
    public Selection Added => complete;

    /// <summary>The number of the key of each row added by the last call, in order.</summary>
    public ReadOnlySpan<int> AddedKeys => numbers.AsSpan(0, complete.Count);

    /// <summary>A key for messages: <c>(BlogId) = (5)</c>.</summary>
    public static string Describe(TableDefinition table, ImmutableArray<ColumnId> columns, KeyTable keys, int number)
    {
        var names = string.Join(", ", columns.Select(c => table.FindColumn(c)!.Name));
        var values = string.Join(", ", columns.Select((_, i) => ClrValue.Describe(ClrValue.Read(keys.Key(i), number))));
        return $"({names}) = ({values})";
    }

    public void Dispose() => Keys.Dispose();
}
