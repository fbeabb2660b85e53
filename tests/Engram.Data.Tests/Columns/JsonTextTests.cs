using System.Text;
using System.Text.Json;
using Engram.Data.Columns;

namespace Engram.Data.Tests.Columns;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData(" [1 ,2,{\"x\" : null}] ", "[1, 2, {\"x\": null}]")]
    [InlineData("{\"b\":1,\"a\":2,\"aa\":3,\"b\":4}", "{\"a\": 2, \"b\": 4, \"aa\": 3}")]
    [InlineData("[[],{},[[]],{\"a\":[]}]", "[[], {}, [[]], {\"a\": []}]")]
    [InlineData("[1e3,1.50,-0,-0.0,12.30e1,1e-5,0.00e1]", "[1000, 1.50, 0, 0.0, 123.0, 0.00001, 0.0]")]
    [InlineData("\"\\u00e9\\/\\u0001\\ud83d\\ude42\"", "\"é/\\u0001🙂\"")]
    [InlineData("{\"\\u0062\":1,\"a\\\"\":2,\"b\":3}", "{\"b\": 3, \"a\\\"\": 2}")]
    public void Json_is_kept_in_one_form(string text, string expected)
    {
        Assert.Equal(expected, JsonText.Normalize(text));
        Assert.Same(expected, JsonText.Normalize(expected));
    }

    [Theory]
    [InlineData("{\"a\"", "character 5")]
    [InlineData("{\"é\":1} x", "character 9")]
    [InlineData("[1,\n2,,3]", "character 7")]
    [InlineData("", "character 1")]
    [InlineData("\"\\ud800\"", "character 1")]
    public void What_is_no_JSON_is_refused_with_its_place(string text, string place)
    {
        var error = Assert.Throws<EngramException>(() => JsonText.Normalize(text));
        Assert.Equal("22P02", error.SqlState);
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_has_a_limit()
    {
        var deep = new string('[', JsonBuilder.DepthMax) + new string(']', JsonBuilder.DepthMax);
        Assert.Same(deep, JsonText.Normalize(deep));
        Assert.Equal(0, JsonOrder.Compare(Encoding.UTF8.GetBytes(deep), Encoding.UTF8.GetBytes(deep)));
        Assert.Equal("54000", Assert.Throws<EngramException>(() => JsonText.Normalize("[" + deep + "]")).SqlState);
    }

    /// <summary>Against System.Text.Json's own documents: the same values in the same places, and walks that end where values end.</summary>
    [Fact]
    public void Random_values_keep_their_meaning()
    {
        var random = new Random(20261121);
        for (var i = 0; i < 2_000; i++)
        {
            var text = Make(random, 0);
            var normal = JsonText.Normalize(text);
            using var before = JsonDocument.Parse(text);
            using var after = JsonDocument.Parse(normal);
            Assert.True(JsonElement.DeepEquals(before.RootElement, after.RootElement), text);
            var bytes = Encoding.UTF8.GetBytes(normal);
            Assert.Equal(bytes.Length, JsonText.EndOf(bytes, 0));
            CheckWalk(after.RootElement, bytes);
            var spaced = Encoding.UTF8.GetBytes(JsonText.Normalize(JsonSerializer.Serialize(before.RootElement, Indented)));
            Assert.True(JsonOrder.AreEqual(bytes, spaced));
            Assert.Equal(JsonOrder.Hash(bytes), JsonOrder.Hash(spaced));
        }
    }

    [Theory]
    [InlineData("1.0", "1")]
    [InlineData("{\"a\":1.0,\"b\":[2.50,3]}", "{\"b\":[2.5,3.00],\"a\":1}")]
    [InlineData("[\"1.0\", 100.0]", "[\"1.0\",1e2]")]
    public void Numbers_that_are_equal_hash_alike(string a, string b)
    {
        var (left, right) = (Encoding.UTF8.GetBytes(JsonText.Normalize(a)), Encoding.UTF8.GetBytes(JsonText.Normalize(b)));
        Assert.True(JsonOrder.AreEqual(left, right));
        Assert.Equal(JsonOrder.Hash(left), JsonOrder.Hash(right));
    }

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static void CheckWalk(JsonElement element, byte[] bytes)
    {
        if (element.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object))
        {
            return;
        }

        var walk = new JsonWalk(bytes);
        var count = 0;
        while (walk.Next())
        {
            var part = element.ValueKind == JsonValueKind.Array ? element[count] : element.GetProperty(Encoding.UTF8.GetString(JsonText.Unescaped(walk.RawName)));
            Assert.Equal(part.GetRawText(), Encoding.UTF8.GetString(walk.Value));
            CheckWalk(part, walk.Value.ToArray());
            count++;
        }

        Assert.Equal(element.ValueKind == JsonValueKind.Array ? element.GetArrayLength() : element.EnumerateObject().Count(), count);
    }

    private static string Make(Random random, int depth)
    {
        string[] strings = ["\"\"", "\"a\"", "\"a\\\"]\"", "\"\\u00e9\\n\"", "\"{\"", "\"\\\\\"", "\"bb\""];
        switch (random.Next(depth > 4 ? 5 : 8))
        {
            case 0: return "null";
            case 1: return random.Next(2) == 0 ? "true" : "false";
            case 2: return random.Next(-1000, 1000).ToString(System.Globalization.CultureInfo.InvariantCulture);
            case 3: return random.Next(100) + "." + random.Next(1000) + (random.Next(3) == 0 ? "e" + random.Next(-20, 20) : "");
            case 4: return strings[random.Next(strings.Length)];
            case 5: return "[" + string.Join(random.Next(2) == 0 ? "," : " , ", Enumerable.Range(0, random.Next(5)).Select(_ => Make(random, depth + 1))) + "]";
            default:
                var names = strings.OrderBy(_ => random.Next()).Take(random.Next(5));
                return "{" + string.Join(",", names.Select(n => n + (random.Next(2) == 0 ? ":" : " : ") + Make(random, depth + 1))) + "}";
        }
    }
}
