using System.Collections;
using System.Data.Common;

namespace Engram.Data;

/// <summary>The commands of one batch, in order. Not thread-safe.</summary>
public sealed class EngramBatchCommandCollection : DbBatchCommandCollection
{
    private readonly List<EngramBatchCommand> commands = [];

    internal EngramBatchCommandCollection()
    {
    }

    /// <inheritdoc/>
    public override int Count => commands.Count;

    /// <inheritdoc/>
    public override bool IsReadOnly => false;

    /// <summary>The command at a place, counted from 0.</summary>
    public new EngramBatchCommand this[int index]
    {
        get => commands[index];
        set => commands[index] = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>Adds a command with a text and returns it.</summary>
    public EngramBatchCommand Add(string commandText)
    {
        var command = new EngramBatchCommand(commandText);
        commands.Add(command);
        return command;
    }

    /// <inheritdoc/>
    public override void Add(DbBatchCommand item) => commands.Add(Cast(item));

    /// <inheritdoc/>
    public override void Clear() => commands.Clear();

    /// <inheritdoc/>
    public override bool Contains(DbBatchCommand item) => IndexOf(item) >= 0;

    /// <inheritdoc/>
    public override void CopyTo(DbBatchCommand[] array, int arrayIndex) => ((ICollection)commands).CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public override IEnumerator<DbBatchCommand> GetEnumerator() => commands.GetEnumerator();

    /// <inheritdoc/>
    public override int IndexOf(DbBatchCommand item) => item is EngramBatchCommand command ? commands.IndexOf(command) : -1;

    /// <inheritdoc/>
    public override void Insert(int index, DbBatchCommand item) => commands.Insert(index, Cast(item));

    /// <inheritdoc/>
    public override bool Remove(DbBatchCommand item) => commands.Remove(Cast(item));

    /// <inheritdoc/>
    public override void RemoveAt(int index) => commands.RemoveAt(index);

    /// <inheritdoc/>
    protected override DbBatchCommand GetBatchCommand(int index) => commands[index];

    /// <inheritdoc/>
    protected override void SetBatchCommand(int index, DbBatchCommand batchCommand) => commands[index] = Cast(batchCommand);

    private static EngramBatchCommand Cast(DbBatchCommand? item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return item as EngramBatchCommand ?? throw new InvalidCastException($"This collection takes EngramBatchCommand; the value is of type {item.GetType().Name}.");
    }
}
