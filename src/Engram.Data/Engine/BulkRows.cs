using System.Data.Common;

namespace Engram.Data.Engine;

/// <summary>Rows that come from the application, one after the other.</summary>
internal abstract class BulkRows
{
    /// <summary>How many values each row has; -1 when only a row tells.</summary>
    public virtual int FieldCount => -1;

    /// <summary>The place of a field, or -1; rows without names have none.</summary>
    public virtual int OrdinalOf(string name) => -1;

    public abstract ValueTask<bool> ReadAsync(bool isAsync, CancellationToken cancellationToken);

    /// <summary>The values of the current row, until the next is read.</summary>
    public abstract object?[] Current { get; }

    public static BulkRows Of(IEnumerable<object?[]> rows) => new Sequence(rows.GetEnumerator());

    public static BulkRows Of(IAsyncEnumerable<object?[]> rows, CancellationToken cancellationToken)
        => new AsyncSequence(rows.GetAsyncEnumerator(cancellationToken));

    public static BulkRows Of(DbDataReader reader) => new Reader(reader);

    /// <summary>Ends the enumeration that was begun here; a reader is the caller's.</summary>
    public virtual ValueTask DisposeAsync() => default;

    private sealed class Sequence(IEnumerator<object?[]> rows) : BulkRows
    {
        public override object?[] Current => rows.Current;

        public override ValueTask<bool> ReadAsync(bool isAsync, CancellationToken cancellationToken) => new(rows.MoveNext());

        public override ValueTask DisposeAsync()
        {
            rows.Dispose();
            return default;
        }
    }

    private sealed class AsyncSequence(IAsyncEnumerator<object?[]> rows) : BulkRows
    {
        public override object?[] Current => rows.Current;

        public override ValueTask<bool> ReadAsync(bool isAsync, CancellationToken cancellationToken) => rows.MoveNextAsync();

        public override ValueTask DisposeAsync() => rows.DisposeAsync();
    }

    private sealed class Reader(DbDataReader reader) : BulkRows
    {
        private readonly object?[] current = new object?[reader.FieldCount];

        public override int FieldCount => current.Length;

        public override object?[] Current => current;

        public override int OrdinalOf(string name)
        {
            for (var i = 0; i < current.Length; i++)
            {
                if (reader.GetName(i) == name)
                {
                    return i;
                }
            }

            return FindIgnoringCase(name);
        }

        public override async ValueTask<bool> ReadAsync(bool isAsync, CancellationToken cancellationToken)
        {
            if (!(isAsync ? await reader.ReadAsync(cancellationToken).ConfigureAwait(false) : reader.Read()))
            {
                return false;
            }

            reader.GetValues(current!);
            return true;
        }

        private int FindIgnoringCase(string name)
        {
            for (var i = 0; i < current.Length; i++)
            {
                if (reader.GetName(i).Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return i;
                }
            }

            return -1;
        }
    }
}
