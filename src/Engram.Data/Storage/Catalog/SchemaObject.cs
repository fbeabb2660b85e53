using System.Collections.Immutable;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Catalog;

/// <summary>What a schema holds besides tables. Immutable: a change makes a new one with the same id.</summary>
internal abstract record SchemaObject(ObjectId Id, string Schema, string Name)
{
    public string? Comment { get; init; }

    public sealed override string ToString() => Schema == DatabaseCatalog.DefaultSchema ? Name : $"{Schema}.{Name}";
}

/// <summary>A source of numbers.</summary>
/// <param name="Counter">Where its numbers are counted. RESTART gives it another counter, so that a rollback brings the old one back.</param>
internal sealed record SequenceDefinition(ObjectId Id, string Schema, string Name, ObjectId Counter) : SchemaObject(Id, Schema, Name)
{
    /// <summary>smallint, integer or bigint: what numbers may be, unless said otherwise.</summary>
    public DataType Type { get; init; } = DataType.Int64;

    public long Start { get; init; } = 1;

    public long Increment { get; init; } = 1;

    public long Min { get; init; } = 1;

    public long Max { get; init; } = long.MaxValue;

    public bool IsCycle { get; init; }

    /// <summary>The first number of <see cref="Counter"/>: that of RESTART, else <see cref="Start"/>.</summary>
    public long First { get; init; } = 1;

    /// <summary>OWNED BY: dropped with this column.</summary>
    public (TableId Table, ColumnId Column)? Owner { get; init; }
}

/// <summary>A query with a name.</summary>
/// <param name="Sql">As it was written.</param>
internal sealed record ViewDefinition(ObjectId Id, string Schema, string Name, string Sql) : SchemaObject(Id, Schema, Name)
{
    /// <summary>What it gives.</summary>
    public ImmutableArray<ViewColumn> Columns { get; init; } = [];

    /// <summary>What the names in its text stand for.</summary>
    public ImmutableArray<ViewSource> Sources { get; init; } = [];

    public ViewCheck CheckOption { get; init; }
}

/// <summary>WITH CHECK OPTION: which conditions rows must meet that are written through a view.</summary>
internal enum ViewCheck : byte
{
    None = 0,
    /// <summary>Its own, and those that views below it check.</summary>
    Local = 1,
    /// <summary>Its own, and those of all views below it.</summary>
    Cascaded = 2,
}

internal readonly record struct ViewColumn(string Name, DataType Type);

/// <summary>A table or view as the text of a view names it, whatever it is called by now.</summary>
/// <param name="Schema">As the text writes it, folded; null for none.</param>
/// <param name="Name">As the text writes it, folded.</param>
/// <param name="Table">The table; null when it is a view.</param>
/// <param name="View">The view; null when it is a table.</param>
/// <param name="Columns">A table's columns by the names that they had when the view was created.</param>
internal sealed record ViewSource(string? Schema, string Name, TableId? Table, ObjectId? View, ImmutableArray<(ColumnId Column, string Name)> Columns);

/// <summary>How far a sequence is.</summary>
/// <param name="Last">The last number given, or the one that comes first.</param>
/// <param name="IsCalled">Whether <see cref="Last"/> was given.</param>
internal readonly record struct SequenceValue(long Last, bool IsCalled);
