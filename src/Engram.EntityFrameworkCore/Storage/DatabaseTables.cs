using System.Data;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Which tables a database has, by ADO.NET's own <c>GetSchema("Tables")</c>.</summary>
internal static class DatabaseTables
{
    private const string Collection = "Tables";

    public static bool Any(IRelationalConnection connection) => Any(Read(connection));

    public static async Task<bool> AnyAsync(IRelationalConnection connection, CancellationToken cancellationToken)
        => Any(await ReadAsync(connection, cancellationToken).ConfigureAwait(false));

    public static bool Contains(IRelationalConnection connection, string name, string? schema) => Contains(Read(connection), name, schema);

    public static async Task<bool> ContainsAsync(IRelationalConnection connection, string name, string? schema, CancellationToken cancellationToken)
        => Contains(await ReadAsync(connection, cancellationToken).ConfigureAwait(false), name, schema);

    /// <summary>Temporary tables are the session's, and not the database's.</summary>
    private static bool Any(DataTable tables) => tables.Rows.Cast<DataRow>().Any(r => r["TABLE_TYPE"] is not "LOCAL TEMPORARY");

    private static bool Contains(DataTable tables, string name, string? schema)
        => tables.Rows.Cast<DataRow>().Any(
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

    private static async Task<DataTable> ReadAsync(IRelationalConnection connection, CancellationToken cancellationToken)
    {
        await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await connection.DbConnection.GetSchemaAsync(Collection, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await connection.CloseAsync().ConfigureAwait(false);
        }
    }
}
