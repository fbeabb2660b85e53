using System.Text;

namespace Engram.Fuzzing;

/// <summary>Makes inputs of all kinds: from the grammar, by changing words of the corpus, by changing characters, and nested deeply.</summary>
internal sealed class InputMaker(IReadOnlyList<string> corpus, int seed)
{
    private static readonly string[] Nests = ["(", "(SELECT ", "ARRAY[", "NOT ", "CASE WHEN TRUE THEN ", "1+(", "abs(", "-", "EXISTS (SELECT ", "WITH w AS (", "a[", "{", "/*", "$$", "'", "\"", "1 IN (", "COALESCE(1,", "SELECT 1 UNION (", "j->"];

    private static readonly string[] Strange = ["\0", "\ud800", "\udfff\ud800", "\u202e", "\ufeff", "é", "😀", "ﬀ", "İ", "\u0301", "'", "\"", "\\", "$$", "--", "/*", "*/", ";", "::", "$1", "@", ":p", "%", "\r", "\u2028", "0x", "1e", ".", "..", "1e999999", "99999999999999999999999999", "E'\\", "U&'\\zzzz'", "'\\x0'::bytea"];

    private readonly Random random = new(seed);

    public string Next() => random.Next(20) switch
    {
        < 8 => new Grammar(random).Statement(),
        < 14 => Words(Pick(corpus)),
        < 17 => Characters(random.Next(2) == 0 ? Pick(corpus) : new Grammar(random).Statement()),
        < 18 => Words(new Grammar(random).Statement()),
        < 19 => Deep(),
        _ => Noise(),
    };

    private T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    /// <summary>Words of the corpus in other places.</summary>
    private string Words(string text)
    {
        var words = Split(text);
        for (var i = random.Next(1, 4); i > 0 && words.Count > 0; i--)
        {
            var at = random.Next(words.Count);
            switch (random.Next(18))
            {
                case > 6:
                    // Another word of the same sort, so that the text often stays well formed.
                    words[at] = Like(words[at]);
                    break;
                case 0:
                    words.RemoveAt(at);
                    break;
                case 1:
                    words.Insert(at, words[random.Next(words.Count)]);
                    break;
                case 2:
                    (words[at], words[random.Next(words.Count)]) = (words[random.Next(words.Count)], words[at]);
                    break;
                case 3:
                    words[at] = Pick(Split(Pick(corpus)));
                    break;
                case 4:
                    var other = Split(Pick(corpus));
                    var from = random.Next(other.Count);
                    words.InsertRange(at, other.Skip(from).Take(random.Next(1, 12)));
                    break;
                case 5:
                    words.RemoveRange(at, Math.Min(random.Next(1, 8), words.Count - at));
                    break;
                default:
                    words[at] = Pick(Strange);
                    break;
            }
        }

        return string.Concat(words);
    }

    private string Like(string word)
    {
        var same = Split(Pick(corpus)).Where(w => Sort(w) == Sort(word)).ToList();
        return same.Count > 0 ? Pick(same) : word;
    }

    private static int Sort(string word) => char.IsDigit(word[0]) ? 0 : char.IsUpper(word[0]) ? 1 : char.IsLetter(word[0]) ? 2 : "+-*/%<>=".Contains(word[0], StringComparison.Ordinal) ? 3 : word[0];

    /// <summary>Words, numbers, runs of blanks, and single characters of all other kinds.</summary>
    private static List<string> Split(string text)
    {
        var words = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var end = i + 1;
            while (end < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] == '_') && (char.IsLetterOrDigit(text[end]) || text[end] == '_'))
            {
                end++;
            }

            words.Add(text[i..end]);
            i = end;
        }

        return words.Count > 0 ? words : [" "];
    }

    private string Characters(string text)
    {
        var result = new StringBuilder(text);
        for (var i = random.Next(1, 8); i > 0 && result.Length > 0; i--)
        {
            var at = random.Next(result.Length);
            switch (random.Next(5))
            {
                case 0:
                    result.Remove(at, 1);
                    break;
                case 1:
                    result[at] = (char)random.Next(random.Next(2) == 0 ? 128 : 65536);
                    break;
                case 2:
                    result.Insert(at, Pick(Strange));
                    break;
                case 3:
                    result.Length = at;
                    break;
                default:
                    result[at] ^= (char)(1 << random.Next(7));
                    break;
            }
        }

        return result.ToString();
    }

    private string Deep()
    {
        var count = Pick([50, 300, 2000, 20000]);
        var nest = random.Next(2) == 0 ? Pick(Nests) : Pick(Nests) + Pick(Nests);
        var close = random.Next(2) == 0 ? new string(')', count) : "";
        return "SELECT " + new StringBuilder().Insert(0, nest, count) + "1" + close;
    }

    private string Noise() => string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(3) switch
    {
        0 => Pick(Strange),
        1 => ((char)random.Next(32, 127)).ToString(),
        _ => Pick(Split(Pick(corpus))) + " ",
    }));
}
