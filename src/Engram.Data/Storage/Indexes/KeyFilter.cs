using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Indexes;

/// <summary>Which rows a partial index has entries for: those whose values satisfy its condition.</summary>
/// <remarks>
/// <para><b>The problem.</b> An index of the few rows that are not done yet should be as small as these, and stay so while rows become done. Whether a row belongs is a
/// matter of one version of it, and versions come and go by inserts, updates, rollbacks, flushes and recovery.</para>
/// <para><b>Invariant.</b> Entries are hints, as ever: there may be more than needed. For each version of a row that a reader can see and that satisfies the condition, there is an entry
/// under its key: in the run of the segment that stores those values; else in a delta, entered by the insert or update that made the version, or, once that delta is
/// flushed, for rows whose values lie beside a segment, by <see cref="Versions.RowChanges.FillIndex"/>. An update enters a row when it changes a column of the key or of
/// the condition, and the condition holds afterwards. So whoever reads through the index tests the condition on what it finds, and misses nothing.</para>
/// <para>Where nobody can tell (there is no <see cref="IndexConditionFactory"/>) or the condition fails, there are entries: more of them are right, too.</para>
/// </remarks>
/// <param name="table">As the shape was made for it: what the condition is bound to.</param>
/// <param name="columns">The columns that the condition reads, in the order of the index's definition.</param>
internal sealed class KeyFilter(TableDefinition table, IndexDefinition index, KeyShape columns)
{
    public string Sql => index.FilterSql ?? "";

    public KeyShape Columns => columns;

    public IndexCondition? MakeCondition(IndexConditionFactory? factory) => factory?.Invoke(table, index);

    /// <summary>The columns in the order in which the condition takes them.</summary>
    public KeyShape ColumnsOf(IndexCondition condition) => KeyShape.Of(table, condition.Columns.AsSpan());

    /// <summary>Whether both are the same words about the same columns. An id whose creation was rolled back may come again with others.</summary>
    public static bool AreSame(KeyFilter? one, KeyFilter? other)
        => ReferenceEquals(one, other) || (one is not null && other is not null && one.Sql == other.Sql && one.Columns.Columns.SequenceEqual(other.Columns.Columns));
}
