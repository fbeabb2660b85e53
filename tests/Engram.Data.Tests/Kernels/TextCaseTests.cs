using System.Text;
using Engram.Data.Kernels;

namespace Engram.Data.Tests.Kernels;

public sealed class TextCaseTests
{
    [Fact]
    public void Letters_of_the_common_scripts_fold_as_dotnet_compares_them()
    {
        // Scripts that no version of the system's library has changed for long.
        (int First, int Last)[] scripts = [(0, 0x2AF), (0x370, 0x3FF), (0x400, 0x52F), (0x531, 0x587), (0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x2160, 0x217F), (0xFF21, 0xFF5A), (0x10400, 0x1044F)];
        foreach (var (first, last) in scripts)
        {
            for (var point = first; point <= last; point++)
            {
                var (text, folded) = (char.ConvertFromUtf32(point), char.ConvertFromUtf32(TextCase.Upper(point)));
                Assert.Equal(text, folded, StringComparer.OrdinalIgnoreCase);
                Assert.True(text != folded || point == TextCase.Upper(point));
            }
        }
    }

    [Fact]
    public void Texts_that_dotnet_finds_equal_are_equal_and_others_are_not()
    {
        string[] letters = ["a", "A", "ä", "Ä", "ß", "ẞ", "ı", "i", "I", "İ", "ſ", "s", "S", "σ", "ς", "Σ", "ɐ", "Ɐ", "ⱥ", "Ⱥ", "𐐨", "𐐀", "é", "é", "K", "k", "", "ab", "AB", "aB"];
        foreach (var a in letters)
        {
            foreach (var b in letters)
            {
                var (left, right) = (Encoding.UTF8.GetBytes("x" + a + "y"), Encoding.UTF8.GetBytes("X" + b + "Y"));
                var isEqual = string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
                Assert.Equal(isEqual, TextCase.AreEqual(left, right));
                Assert.Equal(isEqual, TextCase.Compare(left, right) == 0);
                Assert.Equal(isEqual, TextCase.Hash(left) == TextCase.Hash(right));
                Assert.Equal(isEqual, TextCase.Fold(left).AsSpan().SequenceEqual(TextCase.Fold(right)));
            }
        }
    }

    [Fact]
    public void Order_is_that_of_the_folded_bytes()
    {
        var random = new Random(20);
        var alphabet = "aAbBzZ[_09äÄßσΣ\uFF5Aɐⱥ\u00FF".EnumerateRunes().Append(new Rune(0x10428)).Append(new Rune(0x1F600)).ToArray();
        byte[] Next() => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => alphabet[random.Next(alphabet.Length)])));
        for (var i = 0; i < 2000; i++)
        {
            var (a, b) = (Next(), Next());
            Assert.Equal(Math.Sign(TextCase.Fold(a).AsSpan().SequenceCompareTo(TextCase.Fold(b))), Math.Sign(TextCase.Compare(a, b)));
            Assert.Equal(TextCase.Compare(a, b) == 0, TextCase.AreEqual(a, b));
        }
    }

    [Fact]
    public void Folding_keeps_within_its_bound_and_is_done_once()
    {
        for (var point = 0; point <= 0x10FFFF; point++)
        {
            if (point is >= 0xD800 and < 0xE000)
            {
                continue;
            }

            var upper = TextCase.Upper(point);
            Assert.Equal(upper, TextCase.Upper(upper));
            Assert.True(2 * new Rune(upper).Utf8SequenceLength <= 3 * new Rune(point).Utf8SequenceLength);
        }
    }

    [Fact]
    public void Long_texts_hash_as_their_folded_bytes()
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("aÄɐ", 200)));
        Assert.Equal(Hashing.Hash(TextCase.Fold(text)), TextCase.Hash(text));
    }
}
