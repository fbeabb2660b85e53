using System.Data;
using System.Data.Common;
using Engram.Data;
using Engram.EntityFrameworkCore.Diagnostics;
using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Scaffolding;
using Microsoft.EntityFrameworkCore.Scaffolding.Metadata;

namespace Engram.EntityFrameworkCore.Scaffolding;

/// <summary>Reads the schema of a database for <c>dotnet ef dbcontext scaffold</c>, by ADO.NET's own <c>GetSchema</c>.</summary>
/// <remarks>
/// What is in the schema <c>public</c> is given without one, as it is where a model names none. Checks are not a part of EF Core's description of a
/// database, and so are not scaffolded. Temporary tables are those of a session, and not of the database. What was asked for and is not there, and what
/// cannot be told in a model, is logged as a warning.
/// </remarks>
internal sealed class DatabaseModelReader(IDiagnosticsLogger<DbLoggerCategory.Scaffolding> logger) : DatabaseModelFactory
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

    private DatabaseModel Read(DbConnection connection, DatabaseModelFactoryOptions options)
    {
        var database = new DatabaseModel { DatabaseName = connection.Database };
        var filter = new TableFilter(options);
        var tables = new Dictionary<(string, string), DatabaseTable>();
        AddTables(connection, database, tables, filter, "Tables");
        AddTables(connection, database, tables, filter, "Views");
        AddColumns(connection, tables);
        AddKeysAndIndexes(connection, tables);
        AddForeignKeys(connection, tables);
        AddSequences(connection, database, filter);
        foreach (var schema in filter.Schemas.Except(Rows(connection, "Schemas").Select(r => Text(r, "schema_name")!), StringComparer.Ordinal))
        {
            logger.MissingSchema(schema);
        }

        foreach (var table in filter.TablesNotFound)
        {
            logger.MissingTable(table);
        }

        return database;
    }

    private static void AddTables(
        DbConnection connection, DatabaseModel database, Dictionary<(string, string), DatabaseTable> tables, TableFilter filter, string collection)
    {
        foreach (var row in Rows(connection, collection))
        {
            var (schema, name) = NameOf(row);
            var isPassing = collection == "Tables" && Text(row, "table_type") == "LOCAL TEMPORARY";
            if (isPassing || !filter.ContainsTable(schema, name) || name == HistoryRepository.DefaultTableName)
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

    private void AddKeysAndIndexes(DbConnection connection, Dictionary<(string, string), DatabaseTable> tables)
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
                logger.ExpressionIndexSkipped(name!, table.Name);
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

    private void AddForeignKeys(DbConnection connection, Dictionary<(string, string), DatabaseTable> tables)
    {
        var columns = Rows(connection, "ForeignKeyColumns").ToLookup(r => (NameOf(r), Text(r, "constraint_name")));
        foreach (var row in Rows(connection, "ForeignKeys"))
        {
            if (!tables.TryGetValue(NameOf(row), out var table))
            {
                continue;
            }

            var name = Text(row, "constraint_name");
            if (!tables.TryGetValue((Text(row, "referenced_schema")!, Text(row, "referenced_table")!), out var principal))
            {
                logger.MissingPrincipalTable(name!, table.Name, Text(row, "referenced_table")!);
                continue;
            }

            var key = new DatabaseForeignKey { Table = table, PrincipalTable = principal, Name = name, OnDelete = ActionOf(Text(row, "on_delete")) };
            var members = columns[(NameOf(row), name)].OrderBy(r => (int)r["ordinal_position"]).ToList();
            AddAll(key.Columns, members.Select(r => ColumnOf(table, Text(r, "column_name")!)));
            AddAll(key.PrincipalColumns, members.Select(r => ColumnOf(principal, Text(r, "referenced_column")!)));
            table.ForeignKeys.Add(key);
        }
    }

    private static void AddSequences(DbConnection connection, DatabaseModel database, TableFilter filter)
    {
        foreach (var row in Rows(connection, "Sequences"))
        {
            var schema = Text(row, "sequence_schema")!;
            if (!filter.ContainsSequence(schema))
            {
                continue;
            }

            // What need not be said: a start at 1, and the ends that a sequence of the type has which counts up or down.
            var type = Text(row, "data_type");
            var (start, increment, min, max) = ((long)row["start_value"], (long)row["increment"], (long)row["minimum_value"], (long)row["maximum_value"]);
            var (least, greatest) = type switch
            {
                "smallint" => (short.MinValue, short.MaxValue),
                "integer" => (int.MinValue, int.MaxValue),
                _ => (long.MinValue, long.MaxValue),
            };
            database.Sequences.Add(new DatabaseSequence
            {
                Database = database,
                Name = Text(row, "sequence_name")!,
                Schema = ModelSchema(schema),
                StoreType = type,
                StartValue = start == 1 ? null : start,
                IncrementBy = increment == 1 ? null : (int)increment,
                MinValue = min == (increment > 0 ? 1 : least) ? null : min,
                MaxValue = max == (increment > 0 ? greatest : -1) ? null : max,
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
