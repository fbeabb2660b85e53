using System.Data;
using System.Data.Common;
using Engram.Data.Engine;

namespace Engram.Data;

/// <summary>GetSchema: the catalog as tables.</summary>
public sealed partial class EngramConnection
{
    /// <summary>The collections that there are: the same as <c>GetSchema("MetaDataCollections")</c>.</summary>
    public override DataTable GetSchema() => GetSchema(DbMetaDataCollectionNames.MetaDataCollections, []);

    /// <summary>One collection, whole.</summary>
    /// <exception cref="ArgumentException">There is no collection of this name.</exception>
    public override DataTable GetSchema(string collectionName) => GetSchema(collectionName, []);

    /// <summary>One collection: MetaDataCollections, Restrictions, DataSourceInformation, DataTypes, ReservedWords, Schemas, Tables, Columns, Indexes,
    /// IndexColumns, ForeignKeys or ForeignKeyColumns.</summary>
    /// <param name="collectionName">Its name, in any case.</param>
    /// <param name="restrictionValues">Exact names that the collection's first columns must have, in the order of the collection Restrictions; null for any.</param>
    /// <exception cref="ArgumentException">There is no collection of this name, or it has fewer restrictions.</exception>
    public override DataTable GetSchema(string collectionName, string?[] restrictionValues)
    {
        ArgumentNullException.ThrowIfNull(collectionName);
        if (state != ConnectionState.Open)
        {
            throw Error.ConnectionNotOpen(nameof(GetSchema));
        }

        return SchemaCollections.Create(collectionName, restrictionValues ?? [], Session.ReadCatalog(), ServerVersion);
    }
}
