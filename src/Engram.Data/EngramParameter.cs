using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Engram.Data.Columns;
using Engram.Data.Engine;

namespace Engram.Data;

/// <summary>A value that a command's text refers to as <c>@name</c>, <c>:name</c> or, by its place, <c>$1</c>.</summary>
/// <remarks>
/// <para>The SQL type comes from <see cref="DataTypeName"/> or <see cref="DbType"/> when one is set, else from the value's CLR type, else (for null) from
/// its place in the statement. A <see cref="DateTime"/> of Kind Utc is a <c>timestamptz</c>, of another Kind a <c>timestamp</c>; <c>float[]</c>
/// and <c>ReadOnlyMemory&lt;float&gt;</c> are vectors (set <see cref="DataTypeName"/> to <c>real[]</c> for an array); other arrays and lists are arrays.</para>
/// <para>Values are read when the command executes. Not thread-safe.</para>
/// </remarks>
public sealed class EngramParameter : DbParameter, ICloneable
{
    private string name = "";
    private string? bareName;
    private string sourceColumn = "";
    private DbType? dbType;
    private DataType? dataType;
    private string? dataTypeName;

    /// <summary>Creates a parameter without name and value.</summary>
    public EngramParameter()
    {
    }

    /// <summary>Creates a parameter with a name and a value.</summary>
    /// <param name="parameterName">With or without its prefix (<c>@</c>, <c>:</c> or <c>$</c>).</param>
    /// <param name="value">The value; null and <see cref="DBNull"/> are NULL.</param>
    public EngramParameter(string? parameterName, object? value)
    {
        ParameterName = parameterName;
        Value = value;
    }

    /// <summary>Creates a parameter with a name and a type.</summary>
    /// <param name="parameterName">With or without its prefix.</param>
    /// <param name="dbType">The type that the value is converted to.</param>
    public EngramParameter(string? parameterName, DbType dbType)
    {
        ParameterName = parameterName;
        DbType = dbType;
    }

    /// <summary>The type that the value is sent as; until it is set, the one that its CLR type implies.</summary>
    public override DbType DbType
    {
        get => dbType ?? ParameterTypes.ToDbType(dataType ?? ParameterTypes.TryFromValue(Value));
        set
        {
            dataType = ParameterTypes.FromDbType(value);
            dbType = value;
            dataTypeName = null;
        }
    }

    /// <summary>The SQL type that the value is sent as, for types that <see cref="DbType"/> has no name for (<c>real[]</c>, <c>json</c>, <c>vector</c>); null to infer it.</summary>
    /// <exception cref="ArgumentException">No type has this name.</exception>
    public string? DataTypeName
    {
        get => dataTypeName;
        set
        {
            if (value is null)
            {
                ResetDbType();
                return;
            }

            dataType = ParameterTypes.FromName(value);
            dataTypeName = value;
            dbType = null;
        }
    }

    /// <summary>Always <see cref="ParameterDirection.Input"/>: there are no procedures that could give values back.</summary>
    public override ParameterDirection Direction
    {
        get => ParameterDirection.Input;
        set
        {
            if (value != ParameterDirection.Input)
            {
                throw Error.OnlyInputParameters(value);
            }
        }
    }

    /// <inheritdoc/>
    public override bool IsNullable { get; set; }

    /// <summary>The name, with or without its prefix; empty for a parameter that is taken by its place.</summary>
    [AllowNull]
    public override string ParameterName
    {
        get => name;
        set
        {
            name = value ?? "";
            bareName = null;
        }
    }

    /// <summary>The greatest number of characters or bytes that is sent of a string or a byte array; 0 (the default) and -1 send all.</summary>
    public override int Size
    {
        get;
        set => field = value >= -1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "Size is -1, 0, or a number of characters or bytes.");
    }

    /// <inheritdoc/>
    [AllowNull]
    public override string SourceColumn
    {
        get => sourceColumn;
        set => sourceColumn = value ?? "";
    }

    /// <inheritdoc/>
    public override bool SourceColumnNullMapping { get; set; }

    /// <inheritdoc/>
    public override DataRowVersion SourceVersion { get; set; } = DataRowVersion.Current;

    /// <summary>The value; null and <see cref="DBNull"/> are NULL.</summary>
    public override object? Value { get; set; }

    /// <inheritdoc/>
    public override byte Precision { get; set; }

    /// <inheritdoc/>
    public override byte Scale { get; set; }

    /// <summary>Forgets <see cref="DbType"/> and <see cref="DataTypeName"/>, so that the value tells its type again.</summary>
    public override void ResetDbType()
    {
        dbType = null;
        dataType = null;
        dataTypeName = null;
    }

    /// <summary>A copy that belongs to no collection. The value itself is not copied.</summary>
    public EngramParameter Clone() => (EngramParameter)MemberwiseClone();

    /// <inheritdoc/>
    public override string ToString() => name;

    object ICloneable.Clone() => Clone();

    /// <summary>What the engine is given: the name without prefix, or the place counted from 1 when there is none.</summary>
    internal ParameterInput ToInput(int index)
    {
        var bare = bareName ??= ParameterTypes.BareName(name);
        var shown = bare.Length == 0 ? ParameterTypes.PlaceName(index) : bare;
        return new ParameterInput(shown, CutToSize(Value), dataType ?? ParameterTypes.FromValue(Value, shown));
    }

    private object? CutToSize(object? value) => Size <= 0 ? value : value switch
    {
        string s when s.Length > Size => s[..Size],
        byte[] b when b.Length > Size => b[..Size],
        _ => value,
    };
}
