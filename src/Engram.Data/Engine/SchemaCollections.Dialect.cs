using System.Data;
using System.Data.Common;
using Engram.Data.Columns;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Engine;

/// <summary>Facts about the dialect, for programs that write SQL for any database.</summary>
internal static partial class SchemaCollections
{
    private static (string Name, Type Type)[] DataSourceColumns =>
    [
        (DbMetaDataColumnNames.CompositeIdentifierSeparatorPattern, typeof(string)), (DbMetaDataColumnNames.DataSourceProductName, typeof(string)),
        (DbMetaDataColumnNames.DataSourceProductVersion, typeof(string)), (DbMetaDataColumnNames.DataSourceProductVersionNormalized, typeof(string)),
        (DbMetaDataColumnNames.GroupByBehavior, typeof(int)), (DbMetaDataColumnNames.IdentifierPattern, typeof(string)), (DbMetaDataColumnNames.IdentifierCase, typeof(int)),
        (DbMetaDataColumnNames.OrderByColumnsInSelect, typeof(bool)), (DbMetaDataColumnNames.ParameterMarkerFormat, typeof(string)),
        (DbMetaDataColumnNames.ParameterMarkerPattern, typeof(string)), (DbMetaDataColumnNames.ParameterNameMaxLength, typeof(int)),
        (DbMetaDataColumnNames.ParameterNamePattern, typeof(string)), (DbMetaDataColumnNames.QuotedIdentifierPattern, typeof(string)),
        (DbMetaDataColumnNames.QuotedIdentifierCase, typeof(int)), (DbMetaDataColumnNames.StatementSeparatorPattern, typeof(string)),
        (DbMetaDataColumnNames.StringLiteralPattern, typeof(string)), (DbMetaDataColumnNames.SupportedJoinOperators, typeof(int)),
    ];

    private static void FillDataSource(DataTable table, Context context) => table.Rows.Add(
        "\\.", "Engram.Data", context.Version, context.Version, (int)GroupByBehavior.Unrelated, "[\\p{L}_][\\p{L}\\p{N}_$]*", (int)IdentifierCase.Insensitive,
        false, "@{0}", "@[\\p{L}_][\\p{L}\\p{N}_]*", 63, "[\\p{L}_][\\p{L}\\p{N}_]*", "\"(([^\"]|\"\")*)\"", (int)IdentifierCase.Sensitive, ";",
        "'(([^']|'')*)'", (int)(SupportedJoinOperators.Inner | SupportedJoinOperators.LeftOuter | SupportedJoinOperators.RightOuter | SupportedJoinOperators.FullOuter));

    private static void FillTypes(DataTable table, Context context)
    {
        for (var kind = TypeKind.Boolean; kind <= TypeKind.SparseVector; kind++)
        {
            if (kind != TypeKind.Array)
            {
                var type = new DataType(kind);
                table.Rows.Add(type.ToString(), ClrValue.ClrType(type).FullName, (int)ParameterTypes.ToDbType(type), kind is not TypeKind.Json);
            }
        }
    }

    private static IEnumerable<string> ReservedWords()
        => Enum.GetValues<Keyword>().Where(k => k != Keyword.None && !Keywords.CanBeName(k)).Select(Keywords.TextOf).Order(StringComparer.Ordinal);
}
