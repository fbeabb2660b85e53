using Engram.Data.Columns;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Tests.Query.Syntax;

public class TypeNameTests
{
    [Theory]
    [InlineData("INT", "integer")]
    [InlineData("int2", "smallint")]
    [InlineData("Int8", "bigint")]
    [InlineData("tinyint", "tinyint")]
    [InlineData("utinyint", "utinyint")]
    [InlineData("usmallint", "usmallint")]
    [InlineData("uinteger", "uinteger")]
    [InlineData("ubigint", "ubigint")]
    [InlineData("bool", "boolean")]
    [InlineData("float4", "real")]
    [InlineData("float8", "double precision")]
    [InlineData("double  precision", "double precision")]
    [InlineData("float(24)", "real")]
    [InlineData("float(25)", "double precision")]
    [InlineData("decimal", "numeric")]
    [InlineData("numeric(18)", "numeric(18,0)")]
    [InlineData("DECIMAL(18, 2)", "numeric(18,2)")]
    [InlineData("varchar", "text")]
    [InlineData("character varying(20)", "varchar(20)")]
    [InlineData("char", "varchar(1)")]
    [InlineData("text", "text")]
    [InlineData("bytea", "bytea")]
    [InlineData("uuid", "uuid")]
    [InlineData("date", "date")]
    [InlineData("time", "time")]
    [InlineData("time without time zone", "time")]
    [InlineData("timestamp", "timestamp")]
    [InlineData("datetime", "timestamp")]
    [InlineData("timestamp(6) with time zone", "timestamptz")]
    [InlineData("TimestampTZ", "timestamptz")]
    [InlineData("interval", "interval")]
    [InlineData("jsonb", "json")]
    [InlineData("vector(768)", "vector(768)")]
    [InlineData("vector", "vector")]
    [InlineData("halfvec(3)", "halfvec(3)")]
    [InlineData("bit(8)", "bit(8)")]
    [InlineData("sparsevec(1000)", "sparsevec(1000)")]
    [InlineData("int[]", "integer[]")]
    [InlineData("text array", "text[]")]
    [InlineData("int[3]", "integer[]")]
    [InlineData("pg_catalog.int4", "integer")]
    public void Names_and_other_names(string name, string type) => Assert.Equal(type, TypeNames.Resolve(name).ToString());

    [Theory]
    [InlineData("nothing", "42704")]
    [InlineData("\"INT\"", "42704")]
    [InlineData("int(5)", "22023")]
    [InlineData("varchar(0)", "22023")]
    [InlineData("numeric(5, 6)", "22023")]
    [InlineData("vector(16001)", "22023")]
    [InlineData("timestamp(3)", "0A000")]
    [InlineData("int[][]", "0A000")]
    [InlineData("select", "42601")]
    [InlineData("int)", "42601")]
    public void Mistakes(string name, string sqlState)
        => Assert.Equal(sqlState, Assert.Throws<EngramException>(() => TypeNames.Resolve(name)).SqlState);

    [Fact]
    public void Every_name_of_a_type_is_read_back_to_that_type()
    {
        foreach (var kind in Enum.GetValues<TypeKind>().Where(k => k is not (TypeKind.Unknown or TypeKind.Array or TypeKind.Bit)))
        {
            var type = new DataType(kind);
            Assert.Equal(type, TypeNames.Resolve(type.ToString()));
        }
    }
}
