using System.Text;
using System.Text.RegularExpressions;
using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace Engram.EntityFrameworkCore.Update;

/// <summary>Writes INSERT, UPDATE and DELETE of SaveChanges: EF Core's form with RETURNING, and inserts of many rows in one statement.</summary>
internal sealed partial class ModificationSqlGenerator(UpdateSqlGeneratorDependencies dependencies) : UpdateSqlGenerator(dependencies)
{
    /// <summary>
    /// Appends one INSERT for rows of one table with the same columns. The database returns the generated values in the order of the rows, so that the
    /// n-th row of the result belongs to the n-th command.
    /// </summary>
    public void AppendInsertOperations(StringBuilder commandStringBuilder, IReadOnlyList<IReadOnlyModificationCommand> commands)
    {
        var first = commands[0];
        var writes = WritesOf(first);
        AppendInsertCommandHeader(commandStringBuilder, first.TableName, first.Schema, writes);
        AppendValuesHeader(commandStringBuilder, writes);
        AppendValues(commandStringBuilder, first.TableName, first.Schema, writes);
        for (var i = 1; i < commands.Count; i++)
        {
            commandStringBuilder.AppendLine(",");
            AppendValues(commandStringBuilder, first.TableName, first.Schema, WritesOf(commands[i]));
        }

        AppendReturningClause(commandStringBuilder, first.ColumnModifications.Where(c => c.IsRead).ToList());
        commandStringBuilder.AppendLine(SqlGenerationHelper.StatementTerminator);
    }

    public override void AppendObtainNextSequenceValueOperation(StringBuilder commandStringBuilder, string name, string? schema)
        => commandStringBuilder.Append(SequenceSql.NextValue(name, schema));

    /// <summary>Writes the next value of a row version beside what the application has changed: the number plus one, or another random one.</summary>
    protected override void AppendUpdateCommand(
        StringBuilder commandStringBuilder, string name, string? schema, IReadOnlyList<IColumnModification> writeOperations,
        IReadOnlyList<IColumnModification> readOperations, IReadOnlyList<IColumnModification> conditionOperations, bool appendReturningOneClause = false)
    {
        AppendUpdateCommandHeader(commandStringBuilder, name, schema, writeOperations);
        var separator = writeOperations.Count > 0 ? ", " : "";
        foreach (var operation in readOperations)
        {
            if (operation.Property is { } property && GeneratedIntegers.IsRowVersion(property) && NextVersion(property, operation.ColumnName) is { } next)
            {
                commandStringBuilder.Append(separator).Append(SqlGenerationHelper.DelimitIdentifier(operation.ColumnName)).Append(" = ").Append(next);
                separator = ", ";
            }
        }

        AppendWhereClause(commandStringBuilder, conditionOperations);
        AppendReturningClause(commandStringBuilder, readOperations, appendReturningOneClause ? "1" : null);
        commandStringBuilder.AppendLine(SqlGenerationHelper.StatementTerminator);
    }

    /// <summary>A part of a document: <c>jsonb_set("Column", ARRAY['Member', '0'], COALESCE(@value, jsonb 'null'))</c>, since <c>jsonb_set</c> of NULL is NULL.</summary>
    protected override void AppendUpdateColumnValue(
        ISqlGenerationHelper updateSqlGeneratorHelper, IColumnModification columnModification, StringBuilder stringBuilder, string name, string? schema)
    {
        if (columnModification.JsonPath is null or "$")
        {
            base.AppendUpdateColumnValue(updateSqlGeneratorHelper, columnModification, stringBuilder, name, schema);
            return;
        }

        stringBuilder.Append("jsonb_set(");
        updateSqlGeneratorHelper.DelimitIdentifier(stringBuilder, columnModification.ColumnName);
        var steps = PathStep().Matches(columnModification.JsonPath).Select(m => m.Groups["quoted"] is { Success: true } quoted ? quoted.Value.Replace("\\\"", "\"", StringComparison.Ordinal) : m.Groups["step"].Value);
        stringBuilder.Append(", ARRAY[").AppendJoin(", ", steps.Select(s => $"'{s.Replace("'", "''", StringComparison.Ordinal)}'")).Append("], COALESCE(");
        base.AppendUpdateColumnValue(updateSqlGeneratorHelper, columnModification, stringBuilder, name, schema);
        stringBuilder.Append(", CAST('null' AS jsonb)))");
    }

    /// <summary>One step of <c>$.Member[0]."a member"</c>.</summary>
    [GeneratedRegex("""\."(?<quoted>(\\"|[^"])*)"|\.(?<step>[^.\[]+)|\[(?<step>\d+)\]""")]
    private static partial Regex PathStep();

    private string? NextVersion(IProperty property, string column)
        => GeneratedIntegers.IsInteger(GeneratedIntegers.StoredType(property)) ? $"{SqlGenerationHelper.DelimitIdentifier(column)} + 1" : property.GetDefaultValueSql();

    private static List<IColumnModification> WritesOf(IReadOnlyModificationCommand command) => command.ColumnModifications.Where(c => c.IsWrite).ToList();
}
