using System.Data;
using System.Data.Common;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Graphs;

namespace Engram.Data.Engine;

/// <summary>What GetSchema returns: the catalog, and facts about the dialect, as tables.</summary>
internal static partial class SchemaCollections
{
    private static readonly Collection[] Collections =
    [
        new(DbMetaDataCollectionNames.MetaDataCollections, [], [("CollectionName", typeof(string)), ("NumberOfRestrictions", typeof(int)), ("NumberOfIdentifierParts", typeof(int))],
            (table, _) => Fill(table, Collections!.Select(c => new object?[] { c.Name, c.Restrictions.Length, c.Restrictions.Length }))),
        new(DbMetaDataCollectionNames.Restrictions, [], [("CollectionName", typeof(string)), ("RestrictionName", typeof(string)), ("RestrictionNumber", typeof(int))],
            (table, _) => Fill(table, Collections!.SelectMany(c => c.Restrictions.Select((name, i) => new object?[] { c.Name, name, i + 1 })))),
        new(DbMetaDataCollectionNames.DataSourceInformation, [], DataSourceColumns, FillDataSource),
        new(DbMetaDataCollectionNames.DataTypes, [], [("TypeName", typeof(string)), ("DataType", typeof(string)), ("ProviderDbType", typeof(int)), ("IsBestMatch", typeof(bool))], FillTypes),
        new(DbMetaDataCollectionNames.ReservedWords, [], [("ReservedWord", typeof(string))], (table, _) => Fill(table, ReservedWords().Select(w => new object?[] { w }))),
        new("Schemas", ["schema_name"], [("schema_name", typeof(string))], (table, context) => Fill(table, context.Catalog.Schemas.Where(s => !context.Catalog.IsForeign(s)).Select(s => new object?[] { s }))),
        new("Tables", ["table_schema", "table_name"],
            [("table_schema", typeof(string)), ("table_name", typeof(string)), ("table_type", typeof(string)), ("comment", typeof(string)), ("cluster_by", typeof(string))],
            (table, context) => Fill(table, Tables(context).Select(t => new object?[] { t.Schema, t.Name, t.IsTemporary ? "LOCAL TEMPORARY" : "BASE TABLE", t.Comment, StorageParameters.TextOf(t) }))),
        new("Views", ["table_schema", "table_name"],
            [("table_schema", typeof(string)), ("table_name", typeof(string)), ("view_definition", typeof(string)), ("comment", typeof(string))],
            (table, context) => Fill(table, InOrder(context.Catalog.Views).Select(v => new object?[] { v.Schema, v.Name, v.Sql, v.Comment }))),
        new("ViewColumns", ["table_schema", "table_name", "column_name"],
            [
                ("table_schema", typeof(string)), ("table_name", typeof(string)), ("column_name", typeof(string)), ("ordinal_position", typeof(int)), ("data_type", typeof(string)),
            ],
            (table, context) => Fill(table, InOrder(context.Catalog.Views).SelectMany(v => v.Columns.Select((c, i) => new object?[] { v.Schema, v.Name, c.Name, i + 1, c.Type.ToString() })))),
        new("Sequences", ["sequence_schema", "sequence_name"],
            [
                ("sequence_schema", typeof(string)), ("sequence_name", typeof(string)), ("data_type", typeof(string)), ("start_value", typeof(long)), ("minimum_value", typeof(long)),
                ("maximum_value", typeof(long)), ("increment", typeof(long)), ("is_cycle", typeof(bool)), ("comment", typeof(string)),
            ],
            (table, context) => Fill(table, InOrder(context.Catalog.Sequences).Select(s => new object?[] { s.Schema, s.Name, s.Type.ToString(), s.Start, s.Min, s.Max, s.Increment, s.IsCycle, s.Comment }))),
        new("Columns", ["table_schema", "table_name", "column_name"],
            [
                ("table_schema", typeof(string)), ("table_name", typeof(string)), ("column_name", typeof(string)), ("ordinal_position", typeof(int)),
                ("data_type", typeof(string)), ("is_nullable", typeof(bool)), ("column_default", typeof(string)), ("computed_sql", typeof(string)),
                ("identity", typeof(string)), ("identity_start", typeof(long)), ("identity_increment", typeof(long)), ("collation", typeof(string)), ("comment", typeof(string)),
                ("character_maximum_length", typeof(int)), ("numeric_precision", typeof(int)), ("numeric_scale", typeof(int)),
                ("is_virtual", typeof(bool)),
            ],
            (table, context) => Fill(table, Tables(context).SelectMany(t => t.NamedColumns.Select((c, i) => DescribeColumn(t, c, i))))),
        new("Indexes", ["table_schema", "table_name", "index_name"],
            [
                ("table_schema", typeof(string)), ("table_name", typeof(string)), ("index_name", typeof(string)), ("is_unique", typeof(bool)),
                ("is_primary_key", typeof(bool)), ("is_constraint", typeof(bool)), ("method", typeof(string)), ("filter_sql", typeof(string)), ("options", typeof(string)),
            ],
            (table, context) => Fill(table, Indexes(context).Select(p => new object?[]
            {
                p.Table.Schema, p.Table.Name, p.Index.Name, p.Index.IsUnique, p.Index.IsPrimaryKey, p.Index.IsConstraint, p.Index.Method, p.Index.FilterSql,
                string.Join(", ", p.Index.Options.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key} = {o.Value}")),
            }))),
        new("IndexColumns", ["table_schema", "table_name", "index_name", "column_name"],
            [
                ("table_schema", typeof(string)), ("table_name", typeof(string)), ("index_name", typeof(string)), ("column_name", typeof(string)),
                ("ordinal_position", typeof(int)), ("is_descending", typeof(bool)), ("expression", typeof(string)),
            ],
            (table, context) => Fill(table, Indexes(context).SelectMany(p => p.Index.Columns.Select((c, i) => new object?[]
            {
                p.Table.Schema, p.Table.Name, p.Index.Name, IndexedName(p.Table, c.Column), i + 1, c.IsDescending,
                IndexedName(p.Table, c.Column) is null ? p.Table.FindColumn(c.Column)!.ComputedSql : null,
            })))),
        new("VectorIndexes", ["table_schema", "table_name", "index_name"],
            [
                ("table_schema", typeof(string)), ("table_name", typeof(string)), ("index_name", typeof(string)), ("column_name", typeof(string)), ("method", typeof(string)),
                ("operators", typeof(string)), ("m", typeof(int)), ("ef_construction", typeof(int)),
            ],
            (table, context) => Fill(table, VectorIndexes(context).Select(p => new object?[]
            {
                p.Table.Schema, p.Table.Name, p.Index.Name, p.Table.FindColumn(p.Index.Columns[0].Column)?.Name, p.Index.Method,
                p.Index.Options.GetValueOrDefault(GraphShapes.OperatorsOption), GraphShapes.Of(p.Table, p.Index)?.M, GraphShapes.Of(p.Table, p.Index)?.Construction,
            }))),
        new("ForeignKeys", ["table_schema", "table_name", "constraint_name"],
            [
                ("table_schema", typeof(string)), ("table_name", typeof(string)), ("constraint_name", typeof(string)), ("referenced_schema", typeof(string)),
                ("referenced_table", typeof(string)), ("on_delete", typeof(string)), ("on_update", typeof(string)),
            ],
            (table, context) => Fill(table, ForeignKeys(context).Select(k => new object?[]
            {
                k.Table.Schema, k.Table.Name, k.Key.Name, k.Referenced.Schema, k.Referenced.Name, NameOf(k.Key.OnDelete), NameOf(k.Key.OnUpdate),
            }))),
        new("ForeignKeyColumns", ["table_schema", "table_name", "constraint_name", "column_name"],
            [
                ("table_schema", typeof(string)), ("table_name", typeof(string)), ("constraint_name", typeof(string)), ("column_name", typeof(string)),
                ("ordinal_position", typeof(int)), ("referenced_column", typeof(string)),
            ],
            (table, context) => Fill(table, ForeignKeys(context).SelectMany(k => k.Key.Columns.Select((c, i) => new object?[]
            {
                k.Table.Schema, k.Table.Name, k.Key.Name, k.Table.FindColumn(c)?.Name, i + 1, k.Referenced.FindColumn(k.Key.ReferencedColumns[i])?.Name,
            })))),
    ];

