using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Indexes;

/// <summary>The WHERE of a partial index, made by Query: whether a row belongs to the index. Used by one thread at a time.</summary>
internal abstract class IndexCondition : IDisposable
{
    /// <summary>The columns that it reads.</summary>
    public abstract ImmutableArray<ColumnId> Columns { get; }

    /// <summary>Whether the condition is TRUE for a row; not when it is FALSE or NULL.</summary>
    /// <param name="values">One column for each of <see cref="Columns"/>.</param>
    public abstract bool Holds(ReadOnlySpan<Column> values, int row);

    public abstract void Dispose();
}

/// <summary>Makes the condition of an index that has one. Storage knows expressions as text only.</summary>
internal delegate IndexCondition IndexConditionFactory(TableDefinition table, IndexDefinition index);
