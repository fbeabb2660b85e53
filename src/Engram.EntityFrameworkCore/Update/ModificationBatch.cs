using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Update;

namespace Engram.EntityFrameworkCore.Update;

/// <summary>The statements that SaveChanges sends at once.</summary>
/// <remarks>
/// <para>Inserts of one table with the same columns, one after another, become one statement of many rows. Updates and deletes stay one statement a row,
/// each returning 1 for its row, so that a conflict names the entry that it concerns.</para>
/// <para>Inserts wait in <see cref="pendingInserts"/>, without text and result mappings, until a command comes that cannot join them. Their text is
/// written before that command is added, not while: if the command is taken back because the batch is full, the base class cuts the text off where
/// it began to add it.</para>
/// </remarks>
internal sealed class ModificationBatch(ModificationCommandBatchFactoryDependencies dependencies, int batchSizeMax)
    : AffectedCountModificationCommandBatch(dependencies, batchSizeMax)
{
    /// <summary>What the database takes in one statement, and so the most of a batch: it may all become one.</summary>
    private const int ParameterCountMax = 65_535;

    /// <summary>Text that is worth parsing at once; more goes into another batch.</summary>
    private const int TextLengthMax = 4_000_000;

    private readonly List<IReadOnlyModificationCommand> pendingInserts = [];

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
    private static bool IsJoinable(IReadOnlyModificationCommand command)
        => command is { EntityState: EntityState.Added, StoreStoredProcedure: null } && command.ColumnModifications.Any(c => c.IsWrite);

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
        SetRequiresTransaction(ResultSetMappings.Count > pendingInserts.Count);
        pendingInserts.Clear();
    }
}
