namespace QuickStart;

/// <summary>Where there is no history: every section of the Markdown files under <c>docs</c> is something to remember.</summary>
public static class MarkdownNotes
{
    public static IReadOnlyList<Moment> Read(string folder)
    {
        var docs = Path.Combine(folder, "docs");
        if (!Directory.Exists(docs))
        {
            return [];
        }

        var moments = new List<Moment>();
        foreach (var file in Directory.EnumerateFiles(docs, "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(folder, file).Replace('\\', '/');
            moments.AddRange(Sections(name, File.ReadAllText(file), File.GetLastWriteTime(file)));
        }

        return moments;
    }

    /// <summary>One moment a heading; a heading that occurs twice in a file gets a number.</summary>
    public static IEnumerable<Moment> Sections(string file, string text, DateTimeOffset time)
    {
        var seen = new Dictionary<string, int>();
        var (heading, body, inCode) = ("", new List<string>(), false);
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n').Append(null))
        {
            inCode ^= line?.StartsWith("```", StringComparison.Ordinal) == true;
            if (line is not null && (inCode || !line.StartsWith('#')))
            {
                body.Add(line);
                continue;
            }

            var message = (heading + "\n" + string.Join('\n', body)).Trim();
            if (message.Length > 0)
            {
                var count = seen[heading] = seen.GetValueOrDefault(heading) + 1;
                yield return new Moment($"{file}#{heading}{(count > 1 ? $" ({count})" : "")}", "docs", time, message, [file]);
            }

            heading = line?.TrimStart('#').Trim() ?? "";
            body.Clear();
        }
    }
}
