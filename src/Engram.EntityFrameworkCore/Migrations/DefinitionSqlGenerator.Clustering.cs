using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Engram.EntityFrameworkCore.Migrations;

/// <summary>The columns by which compactions order the rows of a table: <c>WITH (cluster_by = …)</c>.</summary>
internal sealed partial class DefinitionSqlGenerator
{
    /// <summary>What tables are clustered by is said last: the columns may be made, renamed or changed by the operations before.</summary>
    public override IReadOnlyList<MigrationCommand> Generate(
        IReadOnlyList<MigrationOperation> operations, IModel? model = null, MigrationsSqlGenerationOptions options = MigrationsSqlGenerationOptions.Default)
    {
        var clusterings = new Dictionary<(string? Schema, string Table), string>();
        foreach (var operation in operations)
        {
            if (operation is AlterTableOperation table && ChangesClustering(table) && ClusteringOf(table) is { } changed)
            {
                clusterings[(table.Schema, table.Name)] = changed;
            }
            else if (operation is AlterColumnOperation column && IsMadeAnew(column)
                && model?.GetRelationalModel().FindTable(column.Table, column.Schema) is { } clustered && ClusteringSql.Of(clustered) is { } lost
                && ClusteringSql.Parse(lost).Contains(column.Name))
            {
                // A column that is dropped leaves the clustering, silently.
                clusterings[(column.Schema, column.Table)] = lost;
            }
        }

        indexesToCome.Clear();
        indexesToCome.UnionWith(operations.OfType<CreateIndexOperation>().Select(o => (o.Schema, o.Name)));
        var settings = clusterings.Select(c => new SqlOperation
        {
            Sql = $"ALTER TABLE {Delimit(c.Key.Table, c.Key.Schema)} SET ({Option(c.Value)}){Dependencies.SqlGenerationHelper.StatementTerminator}",
        });
        return base.Generate([.. operations, .. settings], model, options);
    }

    /// <summary>A clustering that changes goes before the columns do, which may become of a type that no table is clustered by.</summary>
    private void ResetClustering(AlterTableOperation operation, MigrationCommandListBuilder builder)
    {
        if (ChangesClustering(operation) && ClusteringOf(operation.OldTable) is not null)
        {
            End(builder.Append("ALTER TABLE ").Append(Delimit(operation.Name, operation.Schema)).Append(" RESET (cluster_by)"));
        }
    }

    private static bool ChangesClustering(AlterTableOperation operation) => ClusteringOf(operation) != ClusteringOf(operation.OldTable);

    private static string? ClusteringOf(IReadOnlyAnnotatable table) => table[AnnotationNames.ClusteredBy] as string;

    private string Option(string clustering) => $"cluster_by = {Dependencies.TypeMappingSource.FindMapping(typeof(string))!.GenerateSqlLiteral(clustering)}";
}
