using System.Collections.ObjectModel;
using System.Data;
using System.Data.Common;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data;

/// <summary>What the columns of the current result are.</summary>
public sealed partial class EngramDataReader : IDbColumnSchemaGenerator
{
    /// <summary>One entry for each column of the current result, with the table and column that it comes from unchanged.</summary>
    public ReadOnlyCollection<DbColumn> GetColumnSchema()
    {
        ThrowIfClosed(nameof(GetColumnSchema));
        var columns = new DbColumn[fields.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = new ResultColumn(fields[i], i);
        }

        return Array.AsReadOnly(columns);
    }

    /// <summary>The same as <see cref="GetColumnSchema"/>, as a table in the form that ADO.NET prescribes; null when there is no result.</summary>
    public override DataTable? GetSchemaTable()
    {
        if (FieldCount == 0)
        {
            return null;
        }

        var table = new DataTable("SchemaTable");
        foreach (var (name, type) in SchemaTableColumns)
        {
            table.Columns.Add(name, type);
        }

        foreach (var column in GetColumnSchema())
        {
            table.Rows.Add(
                column.ColumnName, column.ColumnOrdinal, column.ColumnSize ?? -1, (object?)column.NumericPrecision ?? DBNull.Value, (object?)column.NumericScale ?? DBNull.Value,
                column.DataType, column.DataTypeName, column.AllowDBNull, column.IsKey, column.IsUnique, column.IsAutoIncrement, column.IsReadOnly, column.IsAliased,
                column.IsExpression, column.IsLong, column.BaseSchemaName, column.BaseTableName, column.BaseColumnName);
        }

        return table;
    }

    private static readonly (string Name, Type Type)[] SchemaTableColumns =
    [
        (SchemaTableColumn.ColumnName, typeof(string)), (SchemaTableColumn.ColumnOrdinal, typeof(int)), (SchemaTableColumn.ColumnSize, typeof(int)),
        (SchemaTableColumn.NumericPrecision, typeof(short)), (SchemaTableColumn.NumericScale, typeof(short)), (SchemaTableColumn.DataType, typeof(Type)),
        ("DataTypeName", typeof(string)), (SchemaTableColumn.AllowDBNull, typeof(bool)), (SchemaTableColumn.IsKey, typeof(bool)),
        (SchemaTableColumn.IsUnique, typeof(bool)), (SchemaTableOptionalColumn.IsAutoIncrement, typeof(bool)), (SchemaTableOptionalColumn.IsReadOnly, typeof(bool)),
        (SchemaTableColumn.IsAliased, typeof(bool)), (SchemaTableColumn.IsExpression, typeof(bool)), (SchemaTableColumn.IsLong, typeof(bool)),
        (SchemaTableColumn.BaseSchemaName, typeof(string)), (SchemaTableColumn.BaseTableName, typeof(string)), (SchemaTableColumn.BaseColumnName, typeof(string)),
    ];

    private sealed class ResultColumn : DbColumn
    {
        public ResultColumn(PlanColumn field, int ordinal)
        {
            var (type, table, column) = (field.Type, field.Table, field.Column);
            ColumnName = field.Name;
            ColumnOrdinal = ordinal;
            DataType = ClrValue.ClrType(type);
            DataTypeName = type.ToString();
            ColumnSize = type.Kind == TypeKind.Decimal || type.Size == 0 ? null : type.Size;
            NumericPrecision = type is { Kind: TypeKind.Decimal, Size: > 0 } ? type.Size : null;
            NumericScale = type is { Kind: TypeKind.Decimal, Size: > 0 } ? Math.Max(type.Scale, 0) : null;
            AllowDBNull = field.IsNullable && column is not { IsNotNull: true };
            BaseSchemaName = table?.Schema;
            BaseTableName = table?.Name;
            BaseColumnName = column?.Name;
            IsExpression = column is null;
            IsAliased = column is not null && column.Name != field.Name;
            IsLong = type.IsByReference && type.Size == 0;
            IsReadOnly = column is null || column.ComputedSql is not null;
            IsAutoIncrement = column is { Identity: not Storage.Catalog.IdentityKind.None };
            IsKey = column is not null && table?.PrimaryKey?.Columns.Any(c => c.Column == column.Id) == true;
            IsUnique = column is not null && table?.Indexes.Any(i => i.IsUnique && i.Columns.Length == 1 && i.Columns[0].Column == column.Id) == true;
        }
    }
}
