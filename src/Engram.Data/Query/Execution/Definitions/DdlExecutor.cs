using Engram.Data.Storage.Graphs;
using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>Carries out a change of the schema inside a write transaction.</summary>
/// <remarks>
/// DDL is a change of definitions, versioned like rows: readers keep the schema of their snapshot, a rollback takes the change back, and no table is rebuilt.
/// Every expression that the catalog will keep as text (defaults, checks, computed columns, filters) is bound once here, so that a mistake is an
/// error of this statement and not of the first INSERT.
/// </remarks>
internal static partial class DdlExecutor
{
    /// <param name="statement">As parsed.</param>
    /// <param name="text">The text of the script that it was parsed from: expressions are kept as they were written.</param>
    /// <param name="context">With a transaction, in a statement of its own.</param>
    /// <returns>How many rows were written; -1 where none are.</returns>
    public static long Execute(StatementSyntax statement, string text, StatementContext context)
    {
        var transaction = context.Transaction ?? throw Error.Internal("the schema is changed without a write transaction");
        switch (statement)
        {
            case CreateTableSyntax create: return CreateTable(create, text, context);
            case CreateIndexSyntax create: CreateIndex(create, text, context); break;
            case DropSyntax { Kind: ObjectKind.Table } drop: DropTables(drop, transaction); break;
            case DropSyntax { Kind: ObjectKind.Index } drop: DropIndexes(drop, transaction); break;
            case DropSyntax { Kind: ObjectKind.Schema } drop: DropSchemas(drop, transaction); break;
            case CreateSchemaSyntax create: CreateSchema(create, transaction); break;
            case DropSyntax { Kind: ObjectKind.View } drop: ViewDefinitions.Drop(drop, transaction); break;
            case DropSyntax { Kind: ObjectKind.Sequence } drop: SequenceDefinitions.Drop(drop, transaction); break;
            case CreateViewSyntax create: ViewDefinitions.Create(create, text, transaction); break;
            case CreateSequenceSyntax create: SequenceDefinitions.Create(create, transaction); break;
            case AlterSequenceSyntax alter: SequenceDefinitions.Alter(alter, transaction); break;
            case TruncateSyntax truncate: Truncation.Run(truncate, context); break;
            case AlterTableSyntax alter: TableAlteration.Run(alter, text, context); break;
            case RenameSyntax { Kind: ObjectKind.Index } rename: RenameIndex(rename, transaction); break;
            case RenameSyntax rename: ObjectNames.Rename(rename, transaction); break;
            case SetSchemaSyntax move: ObjectNames.SetSchema(move, transaction); break;
            case CommentSyntax comment: ObjectNames.Comment(comment, transaction); break;
            default: throw Error.NotSupported("This change of the schema", statement.Position + 1);
        }

        return -1;
    }

    /// <summary>Whether a name is that of something, though not of the kind that was looked for.</summary>
    public static bool IsOtherKind(DatabaseCatalog catalog, ObjectNameSyntax name)
        => NameMatch.TryFindTable(catalog, name) is not null || NameMatch.FindObject<SchemaObject>(catalog, name) is not null;

    /// <summary>Whether a new table, view or sequence can have a name; false only where IF NOT EXISTS was written.</summary>
    public static bool IsNameFree(DatabaseCatalog catalog, string schema, string name, bool ifNotExists, int position)
    {
        var isTable = catalog.Find(schema, name) is not null;
        var other = catalog.FindObject(schema, name);
        if (!isTable && other is null)
        {
            return true;
        }

        return ifNotExists ? false
            : throw (isTable ? Error.DuplicateTable(name, position) : Error.DuplicateObject(other is ViewDefinition ? "view" : "sequence", name, position));
    }

    /// <summary>The schema that a new object goes to.</summary>
    public static string SchemaOf(DatabaseCatalog catalog, ObjectNameSyntax name)
        => name.Schema is null
            ? catalog.SearchPath.FirstOrDefault(s => !s.StartsWith(DatabaseCatalog.TemporaryPrefix, StringComparison.Ordinal) && catalog.Schemas.Contains(s)) ?? throw Error.NoSchemaToCreateIn(name.Position)
            : NameMatch.FindSchema(catalog, name.Schema) ?? throw Error.UndefinedSchema(name.Schema.Text, name.Schema.Position);

    /// <summary>Every table of the catalog that has a foreign key to a table, with that key.</summary>
    public static IEnumerable<(TableDefinition Table, ForeignKeyDefinition Key)> ReferencesTo(DatabaseCatalog catalog, TableId table)
        => from other in catalog.Tables.Values
           from key in other.ForeignKeys
           where key.ReferencedTable == table
           select (other, key);

