namespace Engram.Fuzzing;

/// <summary>The texts that mutations begin with: the files of the corpus, and every statement of the SQL scripts of the tests.</summary>
internal static class Corpus
{
    /// <summary>Reads <c>corpus/*.sql</c> (texts separated by empty lines) and <c>Scripts/*.test</c> under a folder; the texts of one file belong together.</summary>
    public static List<List<string>> Read(string folder)
    {
        var texts = new List<List<string>>();
        foreach (var path in Files(folder, "corpus", "*.sql"))
        {
            texts.Add([.. File.ReadAllText(path).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)]);
        }

        foreach (var path in Files(folder, "Scripts", "*.test"))
        {
            texts.Add([.. Statements(File.ReadAllLines(path))]);
        }

        return texts.Count > 0 ? texts : throw new InvalidOperationException($"no corpus under {folder}");
    }

    private static IEnumerable<string> Files(string folder, string name, string pattern)
    {
        var path = Path.Combine(folder, name);
        return Directory.Exists(path) ? Directory.GetFiles(path, pattern).Order(StringComparer.Ordinal) : [];
    }

    /// <summary>What follows a line that begins a record, up to its rows or an empty line.</summary>
    private static IEnumerable<string> Statements(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("statement", StringComparison.Ordinal) || lines[i].StartsWith("query", StringComparison.Ordinal))
            {
                yield return string.Join('\n', lines.Skip(i + 1).TakeWhile(l => l.Length > 0 && l != "----"));
            }
        }
    }
}
