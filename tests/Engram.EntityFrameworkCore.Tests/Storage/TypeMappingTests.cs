using System.Data.Common;
using System.Linq.Expressions;
using Engram.Data;
using Engram.EntityFrameworkCore.Storage;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Engram.EntityFrameworkCore.Tests.Storage;

public sealed class TypeMappingTests : IDisposable
{
    private readonly MemoryContext db = MemoryContext.ForSql();

    private IRelationalTypeMappingSource Source => db.GetService<IRelationalTypeMappingSource>();

    public static TheoryData<object, string, string> Literals => new()
    {
        { true, "boolean", "TRUE" },
        { (sbyte)-1, "tinyint", "-1" },
        { (short)-2, "smallint", "-2" },
        { 3, "integer", "3" },
        { 4L, "bigint", "4" },
        { (byte)5, "utinyint", "5" },
        { (ushort)6, "usmallint", "6" },
        { 7u, "uinteger", "7" },
        { ulong.MaxValue, "ubigint", "18446744073709551615" },
        { 0.1f, "real", "REAL '0.1'" },
        { float.NaN, "real", "REAL 'NaN'" },
        { double.NegativeInfinity, "double precision", "DOUBLE PRECISION '-Infinity'" },
        { 0.1, "double precision", "DOUBLE PRECISION '0.1'" },
        { 1.50m, "numeric", "1.50" },
        { 79228162514264337593543950335m, "numeric", "NUMERIC '79228162514264337593543950335'" },
        { "it's", "text", "'it''s'" },
        { '\'', "varchar(1)", "''''" },
        { new byte[] { 0, 255 }, "bytea", @"BYTEA '\x00ff'" },
        { Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "uuid", "UUID '00112233-4455-6677-8899-aabbccddeeff'" },
        { new DateOnly(1, 2, 3), "date", "DATE '0001-02-03'" },
        { new TimeOnly(1, 2, 3).Add(TimeSpan.FromTicks(1)), "time", "TIME '01:02:03.0000001'" },
        { new DateTime(2024, 2, 29, 1, 2, 3, DateTimeKind.Utc), "timestamp", "TIMESTAMP '2024-02-29 01:02:03'" },
        { new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromMinutes(-90)), "timestamptz", "TIMESTAMPTZ '2024-02-29 01:02:03-01:30'" },
        { TimeSpan.FromDays(3), "interval", "INTERVAL '72:00:00'" },
        { TimeSpan.MinValue, "interval", "INTERVAL '-256204778:48:05.4775808'" },
        { TimeSpan.FromTicks(-12_300_000), "interval", "INTERVAL '-00:00:01.23'" },
        { new[] { 1, 2 }, "integer[]", "CAST(ARRAY[1, 2] AS integer[])" },
        { new[] { 0.5f }, "real[]", "CAST(ARRAY[REAL '0.5'] AS real[])" },
        { new List<string?> { "a", null }, "text[]", "CAST(ARRAY['a', NULL] AS text[])" },
        { new System.Collections.BitArray([true, false]), "bit varying", "B'10'" },
        { EngramSparseVector.Parse("{2:0.5}/3"), "sparsevec", "sparsevec '{2:0.5}/3'" },
        { new[] { Mood.Worried }, "integer[]", "CAST(ARRAY[2] AS integer[])" },
    };

    public void Dispose() => db.Dispose();

    [Theory]
    [MemberData(nameof(Literals))]
    public void A_type_has_a_store_type_and_literals(object value, string storeType, string literal)
    {
        var mapping = Source.FindMapping(value.GetType())!;
        Assert.Equal(storeType, mapping.StoreType);
        Assert.Equal(literal, mapping.GenerateSqlLiteral(value));
    }

    [Theory]
    [InlineData("vector(32)", typeof(float[]), "vector(32)")]
    [InlineData("VECTOR(32)", null, "vector(32)")]
    [InlineData("vector(32)", typeof(ReadOnlyMemory<float>), "vector(32)")]
    [InlineData("real[]", typeof(float[]), "real[]")]
    [InlineData("numeric(18, 4)", typeof(decimal), "numeric(18,4)")]
    [InlineData("decimal(9)", typeof(decimal), "numeric(9,0)")]
    [InlineData("character varying(20)", typeof(string), "varchar(20)")]
    [InlineData("Timestamp With Time Zone", null, "timestamptz")]
    [InlineData("int8", typeof(long), "bigint")]
    [InlineData("datetime", typeof(DateTime), "timestamp")]
    [InlineData("double", typeof(double), "double precision")]
    [InlineData("uint1", typeof(byte), "utinyint")]
    [InlineData("char(3)", typeof(string), "varchar(3)")]
    [InlineData("nchar(5)", typeof(string), "varchar(5)")]
    [InlineData("national character varying(30)", typeof(string), "varchar(30)")]
    [InlineData("varchar", typeof(string), "varchar")]
    [InlineData("character varying", null, "varchar")]
    [InlineData("jsonb", typeof(string), "json")]
    [InlineData("integer", typeof(Mood), "integer")]
    public void A_column_type_is_read_without_regard_to_case(string name, Type? clrType, string storeType)
    {
        var mapping = clrType is null ? Source.FindMapping(name) : Source.FindMapping(clrType, name);
        Assert.Equal(storeType, mapping!.StoreType, ignoreCase: true);
    }

    [Theory]
    [InlineData(typeof(string))]
    [InlineData(typeof(byte[]))]
    [InlineData(typeof(List<int>))]
    [InlineData(typeof(int))]
    public void A_column_type_that_the_database_does_not_have_has_no_mapping(Type clrType) => Assert.Null(Source.FindMapping(clrType, "image"));

    [Fact]
    public void A_length_of_texts_does_not_cut_the_fraction_off_a_number()
    {
        using var context = new ConvertedContext();
        var entity = context.Model.FindEntityType(typeof(Price))!;
        Assert.Equal("numeric", entity.FindProperty(nameof(Price.Text))!.GetRelationalTypeMapping().StoreType);
        Assert.Equal("numeric", entity.FindProperty(nameof(Price.Amount))!.GetRelationalTypeMapping().StoreType);
        Assert.Equal("numeric(9,0)", entity.FindProperty(nameof(Price.Whole))!.GetRelationalTypeMapping().StoreType);
    }

    [Fact]
    public void A_vector_without_dimensions_is_an_error_of_the_model()
    {
        using var context = new BareVectorContext();
        var exception = Assert.Throws<InvalidOperationException>(() => context.Model);
        Assert.Contains("vector(768)", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Fact.Embedding", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vector_is_written_as_code_and_as_a_literal()
    {
        var mapping = Source.FindMapping(typeof(float[]), "vector(2)")!;
        Assert.Equal("vector(2) '[1.5,-0.25]'", mapping.GenerateSqlLiteral(new[] { 1.5f, -0.25f }));
        Assert.Equal("new [] {1.5, -0.25}", mapping.GenerateCodeLiteral(new[] { 1.5f, -0.25f }).ToString());
    }

    [Fact]
    public void Memory_of_no_elements_is_written_as_the_default_that_it_is()
    {
        var mapping = Source.FindMapping(typeof(ReadOnlyMemory<float>))!;
        var written = Expression.Lambda<Func<ReadOnlyMemory<float>>>(mapping.GenerateCodeLiteral(default(ReadOnlyMemory<float>))).Compile()();
        Assert.Equal(default, written);
    }

    [Fact]
    public void Memory_that_is_a_whole_array_is_not_copied()
    {
        var array = new float[3];
        Assert.Same(array, EngramVectorTypeMapping.AsArray(array));
        Assert.Equal([0f, 0f], EngramVectorTypeMapping.AsArray(array.AsMemory(1)));
    }

    [Fact]
    public void A_vector_is_compared_by_elements_only_when_the_reference_differs()
    {
        var comparer = new EngramVectorComparer();
        float[] vector = [1, float.NaN];
        Assert.Same(vector, comparer.Snapshot(vector));
        Assert.True(comparer.Equals(vector, [1, float.NaN]));
        Assert.False(comparer.Equals(vector, [1, 2]));
        Assert.False(comparer.Equals(vector, null));
        Assert.Equal(comparer.GetHashCode(vector), comparer.GetHashCode([1, float.NaN]));
    }

    [Fact]
    public void Parameters_of_vectors_and_arrays_say_their_type()
    {
        Assert.Equal("vector(2)", ParameterOf(Source.FindMapping(typeof(float[]), "vector(2)")!, new float[2]).DataTypeName);
        var list = ParameterOf(Source.FindMapping(typeof(List<Mood>))!, new List<Mood> { Mood.Curious });
        Assert.Equal("integer[]", list.DataTypeName);
        Assert.Equal([1], Assert.IsType<int[]>(list.Value));
    }

    [Fact]
    public void Mappings_are_public_with_a_default_for_compiled_models()
    {
        var mappings = typeof(EngramVectorTypeMapping).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(RelationalTypeMapping)));
        Assert.All(mappings, m => Assert.True(m.IsPublic && m.GetProperty("Default") is { } d && d.GetMethod!.IsStatic && d.DeclaringType == m, m.Name));
    }

    private static EngramParameter ParameterOf(RelationalTypeMapping mapping, object value)
    {
        using DbCommand command = new EngramCommand();
        return (EngramParameter)mapping.CreateParameter(command, "p", value);
    }

    private sealed class BareVectorContext : DbContext
    {
        public DbSet<Fact> Facts => Set<Fact>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram();
    }

    private sealed class ConvertedContext : DbContext
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Price>(e =>
        {
            e.Property(p => p.Text).HasConversion<StringToNumberConverter<decimal>>();
            e.Property(p => p.Amount).HasMaxLength(8);
            e.Property(p => p.Whole).HasColumnType("numeric(9)");
        });
    }

    private sealed class Price
    {
        public int Id { get; set; }

        public string Text { get; set; } = "";

        public decimal Amount { get; set; }

        public decimal Whole { get; set; }
    }

    private sealed class Fact
    {
        public int Id { get; set; }

        public ReadOnlyMemory<float> Embedding { get; set; }
    }
}