    private static long CreateTable(CreateTableSyntax create, string text, StatementContext context)
    {
        var transaction = context.Transaction!;
        var isTemporary = create.IsTemporary || (create.Name.Schema is { } written && NameMatch.Fold(written) == NameMatch.TemporarySchema);
        if (isTemporary && create.Name.Schema is { } other && NameMatch.Fold(other) != NameMatch.TemporarySchema)
        {
            throw Error.InvalidTableDefinition("A temporary table is in no schema but its session's own. Leave the schema out.", other.Position);
        }

        if (!isTemporary && create.OnCommit is not null)
        {
            throw Error.InvalidTableDefinition("ON COMMIT is of temporary tables only.", create.Position);
        }

        var schema = isTemporary ? context.Temporary.Enter(transaction) : SchemaOf(transaction.Catalog, create.Name);
        var name = NameMatch.Fold(create.Name.Name);
        if (!IsNameFree(transaction.Catalog, schema, name, create.IfNotExists, create.Name.Position))
        {
            return -1;
        }

        if (create.As is not null)
        {
            var count = QueryTables.Create(create, schema, name, context);
            SetAction(isTemporary, schema, name, create, context);
            return count;
        }

        var builder = new TableBuilder(transaction.Catalog, text, new TableDefinition(new TableId(transaction.Catalog.TableIdNext), schema, name, []));
        foreach (var column in create.Columns)
        {
            builder.AddColumn(column);
        }

        foreach (var column in create.Columns)
        {
            builder.AddColumnConstraints(column);
        }

        foreach (var constraint in create.Constraints)
        {
            builder.AddConstraint(constraint);
        }

        var table = StorageParameters.Apply(builder.Build(), create.Options, isReset: false);
        if (isTemporary)
        {
            context.Temporary.CheckForeignKeys(table, create.OnCommit ?? CommitAction.Preserve, transaction.Catalog);
        }

        transaction.PutTable(table);
        SetAction(isTemporary, schema, name, create, context);
        return -1;
    }

    private static void SetAction(bool isTemporary, string schema, string name, CreateTableSyntax create, StatementContext context)
    {
        if (isTemporary)
        {
            context.Temporary.SetAction(context.Transaction!.Catalog.Find(schema, name)!.Id, create.OnCommit ?? CommitAction.Preserve);
        }
    }

    private static void CreateIndex(CreateIndexSyntax create, string text, StatementContext context)
    {
        var transaction = context.Transaction!;
        var table = NameMatch.FindTable(transaction.Catalog, create.Table);
        if (create.Method?.Text.ToLowerInvariant() == GraphShapes.Method)
        {
            CreateVectorIndex(create, table, transaction);
            return;
        }

        if (create.Method is { } method && method.Text.ToLowerInvariant() is not ("btree" or "hash"))
        {
            throw Error.NotSupported($"An index by {method.Text} (use hnsw, or none: vector searches are exact without an index)", method.Position + 1);
        }

        if (create.NullsNotDistinct)
        {
            throw Error.NotSupported("NULLS NOT DISTINCT", create.Position + 1);
        }

        var keys = create.Keys.Select(key => KeyOf(table, key, text)).ToImmutableArray();
        ImmutableArray<ColumnId> included = [.. create.Include.Select(c => NameMatch.FindColumn(table, c).Id)];
        var name = create.Name is { } given ? NameMatch.Fold(given)
            : TableBuilder.FreeName(transaction.Catalog, table, $"{table.Name}_{string.Join('_', create.Keys.Select(NameOf).Concat(create.Include.Select(NameMatch.Fold)))}_idx");
        if (FindIndex(transaction.Catalog, table.Schema, name) is not null)
        {
            if (create.IfNotExists)
            {
                return;
            }

            throw Error.DuplicateIndex(name, create.Position);
        }

        var index = new IndexDefinition(new IndexId(transaction.Catalog.IndexIdNext), name, [])
        {
            IsUnique = create.IsUnique,
            Included = included,
            FilterSql = create.Where?.Span.Of(text),
            Options = create.Options.ToImmutableDictionary(o => o.Name, o => o.Value ?? ""),
        };
        var origins = create.Keys.Select(k => k.Expression).Where(e => e is not ColumnReferenceSyntax).Concat(create.Where is null ? [] : [create.Where]).DistinctBy(e => e.Span.Of(text)).ToDictionary(e => e.Span.Of(text), e => e.Position);
        ExpressionIndexes.Add(keys.Any(k => k.Sql is not null) ? transaction.BeginChange(table.Id) : table, index, keys, context, origins);
    }

