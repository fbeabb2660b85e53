using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Tests.Storage.Catalog;

/// <summary>A catalog in which everything that a definition can say is said at least once.</summary>
internal static class SampleCatalog
{
    public static readonly TableDefinition Sources = new(new TableId(1), "public", "Sources",
    [
        new(new ColumnId(1), "Id", DataType.Int32) { IsNotNull = true, Identity = IdentityKind.Always, IdentityStart = -5, IdentityIncrement = 3 },
        new(new ColumnId(3), "Name", new DataType(TypeKind.Text, 200) { Collation = Collation.Ordinal }) { Comment = "As shown", DefaultSql = "'naïve 🙂'" },
    ])
    {
        ColumnIdNext = 9,
        Comment = "Where episodes come from",
        Indexes = [new(new IndexId(1), "PK_Sources", [new(new ColumnId(1))]) { IsUnique = true, IsPrimaryKey = true, IsConstraint = true }],
    };

    public static readonly TableDefinition Episodes = new(new TableId(4), "memory", "Episodes",
    [
        .. RandomColumns.Types.Select((type, i) => new ColumnDefinition(new ColumnId(i + 1), $"c{i}", type) { IsNotNull = i % 2 == 0 }),
        new(new ColumnId(100), "Total", new DataType(TypeKind.Decimal, 18, 0)) { ComputedSql = "a + b" },
    ])
    {
        ColumnIdNext = 101,
        Indexes =
        [
            new(new IndexId(2), "IX_a_b", [new(new ColumnId(1), IsDescending: true), new(new ColumnId(2))]) { FilterSql = "a > 0" },
        ],
        VectorIndexes =
        [
            new(new IndexId(7), "IX_v", [new(new ColumnId(25))])
            {
                Method = "hnsw",
                Options = ImmutableDictionary<string, string>.Empty.Add("m", "16").Add("ef_construction", "64").Add("M", ""),
            },
        ],
        ForeignKeys =
        [
            new("FK_1", [new ColumnId(1), new ColumnId(2)], new TableId(1), [new ColumnId(1), new ColumnId(3)])
            {
                OnDelete = ReferentialAction.Cascade,
                OnUpdate = ReferentialAction.SetDefault,
            },
        ],
        Checks = [new("CK_1", "\"Confidence\" BETWEEN 0 AND 1")],
    };

    public static readonly SequenceDefinition Numbers = new(new ObjectId(2), "memory", "numbers", new ObjectId(5))
    {
        Comment = "Taken by hand", Type = DataType.Int32, Start = -3, First = 7, Increment = -2, Min = -100, Max = 10, IsCycle = true, Owner = (new TableId(4), new ColumnId(2)),
    };

    public static readonly ViewDefinition Recent = new(new ObjectId(3), "public", "Recent", "SELECT \"Name\" FROM \"Sources\"")
    {
        Columns = [new ViewColumn("Name", new DataType(TypeKind.Text, 200))],
        Sources =
        [
            new ViewSource(null, "Sources", new TableId(1), null, [(new ColumnId(1), "Id"), (new ColumnId(3), "Name")]),
            new ViewSource("memory", "older", null, new ObjectId(1), []),
        ],
    };

    public static DatabaseCatalog Catalog { get; } = DatabaseCatalog.Empty.With(Numbers).With(Recent)
        .WithSequenceValues([new(new ObjectId(5), new SequenceValue(-1, true))])
        .WithSchemas(["public", "memory", "Zoo"])
        .With(Episodes)
        .With(Sources)
        .With(Sources with { Id = new TableId(5), Name = "Gone" })
        .Without(new TableId(5));
}
