using QuickStart;

namespace Engram.EntityFrameworkCore.Tests.Samples;

/// <summary>The parts of the sample that stand beside the database: what it reads, how it embeds, what it was promised.</summary>
public sealed class QuickStartTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef01234567";

    [Fact]
    public void Commits_are_read_with_time_offset_message_and_files()
    {
        var log = $"\u0001{Hash}\0Ada\02026-01-31T23:59:58-03:30\0Fix the log\n\nIt was torn.\n\0\0\na.cs\0dir/b c.cs\0\0"
            + $"\u0001{Hash.Replace('0', 'f')}\0Ñu\02026-02-01T00:00:00+00:00\0Merge\n\0\0";

        var moments = GitHistory.Parse(log).ToList();

        Assert.Equal(2, moments.Count);
        Assert.Equal((Hash, "Ada", "Fix the log"), (moments[0].Key, moments[0].Author, moments[0].Subject));
        Assert.True(new DateTimeOffset(2026, 1, 31, 23, 59, 58, new TimeSpan(-3, -30, 0)).EqualsExact(moments[0].Time));
        Assert.Equal("Fix the log\n\nIt was torn.", moments[0].Message);
        Assert.Equal(["a.cs", "dir/b c.cs"], moments[0].Files);
        Assert.Equal("Ñu", moments[1].Author);
        Assert.Empty(moments[1].Files);
    }

    [Fact]
    public void A_folder_without_history_says_why()
    {
        var folder = Directory.CreateTempSubdirectory("nohistory");
        try
        {
            Assert.Null(GitHistory.TryRead(folder.FullName, out var reason));
            Assert.NotEmpty(reason);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Confidence_rewards_an_explained_change_and_doubts_a_stopgap()
    {
        var explained = new Moment("a", "b", default, "Sync the directory after a rename\n\nElse a crash forgets it.", ["a.cs"]);
        var stopgap = new Moment("a", "b", default, "wip", [.. Enumerable.Repeat("a.cs", 200)]);

        Assert.Equal(1f, explained.Confidence);
        Assert.InRange(stopgap.Confidence, 0f, 0.2f);
    }

    [Fact]
    public void Markdown_gives_one_moment_a_section()
    {
        var sections = MarkdownNotes.Sections("docs/a.md", "Before\n# One\ntext\n```\n# no heading\n```\n## Two\n\n# One\nagain\n", DateTimeOffset.UnixEpoch).ToList();

        Assert.Equal(["docs/a.md#", "docs/a.md#One", "docs/a.md#Two", "docs/a.md#One (2)"], sections.Select(s => s.Key));
        Assert.Equal("One\ntext\n```\n# no heading\n```", sections[1].Message);
    }

    [Fact]
    public void Embeddings_are_the_same_in_every_process_and_have_length_one()
    {
        var embedding = HashedNgramEmbedder.Embed("The writer lock is released before the sync");

        Assert.Equal(1.0, embedding.Sum(x => (double)x * x), 6);
        // Places and signs of the first components as computed once: a change of the hash makes old databases answer nonsense.
        Assert.Equal("-13 +43 +55 +69 -125 +164", string.Join(" ", embedding.Select((x, i) => (x, i)).Where(c => c.x != 0).Take(6).Select(c => c.x > 0 ? $"+{c.i}" : $"-{c.i}")));
        Assert.All(HashedNgramEmbedder.Embed("the of !"), x => Assert.Equal(0f, x));
    }

    [Fact]
    public void Texts_that_share_words_are_nearer()
    {
        var question = HashedNgramEmbedder.Embed("How does recovery read the log after a crash?");
        var near = HashedNgramEmbedder.Embed("Recovery: check the chain of the log in order, so that crashes inside recovery change nothing");
        var far = HashedNgramEmbedder.Embed("Draw table borders only where the terminal shows them");

        Assert.True(Dot(question, near) > Dot(question, far) + 0.2, $"{Dot(question, near)} against {Dot(question, far)}");
    }

    [Fact]
    public void A_line_that_a_kill_cut_short_is_no_promise()
    {
        var file = Path.GetTempFileName();
        try
        {
            var acknowledged = new Acknowledged(file);
            acknowledged.Append(["one", "two"]);
            File.AppendAllText(file, "thr");
            Assert.Equal(["one", "two"], acknowledged.Read());

            acknowledged.Clear();
            Assert.Empty(acknowledged.Read());
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static double Dot(float[] left, float[] right) => left.Zip(right, (l, r) => (double)l * r).Sum();
}
