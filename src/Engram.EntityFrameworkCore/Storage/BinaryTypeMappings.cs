using System.Data;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Maps <see cref="Guid"/> to <c>uuid</c>.</summary>
public class EngramGuidTypeMapping : GuidTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramGuidTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramGuidTypeMapping()
        : base("uuid", System.Data.DbType.Guid)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramGuidTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override string SqlLiteralFormatString => "UUID '{0}'";

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramGuidTypeMapping(parameters);
}

/// <summary>Maps <c>byte[]</c> to <c>bytea</c>.</summary>
public class EngramByteArrayTypeMapping : ByteArrayTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramByteArrayTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramByteArrayTypeMapping()
        : base("bytea", System.Data.DbType.Binary)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramByteArrayTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramByteArrayTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value) => $@"BYTEA '\x{Convert.ToHexStringLower((byte[])value)}'";
}
