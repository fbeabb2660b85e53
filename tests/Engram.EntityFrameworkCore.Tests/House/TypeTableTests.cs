using System.Collections;
using System.Net;
using System.Net.NetworkInformation;
using System.Text.RegularExpressions;
using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Engram.EntityFrameworkCore.Tests.Samples;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Engram.EntityFrameworkCore.Tests.House;

/// <summary>The table of types in docs/ef-core.md says what the provider does.</summary>
public sealed partial class TypeTableTests
{
    private static readonly Dictionary<string, Type> Types = new()
    {
        ["bool"] = typeof(bool), ["sbyte"] = typeof(sbyte), ["short"] = typeof(short), ["int"] = typeof(int), ["long"] = typeof(long), ["byte"] = typeof(byte),
        ["ushort"] = typeof(ushort), ["uint"] = typeof(uint), ["ulong"] = typeof(ulong), ["float"] = typeof(float), ["double"] = typeof(double), ["decimal"] = typeof(decimal),
        ["string"] = typeof(string), ["char"] = typeof(char), ["byte[]"] = typeof(byte[]), ["Guid"] = typeof(Guid), ["DateTimeOffset"] = typeof(DateTimeOffset),
        ["DateTime"] = typeof(DateTime), ["DateOnly"] = typeof(DateOnly), ["TimeOnly"] = typeof(TimeOnly), ["TimeSpan"] = typeof(TimeSpan), ["Uri"] = typeof(Uri),
        ["IPAddress"] = typeof(IPAddress), ["PhysicalAddress"] = typeof(PhysicalAddress), ["EngramSparseVector"] = typeof(EngramSparseVector), ["BitArray"] = typeof(BitArray),
    };

    [Fact]
    public void Each_type_has_its_row_and_each_row_its_type()
    {
        var page = File.ReadAllText(Path.Combine(SampleProcess.Root(), "docs", "ef-core.md"));
        var table = page[page.IndexOf("## Types", StringComparison.Ordinal)..page.IndexOf("## Embeddings", StringComparison.Ordinal)];
        var listed = new Dictionary<string, string[]>();
        foreach (var cells in table.Split('\n').Where(l => l.StartsWith('|')).Select(l => l.Split('|')))
        {
            var names = Codes(cells[1]);
            var stored = Codes(cells[2]);
            for (var i = 0; i < names.Length; i++)
            {
                listed.TryAdd(names[i], names.Length == stored.Length && names.Length > 1 ? [stored[i]] : stored);
            }
        }

        using var db = MemoryContext.ForSql();
        var source = db.GetService<IRelationalTypeMappingSource>();
        Assert.All(Types, t => Assert.Contains(StoreTypeOf(t.Value), listed[t.Key]));

        // No type of EF Core's own converters is left out.
        var converted = db.GetService<IValueConverterSelector>().Select(typeof(string)).Select(c => c.ProviderClrType).Where(t => source.FindMapping(t) is not null);
        Assert.Empty(converted.Except(Types.Values));

        string StoreTypeOf(Type type)
            => (source.FindMapping(type) ?? db.GetService<IValueConverterSelector>().Select(type).Select(c => source.FindMapping(c.ProviderClrType, null, size: c.MappingHints?.Size)).First(m => m is not null)!).StoreType;
    }

    private static string[] Codes(string cell) => [.. Code().Matches(cell).Select(m => m.Groups[1].Value)];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