    private static ExpressionIndexes.Key KeyOf(TableDefinition table, IndexKeySyntax key, string text)
    {
        if (key.Expression is not ColumnReferenceSyntax { Table: null, Column: var name })
        {
            var sql = key.Expression.Span.Of(text);
            return new ExpressionIndexes.Key(default, key.Collation is { } given ? $"({sql}) COLLATE {given.Span.Of(text)}" : sql, key.IsDescending);
        }

        var column = NameMatch.FindColumn(table, name);
        if (column.IsVirtual && key.Collation is null)
        {
            return new ExpressionIndexes.Key(default, ExpressionIndexes.SqlOf(column), key.IsDescending);
        }

        return key.Collation is { } collation && !Collations.AreSame(ExpressionBinder.FindCollation(collation), column.Type.Collation)
            ? new ExpressionIndexes.Key(default, $"{key.Expression.Span.Of(text)} COLLATE {collation.Span.Of(text)}", key.IsDescending)
            : new ExpressionIndexes.Key(column.Id, null, key.IsDescending);
    }

    /// <summary>What a key adds to the name of an index that was given none.</summary>
    private static string NameOf(IndexKeySyntax key) => key.Expression switch
    {
        ColumnReferenceSyntax column => NameMatch.Fold(column.Column),
        FunctionCallSyntax call => NameMatch.Fold(call.Name.Name),
        _ => "expr",
    };

    private static void DropTables(DropSyntax drop, Transaction transaction)
    {
        var tables = new List<TableDefinition>();
        foreach (var name in drop.Names)
        {
            if (NameMatch.TryFindTable(transaction.Catalog, name) is { } table)
            {
                tables.Add(table);
            }
            else if (!drop.IfExists)
            {
                NameMatch.FindTable(transaction.Catalog, name);
            }
        }

        foreach (var table in tables)
        {
            var references = ReferencesTo(transaction.Catalog, table.Id).Where(r => !tables.Exists(t => t.Id == r.Table.Id)).ToList();
            if (references.Count > 0 && !drop.IsCascade)
            {
                throw Error.DependentObjects($"Table '{table}'", $"foreign key '{references[0].Key.Name}' of '{references[0].Table}'", drop.Position);
            }

            foreach (var other in references.Select(r => r.Table.Id).Distinct())
            {
                // As in PostgreSQL, CASCADE drops the constraints that depend on the table, not the tables that have them.
                var definition = transaction.Catalog.Get(other);
                transaction.PutTable(definition with { ForeignKeys = [.. definition.ForeignKeys.Where(k => k.ReferencedTable != table.Id)] });
            }
        }

        foreach (var id in tables.Select(t => t.Id).Distinct())
        {
            ViewDefinitions.DropDependents(transaction, $"Table '{transaction.Catalog.Get(id)}'", s => s.Table == id, drop.IsCascade, drop.Position);
            SequenceDefinitions.DropOwned(transaction, id);
            transaction.DropTable(id);
        }
    }

    private static void DropIndexes(DropSyntax drop, Transaction transaction)
    {
        foreach (var name in drop.Names)
        {
            var found = FindIndex(transaction.Catalog, name);
            if (found is not var (table, index))
            {
                if (drop.IfExists)
                {
                    continue;
                }

                throw Error.UndefinedIndex(name.ToString(), name.Position);
            }

            if (index.IsConstraint)
            {
                throw Error.DependentObjects($"Index '{index.Name}'", $"the constraint of that name on '{table}'; use ALTER TABLE … DROP CONSTRAINT", name.Position);
            }

            var keyColumns = index.Columns.Select(c => c.Column).ToHashSet();
            if (index.IsUnique && ReferencesTo(transaction.Catalog, table.Id).FirstOrDefault(r => keyColumns.SetEquals(r.Key.ReferencedColumns)) is { Key: { } key } reference)
            {
                throw Error.DependentObjects($"Index '{index.Name}'", $"foreign key '{key.Name}' of '{reference.Table}'", name.Position);
            }

            transaction.PutTable(ExpressionIndexes.Prune(table with { Indexes = table.Indexes.Remove(index), VectorIndexes = table.VectorIndexes.Remove(index) }));
        }
    }

    private static void RenameIndex(RenameSyntax rename, Transaction transaction)
    {
        var found = FindIndex(transaction.Catalog, rename.Name);
        if (found is not var (table, index))
        {
            if (rename.IfExists)
            {
                return;
            }

            throw Error.UndefinedIndex(rename.Name.ToString(), rename.Name.Position);
        }

        var name = NameMatch.Fold(rename.NewName);
        if (FindIndex(transaction.Catalog, table.Schema, name) is not null)
        {
            throw Error.DuplicateIndex(name, rename.NewName.Position);
        }

        var renamed = index with { Name = name };
        transaction.PutTable(table with
        {
            Indexes = [.. table.Indexes.Select(i => i.Id == index.Id ? renamed : i)],
            VectorIndexes = [.. table.VectorIndexes.Select(i => i.Id == index.Id ? renamed : i)],
        });
    }

