using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Engram.Data;

/// <summary>
/// Makes the commands by which an <see cref="EngramDataAdapter"/> writes changes, from its query: one over a single table that has a primary key or a unique column among those selected.
/// The schema is read once; call <see cref="DbCommandBuilder.RefreshSchema"/> when the query has changed.
/// </summary>
public sealed class EngramCommandBuilder : DbCommandBuilder
{
    /// <summary>Creates a builder without an adapter.</summary>
    public EngramCommandBuilder()
        : this(null)
    {
    }

    /// <summary>Creates a builder of the commands that an adapter lacks.</summary>
    /// <param name="adapter">Commands that were set by hand stay.</param>
    public EngramCommandBuilder(EngramDataAdapter? adapter)
    {
        DataAdapter = adapter;
        QuotePrefix = "\"";
        QuoteSuffix = "\"";
    }

    /// <summary>The adapter whose rows are written.</summary>
    public new EngramDataAdapter? DataAdapter
    {
        get => (EngramDataAdapter?)base.DataAdapter;
        set => base.DataAdapter = value;
    }

    /// <summary>Always a double quote.</summary>
    /// <exception cref="ArgumentException">Something else is set.</exception>
    [AllowNull]
    public override string QuotePrefix
    {
        get => base.QuotePrefix;
        set => base.QuotePrefix = CheckQuote(value);
    }

    /// <summary>Always a double quote.</summary>
    /// <exception cref="ArgumentException">Something else is set.</exception>
    [AllowNull]
    public override string QuoteSuffix
    {
        get => base.QuoteSuffix;
        set => base.QuoteSuffix = CheckQuote(value);
    }

    /// <summary>The command that inserts a row, with parameters @p1, @p2 and so on.</summary>
    public new EngramCommand GetInsertCommand() => (EngramCommand)base.GetInsertCommand();

    /// <inheritdoc cref="DbCommandBuilder.GetInsertCommand(bool)"/>
    public new EngramCommand GetInsertCommand(bool useColumnsForParameterNames) => (EngramCommand)base.GetInsertCommand(useColumnsForParameterNames);

    /// <summary>The command that changes a row.</summary>
    public new EngramCommand GetUpdateCommand() => (EngramCommand)base.GetUpdateCommand();

    /// <inheritdoc cref="DbCommandBuilder.GetUpdateCommand(bool)"/>
    public new EngramCommand GetUpdateCommand(bool useColumnsForParameterNames) => (EngramCommand)base.GetUpdateCommand(useColumnsForParameterNames);

    /// <summary>The command that deletes a row.</summary>
    public new EngramCommand GetDeleteCommand() => (EngramCommand)base.GetDeleteCommand();

    /// <inheritdoc cref="DbCommandBuilder.GetDeleteCommand(bool)"/>
    public new EngramCommand GetDeleteCommand(bool useColumnsForParameterNames) => (EngramCommand)base.GetDeleteCommand(useColumnsForParameterNames);

    /// <summary>The name in double quotes, which keep its case; quotes inside are doubled.</summary>
    public override string QuoteIdentifier(string unquotedIdentifier)
    {
        ArgumentNullException.ThrowIfNull(unquotedIdentifier);
        return "\"" + unquotedIdentifier.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }

    /// <summary>The name without its double quotes, when it has them.</summary>
    public override string UnquoteIdentifier(string quotedIdentifier)
    {
        ArgumentNullException.ThrowIfNull(quotedIdentifier);
        return quotedIdentifier.Length >= 2 && quotedIdentifier[0] == '"' && quotedIdentifier[^1] == '"'
            ? quotedIdentifier[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal)
            : quotedIdentifier;
    }

    /// <inheritdoc/>
    protected override void ApplyParameterInfo(DbParameter parameter, DataRow row, StatementType statementType, bool whereClause)
    {
        // The column's own type: a DbType would not tell json from text, nor a vector from an array.
        ((EngramParameter)parameter).DataTypeName = row["DataTypeName"] as string;
    }

    /// <inheritdoc/>
    protected override string GetParameterName(int parameterOrdinal) => string.Create(CultureInfo.InvariantCulture, $"@p{parameterOrdinal}");

    /// <summary>The column's name: the base writes the marker before it, which GetSchema tells.</summary>
    protected override string GetParameterName(string parameterName) => parameterName;

    /// <inheritdoc/>
    protected override string GetParameterPlaceholder(int parameterOrdinal) => GetParameterName(parameterOrdinal);

    /// <inheritdoc/>
    protected override void SetRowUpdatingHandler(DbDataAdapter adapter)
    {
        if (adapter is not EngramDataAdapter own)
        {
            throw new ArgumentException($"This builder takes EngramDataAdapter; the value is {(adapter is null ? "null" : "of type " + adapter.GetType().Name)}.", nameof(adapter));
        }

        // The base calls this once to come and once to go.
        if (ReferenceEquals(own, base.DataAdapter))
        {
            own.RowUpdating -= OnRowUpdating;
        }
        else
        {
            own.RowUpdating += OnRowUpdating;
        }
    }

    private void OnRowUpdating(object? sender, RowUpdatingEventArgs e) => RowUpdatingHandler(e);

    private static string CheckQuote(string? value)
        => value == "\"" ? value : throw new ArgumentException("Names are quoted with double quotes; nothing else can be set.", nameof(value));
}
