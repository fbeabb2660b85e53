using System.Runtime.ExceptionServices;
using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace Engram.EntityFrameworkCore.Update;

/// <summary>The statements that SaveChanges sends at once.</summary>
/// <remarks>
/// <para>Inserts of one table with the same columns, one after another, become one statement of many rows. Updates and deletes stay one statement a row,
/// each returning 1 for its row, so that a conflict names the entry that it concerns.</para>
/// <para>Inserts wait in <see cref="pendingInserts"/>, without text and result mappings, until a command comes that cannot join them. Their text is
/// written before that command is added, not while: if the command is taken back because the batch is full, the base class cuts the text off where
/// it began to add it.</para>
/// <para>When a statement fails, the exception names the entries that it is about: the database tells which statement it was, and <see cref="FailedInsert"/>
/// which row of many.</para>
/// <para>Without a transaction around them (<see cref="AutoTransactionBehavior.Never"/>), inserts stay one statement a row too: those before one that fails
/// are to stay.</para>
/// <para>A row that is not as it was read is told, whatever comes behind it: the statements that are left run when the reader is closed, and one that fails
/// would be told instead.</para>
/// </remarks>
internal sealed class ModificationBatch(ModificationCommandBatchFactoryDependencies dependencies, int batchSizeMax, bool joinsInserts = true)
    : AffectedCountModificationCommandBatch(dependencies, batchSizeMax)
{
    /// <summary>What the database takes in one statement, and so the most of a batch: it may all become one.</summary>
    private const int ParameterCountMax = 65_535;

    /// <summary>Text that is worth parsing at once; more goes into another batch.</summary>
    private const int TextLengthMax = 4_000_000;

    private readonly List<IReadOnlyModificationCommand> pendingInserts = [];

    private ExceptionDispatchInfo? conflict;

    private new ModificationSqlGenerator UpdateSqlGenerator => (ModificationSqlGenerator)base.UpdateSqlGenerator;

    public override bool TryAddCommand(IReadOnlyModificationCommand modificationCommand)
    {
        if (pendingInserts.Count > 0 && !(IsJoinable(modificationCommand) && CanJoin(pendingInserts[0], modificationCommand)))
        {
            ApplyPendingInserts();
        }

        return base.TryAddCommand(modificationCommand);
    }

    public override void Complete(bool moreBatchesExpected)
    {
        ApplyPendingInserts();
        base.Complete(moreBatchesExpected);
    }

    public override void Execute(IRelationalConnection connection)
    {
        conflict = null;
        try
        {
            base.Execute(connection);
        }
        catch (DbUpdateException e) when (conflict is not null && e != conflict.SourceException)
        {
            conflict.Throw();
        }
        catch (DbUpdateException e) when (FailedStatement(e) is { } failed)
        {
            // It waits for nothing: every call is a synchronous one.
            throw WithEntries(e, FindFailedAsync(connection, (EngramException)e.InnerException!, failed, isAsync: false, CancellationToken.None).GetAwaiter().GetResult());
        }
    }

    public override async Task ExecuteAsync(IRelationalConnection connection, CancellationToken cancellationToken = default)
    {
        conflict = null;
        try
        {
            await base.ExecuteAsync(connection, cancellationToken).ConfigureAwait(false);
        }
        catch (DbUpdateException e) when (conflict is not null && e != conflict.SourceException)
        {
            conflict.Throw();
        }
        catch (DbUpdateException e) when (FailedStatement(e) is { } failed)
        {
            throw WithEntries(
                e, await FindFailedAsync(connection, (EngramException)e.InnerException!, failed, isAsync: true, cancellationToken).ConfigureAwait(false));
        }
    }

    protected override void Consume(RelationalDataReader reader)
    {
        try
        {
            base.Consume(reader);
        }
        catch (DbUpdateConcurrencyException e)
        {
            conflict = ExceptionDispatchInfo.Capture(e);
            throw;
        }
    }

    protected override async Task ConsumeAsync(RelationalDataReader reader, CancellationToken cancellationToken = default)
    {
        try
        {
            await base.ConsumeAsync(reader, cancellationToken).ConfigureAwait(false);
        }
        catch (DbUpdateConcurrencyException e)
        {
            conflict = ExceptionDispatchInfo.Capture(e);
            throw;
        }
    }

    protected override bool IsValid() => ParameterValues.Count <= ParameterCountMax && SqlBuilder.Length <= TextLengthMax;

    protected override void AddCommand(IReadOnlyModificationCommand modificationCommand)
    {
        if (!IsJoinable(modificationCommand))
        {
            base.AddCommand(modificationCommand);
            return;
        }

        pendingInserts.Add(modificationCommand);
        AddParameters(modificationCommand);
    }

    protected override void RollbackLastCommand(IReadOnlyModificationCommand modificationCommand)
    {
        if (pendingInserts.Count > 0 && ReferenceEquals(pendingInserts[^1], modificationCommand))
        {
            pendingInserts.RemoveAt(pendingInserts.Count - 1);
        }

        base.RollbackLastCommand(modificationCommand);
    }

    /// <summary>An insert; one without any value is DEFAULT VALUES, which is of one row.</summary>
    private bool IsJoinable(IReadOnlyModificationCommand command)
        => joinsInserts && command is { EntityState: EntityState.Added, StoreStoredProcedure: null } && command.ColumnModifications.Any(c => c.IsWrite);

    /// <summary>Same table, same columns written, same columns read: in SaveChanges' order, which keeps commands of one table together.</summary>
    private static bool CanJoin(IReadOnlyModificationCommand first, IReadOnlyModificationCommand second)
        => string.Equals(first.TableName, second.TableName, StringComparison.Ordinal)
            && string.Equals(first.Schema, second.Schema, StringComparison.Ordinal)
            && ColumnsOf(first, c => c.IsWrite).SequenceEqual(ColumnsOf(second, c => c.IsWrite), StringComparer.Ordinal)
            && ColumnsOf(first, c => c.IsRead).SequenceEqual(ColumnsOf(second, c => c.IsRead), StringComparer.Ordinal);

    private static IEnumerable<string> ColumnsOf(IReadOnlyModificationCommand command, Func<IColumnModification, bool> predicate)
        => command.ColumnModifications.Where(predicate).Select(c => c.ColumnName);

    private void ApplyPendingInserts()
    {
        if (pendingInserts.Count == 0)
        {
            return;
        }

        UpdateSqlGenerator.AppendInsertOperations(SqlBuilder, pendingInserts);
        var hasResults = pendingInserts[0].ColumnModifications.Any(c => c.IsRead);
        for (var i = 1; i < pendingInserts.Count; i++)
        {
            ResultSetMappings.Add(hasResults ? ResultSetMapping.NotLastInResultSet : ResultSetMapping.NoResults);
        }

        ResultSetMappings.Add(hasResults ? ResultSetMapping.LastInResultSet : ResultSetMapping.NoResults);
        SetRequiresTransaction(ResultSetMappings.Count > 1);
        pendingInserts.Clear();
    }

    private static DbUpdateException WithEntries(DbUpdateException e, IEnumerable<IReadOnlyModificationCommand> commands)
        => new(e.Message, e.InnerException, commands.SelectMany(c => c.Entries).ToList());

    /// <summary>The commands of the statement that failed, if that can be told and there are others.</summary>
    private List<IReadOnlyModificationCommand>? FailedStatement(DbUpdateException e)
    {
        if (e is DbUpdateConcurrencyException || e.InnerException is not EngramException { StatementIndex: >= 0 and var index } || ModificationCommands.Count == 1)
        {
            return null;
        }

        // As they were joined when they were added.
        var statement = new List<IReadOnlyModificationCommand>();
        foreach (var command in ModificationCommands)
        {
            if (statement.Count > 0 && !(IsJoinable(statement[0]) && IsJoinable(command) && CanJoin(statement[0], command)))
            {
                if (index-- == 0)
                {
                    return statement;
                }

                statement.Clear();
            }

            statement.Add(command);
        }

        return index == 0 ? statement : null;
    }

    private async Task<IReadOnlyList<IReadOnlyModificationCommand>> FindFailedAsync(
        IRelationalConnection connection, EngramException failure, List<IReadOnlyModificationCommand> statement, bool isAsync, CancellationToken cancellationToken)
    {
        var search = new FailedInsert(connection, failure);
        if (statement.Count == 1 || !search.IsOfOneRow)
        {
            return statement;
        }

        var commands = new List<IRelationalCommand>(statement.Count);
        var parameters = new List<RelationalCommandParameterObject>(statement.Count);
        foreach (var row in statement)
        {
            var batch = new ModificationBatch(Dependencies, batchSizeMax: 1);
            batch.TryAddCommand(row);
            batch.Complete(moreBatchesExpected: false);
            commands.Add(batch.StoreCommand!.RelationalCommand);
            parameters.Add(new RelationalCommandParameterObject(
                connection, batch.StoreCommand.ParameterValues, null, Dependencies.CurrentContext.Context, Dependencies.Logger, CommandSource.SaveChanges));
        }

        return await search.FindAsync(commands, parameters, isAsync, cancellationToken).ConfigureAwait(false) is { } failed ? [statement[failed]] : statement;
    }
}
