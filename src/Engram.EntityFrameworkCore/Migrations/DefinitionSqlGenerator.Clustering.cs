using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Engram.EntityFrameworkCore.Migrations;

/// <summary>The columns by which compactions order the rows of a table: <c>WITH (cluster_by = …)</c>.</summary>
internal sealed partial class DefinitionSqlGenerator
{
    /// <summary>What tables are clustered by changes last: the columns may be made, renamed or dropped by the operations before.</summary>
    public override IReadOnlyList<MigrationCommand> Generate(
        IReadOnlyList<MigrationOperation> operations, IModel? model = null, MigrationsSqlGenerationOptions options = MigrationsSqlGenerationOptions.Default)
    {
        List<MigrationOperation> all = [.. operations];
        foreach (var operation in operations.OfType<AlterTableOperation>())
        {
            if (ClusteringOf(operation) is var clustering && clustering != ClusteringOf(operation.OldTable))
            {
                all.Add(new SqlOperation
                {
                    Sql = $"ALTER TABLE {Delimit(operation.Name, operation.Schema)} {(clustering is null ? "RESET (cluster_by)" : $"SET ({Option(clustering)})")}{Dependencies.SqlGenerationHelper.StatementTerminator}",
                });
            }
        }

        return base.Generate(all, model, options);
    }

    private static string? ClusteringOf(IReadOnlyAnnotatable table) => table[AnnotationNames.ClusteredBy] as string;

    private string Option(string clustering) => $"cluster_by = {Dependencies.TypeMappingSource.FindMapping(typeof(string))!.GenerateSqlLiteral(clustering)}";
}
