using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.SystemTables;

/// <summary>The standard's views of the schema, with the columns that tools read. Values are spelt as PostgreSQL spells them.</summary>
internal static class InformationSchema
{
    public const string Name = "information_schema";

    public static IEnumerable<SystemTable> All =>
    [
        Table("schemata", ["catalog_name", "schema_name", "schema_owner"], FillSchemata),
        Table("tables", ["table_catalog", "table_schema", "table_name", "table_type", "is_insertable_into"], FillTables),
        Table("columns",
            [
                "table_catalog", "table_schema", "table_name", "column_name", "ordinal_position#", "column_default", "is_nullable", "data_type", "character_maximum_length#",
                "numeric_precision#", "numeric_precision_radix#", "numeric_scale#", "datetime_precision#", "collation_name", "udt_name", "is_identity", "identity_generation",
                "identity_start", "identity_increment", "is_generated", "generation_expression", "is_updatable",
            ],
            FillColumns),
        Table("table_constraints",
            [
                "constraint_catalog", "constraint_schema", "constraint_name", "table_catalog", "table_schema", "table_name", "constraint_type", "is_deferrable",
                "initially_deferred", "enforced",
            ],
            FillConstraints),
        Table("key_column_usage",
            [
                "constraint_catalog", "constraint_schema", "constraint_name", "table_catalog", "table_schema", "table_name", "column_name", "ordinal_position#",
                "position_in_unique_constraint#",
            ],
            FillKeyColumns),
        Table("constraint_column_usage",
            ["table_catalog", "table_schema", "table_name", "column_name", "constraint_catalog", "constraint_schema", "constraint_name"], FillConstraintColumns),
        Table("referential_constraints",
            [
                "constraint_catalog", "constraint_schema", "constraint_name", "unique_constraint_catalog", "unique_constraint_schema", "unique_constraint_name",
                "match_option", "update_rule", "delete_rule",
            ],
            FillReferences),
        Table("check_constraints", ["constraint_catalog", "constraint_schema", "constraint_name", "check_clause"], FillChecks),
        Table("views", ["table_catalog", "table_schema", "table_name", "view_definition", "check_option", "is_updatable", "is_insertable_into"], FillViews),
        Table("sequences",
            [
                "sequence_catalog", "sequence_schema", "sequence_name", "data_type", "numeric_precision#", "numeric_precision_radix#", "numeric_scale#", "start_value",
                "minimum_value", "maximum_value", "increment", "cycle_option",
            ],
            FillSequences),
    ];

    /// <param name="columns">Texts; integers where a # stands behind the name.</param>
    private static SystemTable Table(string name, string[] columns, Action<SystemRows> fill)
        => new(Name, name, [.. columns.Select(c => c.EndsWith('#') ? (c[..^1], DataType.Int32) : (c, DataType.Text))], fill);

    private static void FillSchemata(SystemRows rows)
    {
        foreach (var schema in rows.Catalog.Schemas.Where(s => !rows.Catalog.IsForeign(s)).Append(Name).Order(StringComparer.Ordinal))
        {
            rows.Add(rows.DatabaseName, schema, null);
        }
    }

    private static void FillTables(SystemRows rows)
    {
        foreach (var table in rows.Tables)
        {
            rows.Add(rows.DatabaseName, table.Schema, table.Name, table.IsTemporary ? "LOCAL TEMPORARY" : "BASE TABLE", "YES");
        }

        foreach (var view in rows.Views)
        {
            rows.Add(rows.DatabaseName, view.Schema, view.Name, "VIEW", YesNo(TargetOf(rows, view) is not null));
        }

        foreach (var table in All)
        {
            rows.Add(rows.DatabaseName, Name, table.Name, "VIEW", "NO");
        }
    }

    private static void FillColumns(SystemRows rows)
    {
        foreach (var table in rows.Tables)
        {
            foreach (var (i, column) in table.NamedColumns.Index())
            {
                AddColumn(rows, table, column, i + 1);
            }
        }

        foreach (var view in rows.Views)
        {
            var target = TargetOf(rows, view);
            for (var i = 0; i < view.Columns.Length; i++)
            {
                var (name, type) = view.Columns[i];
                var (length, precision, radix, scale, time) = SizesOf(type);
                rows.Add(
                    rows.DatabaseName, view.Schema, view.Name, name, i + 1, null, "YES", NameOf(type), length, precision, radix, scale, time, null, BareName(type), "NO", null,
                    null, null, "NEVER", null, YesNo(target?.ColumnAt(i) is { IsVirtual: false }));
            }
        }
    }