    public static DataTable Create(string name, string?[] restrictions, DatabaseCatalog catalog, string version)
    {
        var collection = Collections.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw Error.UnknownCollection(name, Collections.Select(c => c.Name));
        if (restrictions.Length > collection.Restrictions.Length)
        {
            throw Error.TooManyRestrictions(collection.Name, restrictions.Length, collection.Restrictions.Length);
        }

        var table = new DataTable(collection.Name);
        foreach (var (column, type) in collection.Columns)
        {
            table.Columns.Add(column, type);
        }

        collection.Fill(table, new Context(catalog, version));
        for (var i = table.Rows.Count - 1; i >= 0; i--)
        {
            for (var r = 0; r < restrictions.Length; r++)
            {
                if (restrictions[r] is { } wanted && !wanted.Equals(table.Rows[i][r]))
                {
                    table.Rows.RemoveAt(i);
                    break;
                }
            }
        }

        table.AcceptChanges();
        return table;
    }

    private static void Fill(DataTable table, IEnumerable<object?[]> rows)
    {
        foreach (var row in rows)
        {
            table.Rows.Add(row);
        }
    }

    private static IEnumerable<T> InOrder<T>(IEnumerable<T> objects)
        where T : SchemaObject
        => objects.OrderBy(o => o.Schema, StringComparer.Ordinal).ThenBy(o => o.Name, StringComparer.Ordinal);

