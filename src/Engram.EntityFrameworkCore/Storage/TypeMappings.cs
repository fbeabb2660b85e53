using System.Collections;
using System.Globalization;
using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.Json;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Which type of the database a .NET type is stored as, and the other way round: the table in docs/ef-core.md.</summary>
internal sealed class TypeMappings : RelationalTypeMappingSource
{
    private static readonly StringTypeMapping Text = new("text", System.Data.DbType.String, unicode: true);
    private static readonly StringTypeMapping Varchar = new("varchar", System.Data.DbType.String, unicode: true);
    private static readonly StringTypeMapping Json = new("json", System.Data.DbType.String, unicode: true);
    private static readonly EngramJsonTypeMapping Jsonb = new("jsonb");
    private static readonly CharTypeMapping Char = new("varchar(1)", System.Data.DbType.String);
    private static readonly SByteTypeMapping SByte = new("tinyint", System.Data.DbType.SByte);
    private static readonly ShortTypeMapping Short = new("smallint", System.Data.DbType.Int16);
    private static readonly IntTypeMapping Int = new("integer", System.Data.DbType.Int32);
    private static readonly LongTypeMapping Long = new("bigint", System.Data.DbType.Int64);
    private static readonly ByteTypeMapping Byte = new("utinyint", System.Data.DbType.Byte);
    private static readonly UShortTypeMapping UShort = new("usmallint", System.Data.DbType.UInt16);
    private static readonly UIntTypeMapping UInt = new("uinteger", System.Data.DbType.UInt32);
    private static readonly ULongTypeMapping ULong = new("ubigint", System.Data.DbType.UInt64);

    private static readonly Dictionary<Type, RelationalTypeMapping> ByClrType = new()
    {
        [typeof(bool)] = EngramBoolTypeMapping.Default,
        [typeof(sbyte)] = SByte,
        [typeof(short)] = Short,
        [typeof(int)] = Int,
        [typeof(long)] = Long,
        [typeof(byte)] = Byte,
        [typeof(ushort)] = UShort,
        [typeof(uint)] = UInt,
        [typeof(ulong)] = ULong,
        [typeof(float)] = EngramFloatTypeMapping.Default,
        [typeof(double)] = EngramDoubleTypeMapping.Default,
        [typeof(decimal)] = EngramDecimalTypeMapping.Default,
        [typeof(string)] = Text,
        [typeof(char)] = Char,
        [typeof(byte[])] = EngramByteArrayTypeMapping.Default,
        [typeof(Guid)] = EngramGuidTypeMapping.Default,
        [typeof(DateOnly)] = EngramDateOnlyTypeMapping.Default,
        [typeof(TimeOnly)] = EngramTimeOnlyTypeMapping.Default,
        [typeof(DateTime)] = EngramDateTimeTypeMapping.Default,
        [typeof(DateTimeOffset)] = EngramDateTimeOffsetTypeMapping.Default,
        [typeof(TimeSpan)] = EngramTimeSpanTypeMapping.Default,
        [typeof(ReadOnlyMemory<float>)] = EngramVectorTypeMapping.MemoryDefault,
        [typeof(EngramSparseVector)] = EngramSparseVectorTypeMapping.Default,
        [typeof(BitArray)] = EngramBitArrayTypeMapping.Default,
    };

