using System.Data;
using System.Data.Common;
using Engram.Data;
using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Scaffolding;
using Microsoft.EntityFrameworkCore.Scaffolding.Metadata;

namespace Engram.EntityFrameworkCore.Scaffolding;

/// <summary>Reads the schema of a database for <c>dotnet ef dbcontext scaffold</c>, by ADO.NET's own <c>GetSchema</c>.</summary>
/// <remarks>
/// What is in the schema <c>public</c> is given without one, as it is where a model names none. Checks are not a part of EF Core's description of a
/// database, and so are not scaffolded.
/// </remarks>
internal sealed class DatabaseModelReader : DatabaseModelFactory
{
    private const string PublicSchema = "public";

    public override DatabaseModel Create(string connectionString, DatabaseModelFactoryOptions options)
    {
        using var connection = new EngramConnection(connectionString);
        return Create(connection, options);
    }

    public override DatabaseModel Create(DbConnection connection, DatabaseModelFactoryOptions options)
    {
        var wasClosed = connection.State == ConnectionState.Closed;
        if (wasClosed)
        {
            connection.Open();
        }

        try
        {
            return Read(connection, options);
        }
        finally
        {
            if (wasClosed)
            {
                connection.Close();
            }
        }
    }

    private static DatabaseModel Read(DbConnection connection, DatabaseModelFactoryOptions options)
    {
        var database = new DatabaseModel { DatabaseName = connection.Database };
        var tables = new Dictionary<(string, string), DatabaseTable>();
        AddTables(connection, database, tables, options, "Tables");
        AddTables(connection, database, tables, options, "Views");
        AddColumns(connection, tables);
        AddKeysAndIndexes(connection, tables);
        AddForeignKeys(connection, tables);
        AddSequences(connection, database, options);
        return database;
    }

    private static void AddTables(
        DbConnection connection, DatabaseModel database, Dictionary<(string, string), DatabaseTable> tables, DatabaseModelFactoryOptions options, string collection)
    {
        foreach (var row in Rows(connection, collection))
        {
            var (schema, name) = NameOf(row);
            if (!IsWanted(options, schema, name) || name == HistoryRepository.DefaultTableName)
            {
                continue;
            }

            var table = collection == "Views" ? new DatabaseView() : new DatabaseTable();
            table.Database = database;
            table.Name = name;
            table.Schema = ModelSchema(schema);
            table.Comment = Text(row, "comment");
            if (collection == "Tables" && Text(row, "cluster_by") is { } clustering)
            {
                table[AnnotationNames.ClusteredBy] = ClusteringSql.Parse(clustering);
            }

            database.Tables.Add(table);
            tables.Add((schema, name), table);
        }
    }

    /// <summary>A table is wanted by its name, with its schema or without, or by that of its schema; all are when nothing is named.</summary>
    private static bool IsWanted(DatabaseModelFactoryOptions options, string schema, string name)
    {
        var schemas = options.Schemas.ToList();
        var names = options.Tables.Select(t => t.Replace("\"", "", StringComparison.Ordinal)).ToList();
        return (schemas.Count == 0 && names.Count == 0)
            || schemas.Contains(schema, StringComparer.Ordinal)
            || names.Contains(name, StringComparer.Ordinal)
            || names.Contains($"{schema}.{name}", StringComparer.Ordinal);
    }

    private static void AddColumns(DbConnection connection, Dictionary<(string, string), DatabaseTable> tables)
    {
        foreach (var row in Rows(connection, "Columns"))
        {
            if (!tables.TryGetValue(NameOf(row), out var table))
            {
                continue;
            }

            var computed = Text(row, "computed_sql");
            var isIdentity = Text(row, "identity") is not null;
            var column = new DatabaseColumn
            {
                Table = table,
                Name = Text(row, "column_name")!,
                StoreType = Text(row, "data_type"),
                IsNullable = (bool)row["is_nullable"],
                DefaultValueSql = isIdentity ? null : Text(row, "column_default"),
                ComputedColumnSql = computed,
                IsStored = computed is null ? null : !(bool)row["is_virtual"],
                Comment = Text(row, "comment"),
                Collation = Text(row, "collation"),
                ValueGenerated = isIdentity ? ValueGenerated.OnAdd : computed is null ? null : ValueGenerated.OnAddOrUpdate,
            };
            column.DefaultValue = column.DefaultValueSql is { } sql ? DefaultLiterals.Parse(sql, column.StoreType!) : null;
            AddIdentityOption(column, row, "identity_start", AnnotationNames.IdentityStart);
            AddIdentityOption(column, row, "identity_increment", AnnotationNames.IdentityIncrement);
            table.Columns.Add(column);
        }

        foreach (var row in Rows(connection, "ViewColumns"))
        {
            if (tables.TryGetValue(NameOf(row), out var view))
            {
                view.Columns.Add(new DatabaseColumn { Table = view, Name = Text(row, "column_name")!, StoreType = Text(row, "data_type"), IsNullable = true });
            }
        }
    }

    private static void AddIdentityOption(DatabaseColumn column, DataRow row, string name, string annotation)
    {
        if (row[name] is long and not 1 and var value)
        {
            column[annotation] = value;
        }
    }

