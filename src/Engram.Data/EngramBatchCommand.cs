using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Engram.Data;

/// <summary>One command of an <see cref="EngramBatch"/>: a text with parameters of its own. Not thread-safe.</summary>
public sealed class EngramBatchCommand : DbBatchCommand
{
    private string commandText = "";

    /// <summary>Creates a command without text.</summary>
    public EngramBatchCommand()
    {
    }

    /// <summary>Creates a command with a text.</summary>
    public EngramBatchCommand(string? commandText) => CommandText = commandText;

    /// <inheritdoc/>
    [AllowNull]
    public override string CommandText
    {
        get => commandText;
        set => commandText = value ?? "";
    }

    /// <summary>Always <see cref="CommandType.Text"/>.</summary>
    public override CommandType CommandType
    {
        get => CommandType.Text;
        set
        {
            if (value != CommandType.Text)
            {
                throw Error.OnlyTextCommands(value);
            }
        }
    }

    /// <summary>Rows that this command changed when the batch ran last; -1 when it changes none.</summary>
    public override int RecordsAffected => Affected;

    /// <summary>The parameters of this command alone.</summary>
    public new EngramParameterCollection Parameters { get; } = new();

    /// <inheritdoc/>
    public override bool CanCreateParameter => true;

    internal int Affected { get; set; } = -1;

    /// <inheritdoc/>
    protected override DbParameterCollection DbParameterCollection => Parameters;

    /// <inheritdoc/>
    public override DbParameter CreateParameter() => new EngramParameter();
}
