using System.Data;
using System.Globalization;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.Json;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Maps <see cref="bool"/> to <c>boolean</c>.</summary>
public class EngramBoolTypeMapping : BoolTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramBoolTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramBoolTypeMapping()
        : base("boolean", System.Data.DbType.Boolean)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramBoolTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramBoolTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value) => (bool)value ? "TRUE" : "FALSE";
}

/// <summary>Maps <see cref="float"/> to <c>real</c>.</summary>
/// <remarks>Literals are typed: against a bare <c>0.7</c>, a real would be widened, and <c>0.7f &gt;= 0.7</c> is false.</remarks>
public class EngramFloatTypeMapping : FloatTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramFloatTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramFloatTypeMapping()
        : base("real", System.Data.DbType.Single)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramFloatTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramFloatTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value)
        => $"REAL '{Convert.ToSingle(value, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture)}'";
}

/// <summary>Maps <see cref="double"/> to <c>double precision</c>; literals are typed, as those of <see cref="EngramFloatTypeMapping"/>.</summary>
public class EngramDoubleTypeMapping : DoubleTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramDoubleTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramDoubleTypeMapping()
        : base("double precision", System.Data.DbType.Double)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramDoubleTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramDoubleTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value)
        => $"DOUBLE PRECISION '{Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture)}'";
}

/// <summary>Maps <see cref="decimal"/> to <c>numeric</c>, which keeps the scale, or to <c>numeric(p,s)</c>.</summary>
public class EngramDecimalTypeMapping : DecimalTypeMapping
{
    /// <summary>The mapping as the provider uses it, without precision and scale.</summary>
    public static new EngramDecimalTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramDecimalTypeMapping()
        : base(new RelationalTypeMappingParameters(
            new CoreTypeMappingParameters(typeof(decimal), jsonValueReaderWriter: JsonDecimalReaderWriter.Instance),
            "numeric", StoreTypePostfix.PrecisionAndScale, System.Data.DbType.Decimal))
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramDecimalTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramDecimalTypeMapping(parameters);

    /// <inheritdoc/>
    /// <remarks>A whole number is typed, since without a point it would be an integer.</remarks>
    protected override string GenerateNonNullSqlLiteral(object value)
    {
        var text = Convert.ToDecimal(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text : $"NUMERIC '{text}'";
    }
}
