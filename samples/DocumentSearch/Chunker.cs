namespace DocumentSearch;

/// <summary>Cuts Markdown or plain text into pieces: whole paragraphs under one heading, as many as fit.</summary>
public static class Chunker
{
    private const int LengthMax = 1_200;

    public static IEnumerable<(string Heading, string Text)> Cut(string text)
    {
        var (heading, chunk) = ("", "");
        foreach (var paragraph in text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var lines = paragraph.Split('\n', 2);
            var isHeading = lines[0].StartsWith('#');
            if (chunk.Length > 0 && (isHeading || chunk.Length + paragraph.Length > LengthMax))
            {
                yield return (heading, chunk);
                chunk = "";
            }

            heading = isHeading ? lines[0].TrimStart('#').Trim() : heading;
            var body = !isHeading ? paragraph : lines.Length > 1 ? lines[1] : "";
            chunk = chunk.Length == 0 ? body : chunk + "\n\n" + body;
        }

        if (chunk.Length > 0)
        {
            yield return (heading, chunk);
        }
    }
}
