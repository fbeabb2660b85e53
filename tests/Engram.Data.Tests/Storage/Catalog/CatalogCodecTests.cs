using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Tests.Storage.Catalog;

public class CatalogCodecTests
{
    [Fact]
    public void A_table_comes_back_whole()
    {
        foreach (var table in new[] { SampleCatalog.Sources, SampleCatalog.Episodes })
        {
            var bytes = CatalogCodec.Encode(table);
            var reader = new ByteReader(bytes, "A record");
            var copy = CatalogCodec.Decode(ref reader);
            reader.ExpectEnd();
            AssertEqual(table, copy);
            Assert.Equal(bytes, CatalogCodec.Encode(copy));
        }
    }

    [Fact]
    public void A_hidden_column_comes_back_hidden_and_an_ordinary_one_is_none()
    {
        var table = SampleCatalog.Episodes with
        {
            Columns = SampleCatalog.Episodes.Columns.Add(new ColumnDefinition(new ColumnId(101), "lower(c1)", DataType.Text) { ComputedSql = "lower(c1)", IsHidden = true }),
            ColumnIdNext = 102,
        };
        foreach (var written in new[] { table, table with { ClusteredBy = [new ColumnId(1)] } })
        {
            var reader = new ByteReader(CatalogCodec.Encode(written), "A record");
            var copy = CatalogCodec.Decode(ref reader);
            Assert.Equal(CatalogCodec.Encode(written), CatalogCodec.Encode(copy));
            Assert.Equal([101], copy.Columns.Where(c => c.IsHidden).Select(c => c.Id.Value));
            Assert.Equal(written.ClusteredBy.AsEnumerable(), copy.ClusteredBy);
        }

        var bad = CatalogCodec.Encode(table with { Columns = [.. table.Columns.Select(c => c.IsHidden ? c with { ComputedSql = null } : c)] });
        Assert.Equal(SqlStates.DataCorrupted, Assert.Throws<EngramException>(() =>
        {
            var reader = new ByteReader(bad, "A record");
            CatalogCodec.Decode(ref reader);
        }).SqlState);
    }

    [Fact]
    public void A_catalog_comes_back_whole()
    {
        var catalog = SampleCatalog.Catalog;
        var copy = Decode(Encode(catalog));

        Assert.Equal(catalog.Version, copy.Version);
        Assert.Equal(6, copy.TableIdNext);
        Assert.Equal(8, copy.IndexIdNext);
        Assert.Equal(["Zoo", "memory", "public"], copy.Schemas);
        Assert.Equal(2, copy.Tables.Count);
        Assert.Equal(6, copy.ObjectIdNext);
        Assert.Equal(SampleCatalog.Numbers, copy.FindObject("memory", "numbers"));
        Assert.Equal(SampleCatalog.Recent.Sql, Assert.IsType<ViewDefinition>(copy.FindObject("public", "Recent")).Sql);
        Assert.Equal(new SequenceValue(-1, true), copy.SequenceValues[new ObjectId(5)]);
        AssertEqual(SampleCatalog.Episodes, copy.Find("memory", "Episodes")!);
        AssertEqual(SampleCatalog.Sources, copy.Find("public", "Sources")!);
        Assert.Equal(Encode(catalog), Encode(copy));
        Assert.Equal(Encode(DatabaseCatalog.Empty), Encode(Decode(Encode(DatabaseCatalog.Empty))));
    }

    /// <summary>Dictionaries have no order of their own; the bytes do.</summary>
    [Fact]
    public void Equal_catalogs_are_equal_bytes()
        => Assert.Equal(
            Encode(DatabaseCatalog.Empty.With(SampleCatalog.Sources).With(SampleCatalog.Episodes)),
            Encode(DatabaseCatalog.Empty.With(SampleCatalog.Episodes).With(SampleCatalog.Sources)));

    [Fact]
    public void Every_shortened_catalog_is_refused()
    {
        var bytes = Encode(SampleCatalog.Catalog);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(SqlStates.DataCorrupted, Assert.Throws<EngramException>(() => Decode(bytes[..length])).SqlState);
        }
    }

    /// <summary>Without a checksum some flips give another valid catalog; none may give anything but that or a precise error.</summary>
    [Fact]
    public void Every_flipped_bit_is_refused_or_gives_a_catalog()
    {
        var bytes = Encode(SampleCatalog.Catalog);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var flipped = bytes.ToArray();
            flipped[bit >> 3] ^= (byte)(1 << (bit & 7));
            try
            {
                Assert.Equal(flipped, Encode(Decode(flipped)));
            }
            catch (EngramException e)
            {
                Assert.True(e.SqlState is SqlStates.DataCorrupted or SqlStates.UnsupportedFormat, e.Message);
            }
        }
    }

    [Fact]
    public void A_later_version_is_named()
    {
        var bytes = Encode(SampleCatalog.Catalog);
        bytes[0] = 3;
        var error = Assert.Throws<EngramException>(() => Decode(bytes));
        Assert.Equal(SqlStates.UnsupportedFormat, error.SqlState);
        Assert.Contains("format version 3; this Engram.Data reads version 2", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Encode(DatabaseCatalog catalog)
    {
        var writer = new ByteWriter();
        CatalogCodec.WriteCatalog(writer, catalog);
        return writer.ToArray();
    }

    private static DatabaseCatalog Decode(byte[] bytes)
    {
        var reader = new ByteReader(bytes, "A record");
        var catalog = CatalogCodec.ReadCatalog(ref reader);
        reader.ExpectEnd();
        return catalog;
    }

    private static void AssertEqual(TableDefinition expected, TableDefinition actual)
    {
        Assert.Equal(expected.Columns.AsEnumerable(), actual.Columns.AsEnumerable());
        Assert.Equal(expected.Checks.AsEnumerable(), actual.Checks.AsEnumerable());
        Assert.Equal(
            expected with { Columns = [], Indexes = [], VectorIndexes = [], ForeignKeys = [], Checks = [] },
            actual with { Columns = [], Indexes = [], VectorIndexes = [], ForeignKeys = [], Checks = [] });
        Assert.Equal(expected.Indexes.Length, actual.Indexes.Length);
        Assert.Equal(expected.VectorIndexes.Length, actual.VectorIndexes.Length);
        foreach (var (e, a) in expected.AllIndexes.Zip(actual.AllIndexes))
        {
            Assert.Equal(e.Columns.AsEnumerable(), a.Columns.AsEnumerable());
            Assert.Equal(e.Options.OrderBy(o => o.Key, StringComparer.Ordinal), a.Options.OrderBy(o => o.Key, StringComparer.Ordinal));
            Assert.Equal(e with { Columns = [], Options = a.Options }, a with { Columns = [] });
        }

        foreach (var (e, a) in expected.ForeignKeys.Zip(actual.ForeignKeys, (e, a) => (e, a)))
        {
            Assert.Equal(e.Columns.AsEnumerable(), a.Columns.AsEnumerable());
            Assert.Equal(e.ReferencedColumns.AsEnumerable(), a.ReferencedColumns.AsEnumerable());
            Assert.Equal(e with { Columns = [], ReferencedColumns = [] }, a with { Columns = [], ReferencedColumns = [] });
        }

        Assert.Equal(expected.ForeignKeys.Length, actual.ForeignKeys.Length);
    }
}
