using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>RENAME, SET SCHEMA and COMMENT of what a schema holds, tables' own statements aside.</summary>
internal static class ObjectNames
{
    public static void Rename(RenameSyntax rename, Transaction transaction)
    {
        var name = NameMatch.Fold(rename.NewName);
        if (rename.Kind == ObjectKind.Schema)
        {
            RenameSchema(rename, name, transaction);
        }
        else if (Find(transaction.Catalog, rename.Kind, rename.Name, rename.IfExists) is { } thing)
        {
            Move(thing, thing.Schema, name, rename.NewName.Position, transaction);
        }
    }

    public static void SetSchema(SetSchemaSyntax move, Transaction transaction)
    {
        if (Find(transaction.Catalog, move.Kind, move.Name, move.IfExists) is { } thing)
        {
            var schema = NameMatch.FindSchema(transaction.Catalog, move.Schema) ?? throw Error.UndefinedSchema(move.Schema.Text, move.Schema.Position);
            Move(thing, schema, thing.Name, move.Schema.Position, transaction);
        }
    }

    public static void Comment(CommentSyntax comment, Transaction transaction)
    {
        var catalog = transaction.Catalog;
        switch (comment.Kind)
        {
            case ObjectKind.Table:
                transaction.PutTable(NameMatch.FindTable(catalog, comment.Name) with { Comment = comment.Text });
                break;
            case ObjectKind.Column:
                var table = NameMatch.FindTable(catalog, comment.Name);
                var column = NameMatch.FindColumn(table, comment.Member!);
                transaction.PutTable(table with { Columns = table.Columns.Replace(column, column with { Comment = comment.Text }) });
                break;
            case ObjectKind.View or ObjectKind.Sequence:
                transaction.PutObject(Find(catalog, comment.Kind, comment.Name, ifExists: false)! with { Comment = comment.Text });
                break;
            default:
                throw Error.NotSupported($"COMMENT ON {comment.Kind.ToString().ToUpperInvariant()}", comment.Position + 1);
        }
    }

    private static SchemaObject? Find(DatabaseCatalog catalog, ObjectKind kind, ObjectNameSyntax name, bool ifExists) => kind switch
    {
        ObjectKind.View => ViewDefinitions.Find(catalog, name, ifExists),
        ObjectKind.Sequence => SequenceDefinitions.Find(catalog, name, ifExists),
        _ => throw Error.NotSupported($"This change of {kind.ToString().ToUpperInvariant()}", name.Position + 1),
    };

    private static void Move(SchemaObject thing, string schema, string name, int position, Transaction transaction)
    {
        DdlExecutor.IsNameFree(transaction.Catalog, schema, name, ifNotExists: false, position);
        if (thing is SequenceDefinition sequence && SequenceDefinitions.DefaultsOf(transaction.Catalog, sequence) is [var (table, column), ..])
        {
            // Defaults are kept as text, which would go on naming it as it was.
            throw Error.NotSupported($"Renaming a sequence that the default of '{table}.{column.Name}' names (drop the default, and set it again)", position + 1);
        }

        transaction.PutObject(thing with { Schema = schema, Name = name });
    }

    private static void RenameSchema(RenameSyntax rename, string name, Transaction transaction)
    {
        var catalog = transaction.Catalog;
        if (NameMatch.FindSchema(catalog, rename.Name.Name) is not { } schema)
        {
            throw Error.UndefinedSchema(rename.Name.Name.Text, rename.Name.Position);
        }

        if (schema == DatabaseCatalog.DefaultSchema)
        {
            throw Error.NotSupported($"Renaming schema {schema}", rename.Position + 1);
        }

        DdlExecutor.CheckSchemaName(name, rename.NewName.Position);
        if (catalog.Schemas.Contains(name))
        {
            throw Error.DuplicateSchema(name, rename.NewName.Position);
        }

        transaction.PutSchema(name);
        foreach (var table in catalog.Tables.Values.Where(t => t.Schema == schema))
        {
            transaction.PutTable(table with { Schema = name });
        }

        foreach (var thing in catalog.Objects.Values.Where(o => o.Schema == schema))
        {
            Move(thing, name, thing.Name, rename.Position, transaction);
        }

        transaction.DropSchema(schema);
    }
}
