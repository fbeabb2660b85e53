using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Engram.EntityFrameworkCore.Migrations;

/// <summary>Comments of tables and columns, and computed columns whose expression changes.</summary>
internal sealed partial class DefinitionSqlGenerator
{
    protected override void Generate(CreateTableOperation operation, IModel? model, MigrationCommandListBuilder builder, bool terminate = true)
    {
        base.Generate(operation, model, builder, terminate: false);
        if (ClusteringOf(operation) is { } clustering)
        {
            builder.Append($" WITH ({Option(clustering)})");
        }

        if (!terminate)
        {
            return;
        }

        End(builder);
        if (operation.Comment is { } comment)
        {
            CommentOn("TABLE " + Delimit(operation.Name, operation.Schema), comment, builder);
        }

        foreach (var column in operation.Columns.Where(c => c.Comment is not null))
        {
            CommentOn(column, column.Comment, builder);
        }
    }

    protected override void Generate(AlterTableOperation operation, IModel? model, MigrationCommandListBuilder builder)
    {
        base.Generate(operation, model, builder);
        ResetClustering(operation, builder);
        if (operation.Comment != operation.OldTable.Comment)
        {
            CommentOn("TABLE " + Delimit(operation.Name, operation.Schema), operation.Comment, builder);
        }
    }

    protected override void Generate(AddColumnOperation operation, IModel? model, MigrationCommandListBuilder builder, bool terminate = true)
    {
        base.Generate(operation, model, builder, terminate);
        if (terminate && operation.Comment is not null)
        {
            CommentOn(operation, operation.Comment, builder);
        }
    }

    /// <summary>
    /// A column that is no longer computed keeps its values. Another expression, or the first, is another column in the place of the old one, whose
    /// indexes go with it and are made again.
    /// </summary>
    private bool TryChangeExpression(AlterColumnOperation operation, IModel? model, MigrationCommandListBuilder builder)
    {
        if (operation.ComputedColumnSql is null)
        {
            if (operation.OldColumn.ComputedColumnSql is not null)
            {
                AlterColumn(operation, "DROP EXPRESSION", builder);
            }

            return false;
        }

        if (!IsMadeAnew(operation))
        {
            return false;
        }

        var indexes = model?.GetRelationalModel().FindTable(operation.Table, operation.Schema)?.Indexes
            .Where(i => i.Columns.Any(c => c.Name == operation.Name) && !indexesToCome.Contains((operation.Schema, i.Name))).ToList() ?? [];
        foreach (var index in indexes)
        {
            End(builder.Append("DROP INDEX IF EXISTS ").Append(Delimit(index.Name, operation.Schema)));
        }

        Generate(new DropColumnOperation { Schema = operation.Schema, Table = operation.Table, Name = operation.Name }, model, builder);
        var column = new AddColumnOperation
        {
            Schema = operation.Schema,
            Table = operation.Table,
            Name = operation.Name,
            ClrType = operation.ClrType,
            ColumnType = operation.ColumnType,
            IsUnicode = operation.IsUnicode,
            MaxLength = operation.MaxLength,
            Precision = operation.Precision,
            Scale = operation.Scale,
            IsNullable = operation.IsNullable,
            ComputedColumnSql = operation.ComputedColumnSql,
            IsStored = operation.IsStored,
            Comment = operation.Comment,
            Collation = operation.Collation,
        };
        Generate(column, model, builder);
        foreach (var index in indexes)
        {
            Generate(CreateIndexOperation.CreateFrom(index), model, builder);
        }

        return true;
    }

    /// <summary>Whether a column is dropped and added again. It is stored when the model says so, as in the providers for SQLite and PostgreSQL.</summary>
    private static bool IsMadeAnew(AlterColumnOperation operation)
        => operation.ComputedColumnSql is not null
            && (operation.ComputedColumnSql != operation.OldColumn.ComputedColumnSql || operation.IsStored == true != (operation.OldColumn.IsStored == true));

    private void CommentOn(ColumnOperation column, string? comment, MigrationCommandListBuilder builder)
        => CommentOn($"COLUMN {Delimit(column.Table, column.Schema)}.{Delimit(column.Name)}", comment, builder);

    private void CommentOn(string what, string? comment, MigrationCommandListBuilder builder)
        => End(builder.Append("COMMENT ON ").Append(what).Append(" IS ")
            .Append(comment is null ? "NULL" : Dependencies.TypeMappingSource.FindMapping(typeof(string))!.GenerateSqlLiteral(comment)));
}
