using System.ComponentModel;
using System.Data.Common;

namespace Engram.Data;

/// <summary>
/// Fills a <see cref="System.Data.DataSet"/> from a query and writes its changes back by commands, which <see cref="EngramCommandBuilder"/> can make. Rows are written one by one,
/// each in a transaction of its own unless one is active. Not thread-safe, as its commands.
/// </summary>
public sealed class EngramDataAdapter : DbDataAdapter
{
    /// <summary>Creates an adapter without commands.</summary>
    public EngramDataAdapter()
    {
    }

    /// <summary>Creates an adapter for the rows of a command.</summary>
    /// <param name="selectCommand">What <see cref="DataAdapter.Fill(System.Data.DataSet)"/> runs.</param>
    public EngramDataAdapter(EngramCommand selectCommand) => SelectCommand = selectCommand;

    /// <summary>Creates an adapter for the rows of a query.</summary>
    /// <param name="selectCommandText">The query.</param>
    /// <param name="connection">Opened for the time of a call when it is closed.</param>
    public EngramDataAdapter(string selectCommandText, EngramConnection connection)
        : this(new EngramCommand(selectCommandText, connection))
    {
    }

    /// <summary>Creates an adapter for the rows of a query, with a connection of its own that is open only while a call runs.</summary>
    /// <param name="selectCommandText">The query.</param>
    /// <param name="connectionString">The database.</param>
    public EngramDataAdapter(string selectCommandText, string connectionString)
        : this(selectCommandText, new EngramConnection(connectionString))
    {
    }

    /// <summary>Raised before a row is written: its command can be changed, and the row skipped.</summary>
    public event EventHandler<RowUpdatingEventArgs>? RowUpdating;

    /// <summary>Raised after a row was written, or could not be.</summary>
    public event EventHandler<RowUpdatedEventArgs>? RowUpdated;

    /// <summary>The query that fills.</summary>
    [DefaultValue(null)]
    public new EngramCommand? SelectCommand
    {
        get => (EngramCommand?)base.SelectCommand;
        set => base.SelectCommand = value;
    }

    /// <summary>Writes rows that were added. What it returns (<c>RETURNING</c>) goes into the row when <see cref="System.Data.Common.DbCommand.UpdatedRowSource"/> says so.</summary>
    [DefaultValue(null)]
    public new EngramCommand? InsertCommand
    {
        get => (EngramCommand?)base.InsertCommand;
        set => base.InsertCommand = value;
    }

    /// <summary>Writes rows that were changed.</summary>
    [DefaultValue(null)]
    public new EngramCommand? UpdateCommand
    {
        get => (EngramCommand?)base.UpdateCommand;
        set => base.UpdateCommand = value;
    }

    /// <summary>Deletes rows that were deleted.</summary>
    [DefaultValue(null)]
    public new EngramCommand? DeleteCommand
    {
        get => (EngramCommand?)base.DeleteCommand;
        set => base.DeleteCommand = value;
    }

    /// <inheritdoc/>
    protected override void OnRowUpdating(RowUpdatingEventArgs value) => RowUpdating?.Invoke(this, value);

    /// <inheritdoc/>
    protected override void OnRowUpdated(RowUpdatedEventArgs value) => RowUpdated?.Invoke(this, value);
}