    /// <summary>Schemas whose tables the system makes up.</summary>
    public static void CheckSchemaName(string name, int position)
    {
        if (name == "information_schema" || name.StartsWith("pg_", StringComparison.Ordinal))
        {
            throw Error.ReservedSchema(name, position);
        }
    }

    private static void CreateSchema(CreateSchemaSyntax create, Transaction transaction)
    {
        var name = NameMatch.Fold(create.Name);
        CheckSchemaName(name, create.Name.Position);
        if (!transaction.Catalog.Schemas.Contains(name))
        {
            transaction.PutSchema(name);
        }
        else if (!create.IfNotExists)
        {
            throw Error.DuplicateSchema(name, create.Name.Position);
        }
    }

    private static void DropSchemas(DropSyntax drop, Transaction transaction)
    {
        foreach (var name in drop.Names)
        {
            if (NameMatch.FindSchema(transaction.Catalog, name.Name) is not { } schema)
            {
                if (drop.IfExists)
                {
                    continue;
                }

                throw Error.UndefinedSchema(name.Name.Text, name.Position);
            }

            if (schema.StartsWith(DatabaseCatalog.TemporaryPrefix, StringComparison.Ordinal))
            {
                throw Error.DependentObjects($"Schema '{schema}'", "the session's temporary tables; they end with it", name.Position);
            }

            if (schema == DatabaseCatalog.DefaultSchema)
            {
                throw Error.DependentObjects($"Schema '{schema}'", "every unqualified name", name.Position);
            }

            var catalog = transaction.Catalog;
            var contents = catalog.Tables.Values.Where(t => t.Schema == schema).Select(t => $"table '{t}'")
                .Concat(catalog.Objects.Values.Where(o => o.Schema == schema).Select(o => $"'{o}'")).Order(StringComparer.Ordinal);
            if (contents.FirstOrDefault() is { } first)
            {
                if (!drop.IsCascade)
                {
                    throw Error.DependentObjects($"Schema '{schema}'", $"{first} in it; drop that first, or write CASCADE", name.Position);
                }

                DropContents(schema, drop, transaction);
            }

            transaction.DropSchema(schema);
        }
    }

    private static void DropContents(string schema, DropSyntax drop, Transaction transaction)
    {
        ObjectNameSyntax NameOf(string name)
            => new(drop.Span, new IdentifierSyntax(drop.Span, schema, true), new IdentifierSyntax(drop.Span, name, true));
        DropSyntax All(ObjectKind kind, IEnumerable<string> names) => drop with { Kind = kind, Names = [.. names.Select(NameOf)], IfExists = true };
        var catalog = transaction.Catalog;
        ViewDefinitions.Drop(All(ObjectKind.View, catalog.Views.Where(v => v.Schema == schema).Select(v => v.Name)), transaction);
        DropTables(All(ObjectKind.Table, catalog.Tables.Values.Where(t => t.Schema == schema).Select(t => t.Name)), transaction);
        SequenceDefinitions.Drop(All(ObjectKind.Sequence, transaction.Catalog.Sequences.Where(s => s.Schema == schema).Select(s => s.Name)), transaction);
    }

    private static (TableDefinition Table, IndexDefinition Index)? FindIndex(DatabaseCatalog catalog, string schema, string name)
        => AllIndexes(catalog, schema).Where(i => i.Index.Name == name).Cast<(TableDefinition, IndexDefinition)?>().FirstOrDefault();

    private static (TableDefinition Table, IndexDefinition Index)? FindIndex(DatabaseCatalog catalog, ObjectNameSyntax name)
        => name.Schema is not null ? FindIndex(catalog, SchemaOf(catalog, name), name.Name)
            : catalog.SearchPath.Select(s => FindIndex(catalog, s, name.Name)).FirstOrDefault(f => f is not null);

    private static (TableDefinition Table, IndexDefinition Index)? FindIndex(DatabaseCatalog catalog, string schema, IdentifierSyntax name)
    {
        var found = NameMatch.Find(name, AllIndexes(catalog, schema), i => i.Index.Name);
        return found.Count <= 1 ? found.Cast<(TableDefinition, IndexDefinition)?>().FirstOrDefault() : throw Error.AmbiguousName("index", name.Text, name.Position);
    }

    private static IEnumerable<(TableDefinition Table, IndexDefinition Index)> AllIndexes(DatabaseCatalog catalog, string schema)
        => from table in catalog.Tables.Values
           where table.Schema == schema
           from index in table.AllIndexes
           select (table, index);
}