    private static IEnumerable<TableDefinition> Tables(Context context)
        => context.Catalog.Tables.Values.Where(t => !context.Catalog.IsForeign(t.Schema)).OrderBy(t => t.Schema, StringComparer.Ordinal).ThenBy(t => t.Name, StringComparer.Ordinal);

    private static IEnumerable<(TableDefinition Table, IndexDefinition Index)> Indexes(Context context)
        => Tables(context).SelectMany(t => t.Indexes.Concat(t.VectorIndexes).OrderBy(i => i.Name, StringComparer.Ordinal).Select(i => (t, i)));

    private static IEnumerable<(TableDefinition Table, IndexDefinition Index)> VectorIndexes(Context context)
        => Tables(context).SelectMany(t => t.VectorIndexes.OrderBy(i => i.Name, StringComparer.Ordinal).Select(i => (t, i)));

    private static IEnumerable<(TableDefinition Table, ForeignKeyDefinition Key, TableDefinition Referenced)> ForeignKeys(Context context)
        => Tables(context).SelectMany(t => t.ForeignKeys.OrderBy(k => k.Name, StringComparer.Ordinal).Select(k => (t, k, context.Catalog.Get(k.ReferencedTable))));

    /// <summary>The column of a key, one that is computed when it is read being indexed by its expression; null for other expressions.</summary>
    private static string? IndexedName(TableDefinition table, ColumnId id)
    {
        var column = table.FindColumn(id)!;
        return column.IsHidden ? ExpressionIndexes.FindNamed(table, column.ComputedSql!)?.Name : column.Name;
    }

    private static object?[] DescribeColumn(TableDefinition table, ColumnDefinition column, int index)
    {
        var type = column.Type;
        var isNumeric = type is { Kind: TypeKind.Decimal, Size: > 0 };
        return
        [
            table.Schema, table.Name, column.Name, index + 1, type.ToString(), !column.IsNotNull, column.DefaultSql, column.ComputedSql,
            column.Identity switch { IdentityKind.Always => "ALWAYS", IdentityKind.ByDefault => "BY DEFAULT", _ => null },
            column.Identity == IdentityKind.None ? null : column.IdentityStart, column.Identity == IdentityKind.None ? null : column.IdentityIncrement, column.Collation, column.Comment,
            type is { Kind: TypeKind.Text, Size: > 0 } ? type.Size : null, isNumeric ? type.Size : null, isNumeric ? Math.Max(type.Scale, 0) : null,
            column.IsVirtual,
        ];
    }

    private static string NameOf(ReferentialAction action) => action switch
    {
        ReferentialAction.Restrict => "RESTRICT",
        ReferentialAction.Cascade => "CASCADE",
        ReferentialAction.SetNull => "SET NULL",
        ReferentialAction.SetDefault => "SET DEFAULT",
        _ => "NO ACTION",
    };

    private sealed record Context(DatabaseCatalog Catalog, string Version);

    /// <param name="Restrictions">Names of the collection's first columns.</param>
    private sealed record Collection(string Name, string[] Restrictions, (string Name, Type Type)[] Columns, Action<DataTable, Context> Fill);
}