    private static void AddColumn(SystemRows rows, TableDefinition table, ColumnDefinition column, int position)
    {
        var (length, precision, radix, scale, time) = SizesOf(column.Type);
        var isIdentity = column.Identity != IdentityKind.None;
        rows.Add(
            rows.DatabaseName, table.Schema, table.Name, column.Name, position, column.DefaultSql, YesNo(!column.IsNotNull), NameOf(column.Type), length, precision, radix,
            scale, time, column.Collation, BareName(column.Type), YesNo(isIdentity), column.Identity switch
            {
                IdentityKind.Always => "ALWAYS",
                IdentityKind.ByDefault => "BY DEFAULT",
                _ => null,
            },
            isIdentity ? Text(column.IdentityStart) : null, isIdentity ? Text(column.IdentityIncrement) : null, column.ComputedSql is null ? "NEVER" : "ALWAYS",
            column.ComputedSql, "YES");
    }

    private static void FillConstraints(SystemRows rows)
    {
        foreach (var table in rows.Tables)
        {
            void Add(string name, string type)
                => rows.Add(rows.DatabaseName, table.Schema, name, rows.DatabaseName, table.Schema, table.Name, type, "NO", "NO", "YES");
            foreach (var index in table.Indexes.Where(i => i.IsConstraint))
            {
                Add(index.Name, index.IsPrimaryKey ? "PRIMARY KEY" : "UNIQUE");
            }

            foreach (var key in table.ForeignKeys)
            {
                Add(key.Name, "FOREIGN KEY");
            }

            foreach (var check in table.Checks)
            {
                Add(check.Name, "CHECK");
            }
        }
    }

    private static void FillKeyColumns(SystemRows rows)
    {
        foreach (var table in rows.Tables)
        {
            void Add(string name, ColumnId column, int position, int? other)
                => rows.Add(
                    rows.DatabaseName, table.Schema, name, rows.DatabaseName, table.Schema, table.Name, table.FindColumn(column)!.Name, position, other is { } o ? o : null);
            foreach (var index in table.Indexes.Where(i => i.IsConstraint))
            {
                for (var i = 0; i < index.Columns.Length; i++)
                {
                    Add(index.Name, index.Columns[i].Column, i + 1, null);
                }
            }

            foreach (var key in table.ForeignKeys)
            {
                var target = IndexOf(rows.Catalog.Get(key.ReferencedTable), key);
                for (var i = 0; i < key.Columns.Length; i++)
                {
                    var referenced = key.ReferencedColumns[i];
                    Add(key.Name, key.Columns[i], i + 1, target is null ? i + 1 : target.Columns.Select(c => c.Column).ToList().IndexOf(referenced) + 1);
                }
            }
        }
    }

    private static void FillConstraintColumns(SystemRows rows)
    {
        foreach (var table in rows.Tables)
        {
            void Add(string name, TableDefinition of, string column)
                => rows.Add(rows.DatabaseName, of.Schema, of.Name, column, rows.DatabaseName, table.Schema, name);
            foreach (var index in table.Indexes.Where(i => i.IsConstraint))
            {
                foreach (var column in index.Columns)
                {
                    Add(index.Name, table, table.FindColumn(column.Column)!.Name);
                }
            }

            foreach (var key in table.ForeignKeys)
            {
                var referenced = rows.Catalog.Get(key.ReferencedTable);
                foreach (var column in key.ReferencedColumns)
                {
                    Add(key.Name, referenced, referenced.FindColumn(column)!.Name);
                }
            }

            foreach (var check in table.Checks)
            {
                foreach (var place in StoredExpressions.ColumnsReadBy(rows.Catalog, table, check.Sql))
                {
                    Add(check.Name, table, table.Columns[place].Name);
                }
            }
        }
    }

    private static void FillReferences(SystemRows rows)
    {
        foreach (var table in rows.Tables)
        {
            foreach (var key in table.ForeignKeys)
            {
                var referenced = rows.Catalog.Get(key.ReferencedTable);
                var index = IndexOf(referenced, key);
                rows.Add(
                    rows.DatabaseName, table.Schema, key.Name, rows.DatabaseName, referenced.Schema, index?.Name, "NONE", NameOf(key.OnUpdate), NameOf(key.OnDelete));
            }
        }
    }