    /// <summary>The first mapping of a name is what scaffolding and a bare name give; others are for other .NET types.</summary>
    private static readonly Dictionary<string, RelationalTypeMapping[]> ByStoreType = new(StringComparer.OrdinalIgnoreCase)
    {
        ["boolean"] = [EngramBoolTypeMapping.Default],
        ["bool"] = [EngramBoolTypeMapping.Default],
        ["tinyint"] = [SByte],
        ["int1"] = [SByte],
        ["smallint"] = [Short],
        ["int2"] = [Short],
        ["integer"] = [Int],
        ["int"] = [Int],
        ["int4"] = [Int],
        ["bigint"] = [Long],
        ["int8"] = [Long],
        ["utinyint"] = [Byte],
        ["uint1"] = [Byte],
        ["usmallint"] = [UShort],
        ["uint2"] = [UShort],
        ["uinteger"] = [UInt],
        ["uint"] = [UInt],
        ["uint4"] = [UInt],
        ["ubigint"] = [ULong],
        ["uint8"] = [ULong],
        ["real"] = [EngramFloatTypeMapping.Default],
        ["float4"] = [EngramFloatTypeMapping.Default],
        ["double precision"] = [EngramDoubleTypeMapping.Default],
        ["float8"] = [EngramDoubleTypeMapping.Default],
        ["double"] = [EngramDoubleTypeMapping.Default],
        ["numeric"] = [EngramDecimalTypeMapping.Default],
        ["decimal"] = [EngramDecimalTypeMapping.Default],
        ["dec"] = [EngramDecimalTypeMapping.Default],
        ["text"] = [Text],
        ["varchar"] = [Varchar, Char],
        ["character varying"] = [Varchar, Char],
        ["char"] = [Text, Char],
        ["character"] = [Text, Char],
        ["bpchar"] = [Text, Char],
        ["char varying"] = [Text, Char],
        ["nchar"] = [Text, Char],
        ["nchar varying"] = [Text, Char],
        ["national char"] = [Text, Char],
        ["national char varying"] = [Text, Char],
        ["national character"] = [Text, Char],
        ["national character varying"] = [Text, Char],
        ["json"] = [Json],
        ["jsonb"] = [Json],
        ["bytea"] = [EngramByteArrayTypeMapping.Default],
        ["uuid"] = [EngramGuidTypeMapping.Default],
        ["date"] = [EngramDateOnlyTypeMapping.Default],
        ["time"] = [EngramTimeOnlyTypeMapping.Default],
        ["time without time zone"] = [EngramTimeOnlyTypeMapping.Default],
        ["timestamp"] = [EngramDateTimeTypeMapping.Default],
        ["datetime"] = [EngramDateTimeTypeMapping.Default],
        ["timestamp without time zone"] = [EngramDateTimeTypeMapping.Default],
        ["timestamptz"] = [EngramDateTimeOffsetTypeMapping.Default],
        ["timestamp with time zone"] = [EngramDateTimeOffsetTypeMapping.Default],
        ["interval"] = [EngramTimeSpanTypeMapping.Default],
        ["vector"] = [EngramVectorTypeMapping.Default, EngramVectorTypeMapping.MemoryDefault],
        ["halfvec"] = [EngramHalfVectorTypeMapping.Default],
        ["sparsevec"] = [EngramSparseVectorTypeMapping.Default],
        ["bit"] = [EngramBitArrayTypeMapping.Fixed],
        ["bit varying"] = [EngramBitArrayTypeMapping.Default],
        ["varbit"] = [EngramBitArrayTypeMapping.Default],
    };

    public TypeMappings(TypeMappingSourceDependencies dependencies, RelationalTypeMappingSourceDependencies relationalDependencies)
        : base(dependencies, relationalDependencies)
    {
    }

    /// <summary>Within a document there are no arrays of the database, but those of JSON, of elements as the model says.</summary>
    public override CoreTypeMapping? FindMapping(IProperty property)
    {
        var isInDocument = property.DeclaringType.IsMappedToJson() && property.GetValueConverter() is null;
        if (isInDocument && property.GetElementType() is { } element)
        {
            return InDocument(property, FindMapping(element)) ?? base.FindMapping(property);
        }

        // EF Core may know a list by its mapping alone.
        var mapping = base.FindMapping(property);
        return isInDocument && mapping is RelationalTypeMapping { ElementTypeMapping: { } elements } array && array.StoreType.EndsWith("[]", StringComparison.Ordinal)
            ? InDocument(property, elements) : mapping;

        RelationalTypeMapping? InDocument(IProperty list, CoreTypeMapping? elementMapping)
            => FindCollectionMapping(new RelationalTypeMappingInfo(list.ClrType, storeTypeName: "json", storeTypeNameBase: "json"), list.ClrType, null, elementMapping);
    }

    protected override RelationalTypeMapping? FindMapping(in RelationalTypeMappingInfo mappingInfo)
        => base.FindMapping(mappingInfo) ?? FindScalar(mappingInfo) ?? FindArray(mappingInfo);

    /// <summary>A column of which only the type is known, as in scaffolding: <c>text[]</c> is a list of text.</summary>
    private RelationalTypeMapping? FindArray(in RelationalTypeMappingInfo info)
        => info is { ClrType: null, StoreTypeName: { } storeType } && storeType.EndsWith("[]", StringComparison.Ordinal)
            && FindMapping(storeType[..^2].TrimEnd()) is { } element and not (EngramVectorTypeMapping or EngramHalfVectorTypeMapping or EngramSparseVectorTypeMapping or EngramBitArrayTypeMapping)
            ? FindMapping(typeof(List<>).MakeGenericType(element.ClrType), storeType) : null;

