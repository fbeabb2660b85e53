using System.Data;
using Dapper;

namespace AdoNet;

public sealed class Sensor
{
    public int Id { get; set; }

    public required string Name { get; set; }

    public required float[] Profile { get; set; }
}

/// <summary>One row of a grouping.</summary>
public sealed class SensorMean
{
    public required string Name { get; set; }

    public long Readings { get; set; }

    public double Mean { get; set; }

    public DateTimeOffset Last { get; set; }
}

/// <summary>Tells Dapper that a <c>float[]</c> is one value, an embedding, and not a list to be spread over an IN.</summary>
public sealed class EmbeddingHandler : SqlMapper.TypeHandler<float[]>
{
    public override void SetValue(IDbDataParameter parameter, float[]? value) => parameter.Value = value;

    public override float[] Parse(object value) => (float[])value;
}