    private static void AddKeysAndIndexes(DbConnection connection, Dictionary<(string, string), DatabaseTable> tables)
    {
        var columns = Rows(connection, "IndexColumns").ToLookup(r => (NameOf(r), Text(r, "index_name")));
        foreach (var row in Rows(connection, "Indexes"))
        {
            if (!tables.TryGetValue(NameOf(row), out var table))
            {
                continue;
            }

            var name = Text(row, "index_name");
            var members = columns[(NameOf(row), name)].OrderBy(r => (int)r["ordinal_position"]).ToList();
            if (members.Exists(r => r["column_name"] is DBNull))
            {
                // EF Core's models have no indexes over expressions.
                continue;
            }

            var indexed = members.Select(r => ColumnOf(table, Text(r, "column_name")!)).ToList();
            if ((bool)row["is_primary_key"])
            {
                table.PrimaryKey = new DatabasePrimaryKey { Table = table, Name = name };
                AddAll(table.PrimaryKey.Columns, indexed);
            }
            else if ((bool)row["is_constraint"])
            {
                var constraint = new DatabaseUniqueConstraint { Table = table, Name = name };
                AddAll(constraint.Columns, indexed);
                table.UniqueConstraints.Add(constraint);
            }
            else
            {
                var index = new DatabaseIndex { Table = table, Name = name, IsUnique = (bool)row["is_unique"], Filter = Text(row, "filter_sql") };
                AddAll(index.Columns, indexed);
                if (!VectorIndexSql.TryDescribe(index, Text(row, "method"), Text(row, "options")))
                {
                    AddAll(index.IsDescending, members.Select(r => (bool)r["is_descending"]));
                }

                table.Indexes.Add(index);
            }
        }
    }

    private static void AddForeignKeys(DbConnection connection, Dictionary<(string, string), DatabaseTable> tables)
    {
        var columns = Rows(connection, "ForeignKeyColumns").ToLookup(r => (NameOf(r), Text(r, "constraint_name")));
        foreach (var row in Rows(connection, "ForeignKeys"))
        {
            if (!tables.TryGetValue(NameOf(row), out var table)
                || !tables.TryGetValue((Text(row, "referenced_schema")!, Text(row, "referenced_table")!), out var principal))
            {
                continue;
            }

            var name = Text(row, "constraint_name");
            var key = new DatabaseForeignKey { Table = table, PrincipalTable = principal, Name = name, OnDelete = ActionOf(Text(row, "on_delete")) };
            var members = columns[(NameOf(row), name)].OrderBy(r => (int)r["ordinal_position"]).ToList();
            AddAll(key.Columns, members.Select(r => ColumnOf(table, Text(r, "column_name")!)));
            AddAll(key.PrincipalColumns, members.Select(r => ColumnOf(principal, Text(r, "referenced_column")!)));
            table.ForeignKeys.Add(key);
        }
    }

    private static void AddSequences(DbConnection connection, DatabaseModel database, DatabaseModelFactoryOptions options)
    {
        var schemas = options.Schemas.ToList();
        foreach (var row in Rows(connection, "Sequences"))
        {
            var schema = Text(row, "sequence_schema")!;
            if (schemas.Count > 0 && !schemas.Contains(schema, StringComparer.Ordinal))
            {
                continue;
            }

            // Ends that are those of the type need not be said.
            var (start, min, max) = ((long)row["start_value"], (long)row["minimum_value"], (long)row["maximum_value"]);
            database.Sequences.Add(new DatabaseSequence
            {
                Database = database,
                Name = Text(row, "sequence_name")!,
                Schema = ModelSchema(schema),
                StoreType = Text(row, "data_type"),
                StartValue = start == 1 ? null : start,
                IncrementBy = (long)row["increment"] is 1 ? null : (int)(long)row["increment"],
                MinValue = min is 1 or long.MinValue ? null : min,
                MaxValue = max is long.MaxValue or int.MaxValue or short.MaxValue or -1 ? null : max,
                IsCyclic = (bool)row["is_cycle"] ? true : null,
            });
        }
    }

    private static ReferentialAction ActionOf(string? action) => action switch
    {
        "CASCADE" => ReferentialAction.Cascade,
        "SET NULL" => ReferentialAction.SetNull,
        "SET DEFAULT" => ReferentialAction.SetDefault,
        "RESTRICT" => ReferentialAction.Restrict,
        _ => ReferentialAction.NoAction,
    };

    private static IEnumerable<DataRow> Rows(DbConnection connection, string collection) => connection.GetSchema(collection).Rows.Cast<DataRow>();

    private static (string Schema, string Name) NameOf(DataRow row) => (Text(row, "table_schema")!, Text(row, "table_name")!);

    private static DatabaseColumn ColumnOf(DatabaseTable table, string name) => table.Columns.First(c => c.Name == name);

    private static string? ModelSchema(string schema) => schema == PublicSchema ? null : schema;

    private static string? Text(DataRow row, string column) => row[column] as string;

    private static void AddAll<T>(IList<T> list, IEnumerable<T> items)
    {
        foreach (var item in items)
        {
            list.Add(item);
        }
    }
}