    /// <summary>Collections of scalars are arrays of the database, unless the column type says that they are JSON or text.</summary>
    protected override RelationalTypeMapping? FindCollectionMapping(
        RelationalTypeMappingInfo info, Type modelType, Type? providerType, CoreTypeMapping? elementMapping)
    {
        var storeType = info.StoreTypeName;
        if (storeType is not null && !storeType.EndsWith("[]", StringComparison.Ordinal))
        {
            // Of a type that the database does not have, EF Core would go on with no mapping. Text is no collection of characters here.
            return modelType == typeof(string) || FindMapping(typeof(string), storeType) is null
                ? null : base.FindCollectionMapping(info, modelType, providerType, elementMapping);
        }

        if (storeType is not null)
        {
            elementMapping ??= FindMapping(storeType[..^2].TrimEnd());
        }

        if (!TryFindJsonCollectionMapping(
                info.CoreTypeMappingInfo, modelType, providerType, ref elementMapping, out var comparer, out var jsonValueReaderWriter)
            || elementMapping is not RelationalTypeMapping element || ElementTypeOf(modelType) is not { } elementType)
        {
            return null;
        }

        return CreateArray(storeType ?? element.StoreTypeNameBase + "[]", modelType, elementType, element, comparer, jsonValueReaderWriter);
    }

    private static RelationalTypeMapping CreateArray(
        string storeType, Type modelType, Type elementType, RelationalTypeMapping element, ValueComparer? comparer, JsonValueReaderWriter? jsonValueReaderWriter)
    {
        var providerElementType = element.Converter?.ProviderClrType ?? Nullable.GetUnderlyingType(elementType) ?? elementType;
        if (Nullable.GetUnderlyingType(elementType) is not null && providerElementType.IsValueType && Nullable.GetUnderlyingType(providerElementType) is null)
        {
            providerElementType = typeof(Nullable<>).MakeGenericType(providerElementType);
        }

        var type = typeof(EngramArrayTypeMapping<,,>).MakeGenericType(modelType, elementType, providerElementType);
        return (RelationalTypeMapping)Activator.CreateInstance(type, storeType, element, comparer, jsonValueReaderWriter)!;
    }

    private static Type? ElementTypeOf(Type type)
        => type.IsArray
            ? type.GetElementType()
            : type.GetInterfaces().Prepend(type)
                .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];

    private static RelationalTypeMapping? FindScalar(in RelationalTypeMappingInfo info)
    {
        var clrType = info.ClrType;
        if (clrType == typeof(JsonTypePlaceholder))
        {
            return string.Equals(info.StoreTypeName, "jsonb", StringComparison.OrdinalIgnoreCase) ? Jsonb : EngramJsonTypeMapping.Default;
        }

        if (info.StoreTypeNameBase is { } name)
        {
            if (!ByStoreType.TryGetValue(name, out var candidates))
            {
                return null;
            }

            var mapping = clrType is null ? candidates[0] : Array.Find(candidates, m => m.ClrType == clrType);
            return mapping is null ? null : WithFacets(mapping, info);
        }

        if (clrType is null || !ByClrType.TryGetValue(clrType, out var byClrType) || info.ElementTypeMapping is not null)
        {
            return null;
        }

        return WithFacets(byClrType, info);
    }

    /// <summary>Length, precision and scale: from the column type's name if it gives them, else from the model.</summary>
    private static RelationalTypeMapping WithFacets(RelationalTypeMapping mapping, in RelationalTypeMappingInfo info)
    {
        switch (mapping)
        {
            case EngramDecimalTypeMapping:
                // "numeric(18)" parses as a size. Any other is a text's, as converters from texts give it, and would cut the fraction off.
                var precision = info.Precision ?? (info.StoreTypeName?.Contains('(', StringComparison.Ordinal) == true ? info.Size : null);
                return precision is null ? mapping : mapping.WithPrecisionAndScale(precision, info.Scale ?? 0);
            // HasMaxLength(-1) says that there is no greatest length.
            case EngramBitArrayTypeMapping when info is { Size: >= 0, IsFixedLength: true, StoreTypeName: null }:
                return EngramBitArrayTypeMapping.Fixed.Clone(info);
            case EngramVectorTypeMapping or EngramHalfVectorTypeMapping or EngramSparseVectorTypeMapping or EngramBitArrayTypeMapping:
                return info.Size is null or < 0 ? mapping : mapping.Clone(info);
            case StringTypeMapping when (ReferenceEquals(mapping, Text) || ReferenceEquals(mapping, Varchar)) && info.Size is >= 0 and { } size && !"text".Equals(info.StoreTypeNameBase, StringComparison.OrdinalIgnoreCase):
                return mapping.WithStoreTypeAndSize(string.Create(CultureInfo.InvariantCulture, $"varchar({size})"), size);
            default:
                return mapping;
        }
    }
}
