using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace Engram.EntityFrameworkCore.Update;

/// <summary>Writes INSERT, UPDATE and DELETE of SaveChanges: EF Core's form with RETURNING, and inserts of many rows in one statement.</summary>
internal sealed class ModificationSqlGenerator(UpdateSqlGeneratorDependencies dependencies) : UpdateSqlGenerator(dependencies)
{
    /// <summary>The types that a column's documents are made of, which are looked for among all of a model.</summary>
    private static readonly ConditionalWeakTable<IModel, ConcurrentDictionary<(string Table, string? Schema, string Column), ITypeBase[]>> DocumentsByModel = [];

    /// <summary>The quoted paths of parts of documents. They are read where the command is known, and so its model, and written where only the column is. All
    /// contexts share this object: nothing else may be handed over by it.</summary>
    private readonly ConditionalWeakTable<IColumnModification, string> paths = [];

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

    /// <summary>A model may name them, for it may be shared with another database; here they end in what the application sees, not in a syntax error.</summary>
    public override ResultSetMapping AppendStoredProcedureCall(
        StringBuilder commandStringBuilder, IReadOnlyModificationCommand command, int commandPosition, out bool requiresTransaction)
        => throw new InvalidOperationException(
            $"The stored procedure '{command.StoreStoredProcedure!.Name}' saves '{command.Entries[0].EntityType.DisplayName()}', and the database has no stored procedures. "
            + "Leave out InsertUsingStoredProcedure, UpdateUsingStoredProcedure and DeleteUsingStoredProcedure: SaveChanges writes INSERT, UPDATE and DELETE itself.");

    public override ResultSetMapping AppendUpdateOperation(
        StringBuilder commandStringBuilder, IReadOnlyModificationCommand command, int commandPosition, out bool requiresTransaction)
    {
        foreach (var part in command.ColumnModifications.Where(c => c is { IsWrite: true, JsonPath: not (null or "$") }))
        {
            paths.AddOrUpdate(part, DocumentPath.Quote(part.JsonPath!, DocumentsIn(command, part.ColumnName)));
        }

        return base.AppendUpdateOperation(commandStringBuilder, command, commandPosition, out requiresTransaction);
    }

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
        var path = paths.TryGetValue(columnModification, out var quoted) ? quoted : columnModification.JsonPath;
        stringBuilder.Append(", ARRAY[").AppendJoin(", ", DocumentPath.Steps(path).Select(s => $"'{s.Replace("'", "''", StringComparison.Ordinal)}'")).Append("], COALESCE(");
        base.AppendUpdateColumnValue(updateSqlGeneratorHelper, columnModification, stringBuilder, name, schema);
        stringBuilder.Append(", CAST('null' AS jsonb)))");
    }

    private static IEnumerable<ITypeBase> DocumentsIn(IReadOnlyModificationCommand command, string column)
        => command.Entries.Select(e => e.EntityType.Model).Distinct().SelectMany(m => DocumentsByModel.GetOrCreateValue(m).GetOrAdd(
            (command.TableName, command.Schema, column), static (key, model) => DocumentsIn(model, key.Table, key.Schema, key.Column), m));

    /// <summary>What the documents of a column are made of: owned types, or complex ones. Types of other tables come last: a class's own table may be another.</summary>
    private static ITypeBase[] DocumentsIn(IModel model, string table, string? schema, string column)
        => [.. model.GetEntityTypes()
            .SelectMany(t => t.IsMappedToJson() ? [t] : ComplexTypesOf(t))
            .Where(t => t.GetContainerColumnName() == column)
            .OrderBy(t => t.ContainingEntityType.GetTableName() == table && t.ContainingEntityType.GetSchema() == schema ? 0 : 1)];

    private static IEnumerable<ITypeBase> ComplexTypesOf(ITypeBase type)
        => type.GetComplexProperties().SelectMany(c => c.ComplexType.IsMappedToJson() ? [c.ComplexType] : ComplexTypesOf(c.ComplexType));

    private string? NextVersion(IProperty property, string column)
        => GeneratedIntegers.IsInteger(GeneratedIntegers.StoredType(property)) ? $"{SqlGenerationHelper.DelimitIdentifier(column)} + 1" : property.GetDefaultValueSql();

    private static List<IColumnModification> WritesOf(IReadOnlyModificationCommand command) => command.ColumnModifications.Where(c => c.IsWrite).ToList();
}
