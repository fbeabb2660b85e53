using System.Data;

namespace Engram.Data.Tests.Ado;

public sealed class ParameterTests
{
    public static TheoryData<object?, DbType> TypesOfValues => new()
    {
        { true, DbType.Boolean }, { (sbyte)1, DbType.SByte }, { (byte)1, DbType.Byte }, { (short)1, DbType.Int16 }, { (ushort)1, DbType.UInt16 },
        { 1, DbType.Int32 }, { 1u, DbType.UInt32 }, { 1L, DbType.Int64 }, { 1UL, DbType.UInt64 }, { 1f, DbType.Single }, { 1d, DbType.Double },
        { 1m, DbType.Decimal }, { "a", DbType.String }, { 'a', DbType.String }, { new byte[1], DbType.Binary }, { Guid.Empty, DbType.Guid },
        { new DateOnly(2024, 1, 1), DbType.Date }, { new TimeOnly(1, 2), DbType.Time }, { new DateTime(2024, 1, 1), DbType.DateTime2 },
        { new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc), DbType.DateTimeOffset }, { DateTimeOffset.UnixEpoch, DbType.DateTimeOffset },
        { DayOfWeek.Friday, DbType.Int32 }, { TimeSpan.Zero, DbType.Object }, { new float[2], DbType.Object }, { new int[2], DbType.Object },
        { null, DbType.Object }, { DBNull.Value, DbType.Object },
    };

    [Theory]
    [MemberData(nameof(TypesOfValues))]
    public void A_value_tells_its_type(object? value, DbType expected) => Assert.Equal(expected, new EngramParameter("p", value).DbType);

    [Fact]
    public void A_set_type_stays_until_it_is_reset()
    {
        var parameter = new EngramParameter("p", DbType.Int64) { Value = 1 };
        Assert.Equal(DbType.Int64, parameter.DbType);
        parameter.ResetDbType();
        Assert.Equal(DbType.Int32, parameter.DbType);
        parameter.DataTypeName = "varchar(20)";
        Assert.Equal(DbType.String, parameter.DbType);
        Assert.Throws<ArgumentException>(() => parameter.DataTypeName = "varbinary");
    }

    [Fact]
    public void Only_input_is_taken()
    {
        var parameter = new EngramParameter();
        Assert.Equal(ParameterDirection.Input, parameter.Direction);
        Assert.Contains("RETURNING", Assert.Throws<ArgumentException>(() => parameter.Direction = ParameterDirection.Output).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_found_with_and_without_prefix_and_exact_case_first()
    {
        var parameters = new EngramCommand().Parameters;
        var lower = parameters.AddWithValue("@name", 1);
        var upper = parameters.AddWithValue("Name", 2);
        var colon = parameters.Add(":other", DbType.Int32);
        Assert.Same(lower, parameters["name"]);
        Assert.Same(upper, parameters["@Name"]);
        Assert.Same(lower, parameters["NAME"]);
        Assert.Same(colon, parameters["$other"]);
        Assert.True(parameters.Contains("other"));
        Assert.Equal(-1, parameters.IndexOf("none"));
        Assert.Contains("other", Assert.Throws<IndexOutOfRangeException>(() => parameters["none"]).Message, StringComparison.Ordinal);
        parameters.RemoveAt("@name");
        Assert.Equal(2, parameters.Count);
        Assert.Throws<InvalidCastException>(() => parameters.Add((object)"not a parameter"));
    }

    [Fact]
    public void A_clone_has_the_same_values_and_is_another()
    {
        var parameter = new EngramParameter("p", 5) { Size = 3, SourceColumn = "c", IsNullable = true };
        var clone = parameter.Clone();
        clone.Value = 6;
        Assert.Equal(5, parameter.Value);
        Assert.Equal("c", clone.SourceColumn);
        Assert.Equal(3, clone.Size);
    }
}
