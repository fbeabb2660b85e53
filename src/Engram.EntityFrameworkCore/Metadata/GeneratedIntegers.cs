using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Engram.EntityFrameworkCore.Metadata;

/// <summary>Which properties take integers that something must generate, and what the database stores for a property.</summary>
internal static class GeneratedIntegers
{
    /// <summary>An integer that is generated when a row is added, for which neither a default nor an expression generates it.</summary>
    public static bool Contains(IReadOnlyProperty property, in StoreObjectIdentifier table)
        => property.ValueGenerated == ValueGenerated.OnAdd
            && IsInteger(StoredType(property))
            && !IsReference(property)
            && !property.TryGetDefaultValue(table, out _)
            && property.GetDefaultValueSql(table) is null
            && property.GetComputedColumnSql(table) is null;

    /// <summary>The same, for a property of the table that its type is mapped to.</summary>
    public static bool Contains(IReadOnlyProperty property)
        => StoreObjectIdentifier.Create(property.DeclaringType, StoreObjectType.Table) is { } table && Contains(property, table);

    /// <summary>What the database is given for a value of the property, not nullable.</summary>
    public static Type StoredType(IReadOnlyProperty property)
    {
        var type = property.FindTypeMapping()?.Converter?.ProviderClrType ?? property.GetValueConverter()?.ProviderClrType ?? property.GetProviderClrType() ?? property.ClrType;
        return Nullable.GetUnderlyingType(type) ?? type;
    }

    public static bool IsInteger(Type type)
        => Type.GetTypeCode(type) is >= TypeCode.SByte and <= TypeCode.UInt64 && !type.IsEnum;

    /// <summary>A token of optimistic concurrency that changes with every update, and whose new value no expression of the model gives.</summary>
    public static bool IsRowVersion(IReadOnlyProperty property)
        => property is { IsConcurrencyToken: true, ValueGenerated: ValueGenerated.OnAddOrUpdate } && property.GetComputedColumnSql() is null;

    /// <summary>A foreign key from a property to itself links the table of a derived type to that of its base.</summary>
    private static bool IsReference(IReadOnlyProperty property) => property.GetContainingForeignKeys().Any(f => !f.PrincipalKey.Properties.Contains(property));
}
