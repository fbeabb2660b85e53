using System.Data;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Which tables a database has, by ADO.NET's own <c>GetSchema("Tables")</c>.</summary>
internal static class DatabaseTables
{
    private const string Collection = "Tables";

    public static bool Any(IRelationalConnection connection) => Read(connection).Rows.Count > 0;

    public static bool Contains(IRelationalConnection connection, string name, string? schema)
        => Read(connection).Rows.Cast<DataRow>().Any(
            r => name.Equals(r["TABLE_NAME"] as string, StringComparison.Ordinal)
                && (schema is null || schema.Equals(r["TABLE_SCHEMA"] as string, StringComparison.Ordinal)));

    private static DataTable Read(IRelationalConnection connection)
    {
        connection.Open();
        try
        {
            return connection.DbConnection.GetSchema(Collection);
        }
        finally
        {
            connection.Close();
        }
    }
}