    private static void FillChecks(SystemRows rows)
    {
        foreach (var table in rows.Tables)
        {
            foreach (var check in table.Checks)
            {
                rows.Add(rows.DatabaseName, table.Schema, check.Name, $"({check.Sql})");
            }
        }
    }

    /// <summary>How a view is written through; null when it is not.</summary>
    private static WriteTarget? TargetOf(SystemRows rows, ViewDefinition view)
        => WriteTarget.TryCreate(new StatementScope(rows.Catalog, ImmutableDictionary<string, DataType>.Empty), view, out _);

    private static void FillViews(SystemRows rows)
    {
        foreach (var view in rows.Views)
        {
            var isWritable = YesNo(TargetOf(rows, view) is not null);
            rows.Add(
                rows.DatabaseName, view.Schema, view.Name, view.Sql, view.CheckOption == ViewCheck.None ? "NONE" : view.CheckOption.ToString().ToUpperInvariant(), isWritable, isWritable);
        }
    }

    private static void FillSequences(SystemRows rows)
    {
        foreach (var sequence in rows.Catalog.Sequences.OrderBy(s => s.Schema, StringComparer.Ordinal).ThenBy(s => s.Name, StringComparer.Ordinal))
        {
            rows.Add(
                rows.DatabaseName, sequence.Schema, sequence.Name, sequence.Type.ToString(), SizesOf(sequence.Type).Precision, 2, 0, Text(sequence.Start), Text(sequence.Min),
                Text(sequence.Max), Text(sequence.Increment), YesNo(sequence.IsCycle));
        }
    }

    /// <summary>The unique index that a foreign key refers to.</summary>
    private static IndexDefinition? IndexOf(TableDefinition referenced, ForeignKeyDefinition key)
    {
        var columns = key.ReferencedColumns.ToHashSet();
        return referenced.Indexes.FirstOrDefault(i => i.IsUnique && i.FilterSql is null && columns.SetEquals(i.Columns.Select(c => c.Column)));
    }

    private static string YesNo(bool value) => value ? "YES" : "NO";

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The standard's name of a type, without its size.</summary>
    private static string NameOf(DataType type) => type.Kind switch
    {
        TypeKind.Text when type.Size > 0 => "character varying",
        TypeKind.Timestamp => "timestamp without time zone",
        TypeKind.TimestampTz => "timestamp with time zone",
        TypeKind.Time => "time without time zone",
        TypeKind.Array => "ARRAY",
        TypeKind.Vector or TypeKind.HalfVector or TypeKind.SparseVector => "USER-DEFINED",
        _ => BareName(type),
    };

    private static string BareName(DataType type) => type.Kind == TypeKind.Text && type.Size > 0 ? "varchar" : type.Kind == TypeKind.Bit && !type.IsVarying ? "bit" : (type with { Size = 0, Scale = 0 }).ToString();

    private static (int? Length, int? Precision, int? Radix, int? Scale, int? Time) SizesOf(DataType type) => type.Kind switch
    {
        TypeKind.Text or TypeKind.Bit when type.Size > 0 => (type.Size, null, null, null, null),
        TypeKind.Int8 or TypeKind.UInt8 => (null, 8, 2, 0, null),
        TypeKind.Int16 or TypeKind.UInt16 => (null, 16, 2, 0, null),
        TypeKind.Int32 or TypeKind.UInt32 => (null, 32, 2, 0, null),
        TypeKind.Int64 or TypeKind.UInt64 => (null, 64, 2, 0, null),
        TypeKind.Single => (null, 24, 2, null, null),
        TypeKind.Double => (null, 53, 2, null, null),
        TypeKind.Decimal when type.Size > 0 => (null, type.Size, 10, Math.Max(type.Scale, 0), null),
        TypeKind.Decimal => (null, null, 10, null, null),
        TypeKind.Date => (null, null, null, null, 0),
        TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampTz or TypeKind.Interval => (null, null, null, null, 7),
        _ => default,
    };

    private static string NameOf(ReferentialAction action) => action switch
    {
        ReferentialAction.Restrict => "RESTRICT",
        ReferentialAction.Cascade => "CASCADE",
        ReferentialAction.SetNull => "SET NULL",
        ReferentialAction.SetDefault => "SET DEFAULT",
        _ => "NO ACTION",
    };
}
