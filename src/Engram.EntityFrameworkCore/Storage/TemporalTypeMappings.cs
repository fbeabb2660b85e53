using System.Data;
using System.Globalization;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Maps <see cref="DateTime"/> to <c>timestamp</c>: 100 ns, its kind is not stored and reads back as unspecified.</summary>
public class EngramDateTimeTypeMapping : DateTimeTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramDateTimeTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramDateTimeTypeMapping()
        : base("timestamp", System.Data.DbType.DateTime2)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramDateTimeTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override string SqlLiteralFormatString => "TIMESTAMP '{0:yyyy-MM-dd HH:mm:ss.FFFFFFF}'";

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramDateTimeTypeMapping(parameters);
}

/// <summary>Maps <see cref="DateTimeOffset"/> to <c>timestamptz</c>: compared by instant, its offset is kept.</summary>
public class EngramDateTimeOffsetTypeMapping : DateTimeOffsetTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramDateTimeOffsetTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramDateTimeOffsetTypeMapping()
        : base("timestamptz", System.Data.DbType.DateTimeOffset)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramDateTimeOffsetTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override string SqlLiteralFormatString => "TIMESTAMPTZ '{0:yyyy-MM-dd HH:mm:ss.FFFFFFFzzz}'";

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramDateTimeOffsetTypeMapping(parameters);
}

/// <summary>Maps <see cref="DateOnly"/> to <c>date</c>.</summary>
public class EngramDateOnlyTypeMapping : DateOnlyTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramDateOnlyTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramDateOnlyTypeMapping()
        : base("date", System.Data.DbType.Date)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramDateOnlyTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override string SqlLiteralFormatString => "DATE '{0:yyyy-MM-dd}'";

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramDateOnlyTypeMapping(parameters);
}

/// <summary>Maps <see cref="TimeOnly"/> to <c>time</c>: 100 ns.</summary>
public class EngramTimeOnlyTypeMapping : TimeOnlyTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramTimeOnlyTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    public EngramTimeOnlyTypeMapping()
        : base("time", System.Data.DbType.Time)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramTimeOnlyTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override string SqlLiteralFormatString => "TIME '{0:HH:mm:ss.FFFFFFF}'";

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramTimeOnlyTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value)
        => string.Format(CultureInfo.InvariantCulture, SqlLiteralFormatString, value);
}

/// <summary>Maps <see cref="TimeSpan"/> to <c>interval</c>: 100 ns, any length.</summary>
public class EngramTimeSpanTypeMapping : TimeSpanTypeMapping
{
    /// <summary>The mapping as the provider uses it.</summary>
    public static new EngramTimeSpanTypeMapping Default { get; } = new();

    /// <summary>Creates the mapping.</summary>
    /// <remarks>There is no <see cref="DbType"/> for a length of time (<see cref="DbType.Time"/> is a time of day).</remarks>
    public EngramTimeSpanTypeMapping()
        : base("interval", dbType: null)
    {
    }

    /// <summary>Creates the mapping from its parameters.</summary>
    protected EngramTimeSpanTypeMapping(RelationalTypeMappingParameters parameters)
        : base(parameters)
    {
    }

    /// <inheritdoc/>
    protected override RelationalTypeMapping Clone(RelationalTypeMappingParameters parameters) => new EngramTimeSpanTypeMapping(parameters);

    /// <inheritdoc/>
    protected override string GenerateNonNullSqlLiteral(object value)
    {
        var span = (TimeSpan)value;

        // Unsigned ticks, since TimeSpan.MinValue has no positive counterpart.
        var ticks = span < TimeSpan.Zero ? (ulong)-(span.Ticks + 1) + 1 : (ulong)span.Ticks;
        var seconds = ticks / TimeSpan.TicksPerSecond;
        var fraction = ticks % TimeSpan.TicksPerSecond;
        var text = string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}");
        var digits = fraction == 0 ? "" : "." + fraction.ToString("0000000", CultureInfo.InvariantCulture).TrimEnd('0');
        return $"INTERVAL '{(span < TimeSpan.Zero ? "-" : "")}{text}{digits}'";
    }
}
