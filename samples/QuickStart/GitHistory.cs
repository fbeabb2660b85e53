using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace QuickStart;

/// <summary>Something that happened, as its source tells it; becomes an <see cref="Episode"/>.</summary>
public sealed record Moment(string Key, string Author, DateTimeOffset Time, string Message, IReadOnlyList<string> Files)
{
    /// <summary>The first line.</summary>
    public string Subject => Message.Split('\n', 2)[0].Trim();

    /// <summary>How much this is worth remembering, from 0 to 1: an explained change of few files most, a stopgap least.</summary>
    public float Confidence
    {
        get
        {
            var confidence = 0.6f;
            confidence += Message.TrimEnd().Contains('\n') ? 0.2f : 0f;
            confidence += Subject.Length is >= 15 and <= 100 ? 0.1f : 0f;
            confidence += Files.Count switch { 0 => -0.1f, <= 10 => 0.1f, > 100 => -0.2f, _ => 0f };
            confidence -= Stopgaps.Any(s => Subject.StartsWith(s, StringComparison.OrdinalIgnoreCase)) ? 0.4f : 0f;
            return Math.Clamp(MathF.Round(confidence, 2), 0f, 1f);
        }
    }

    private static readonly string[] Stopgaps = ["wip", "fixup!", "squash!", "tmp", "temp", "revert"];
}

/// <summary>Reads commits through the <c>git</c> command, oldest first.</summary>
public static class GitHistory
{
    // Fields and file names end with NUL, which none of them can hold; a commit begins with a byte that no hash or path begins with.
    private const char CommitMark = '\u0001';
    private const string Format = "%x01%H%x00%an%x00%aI%x00%B%x00";

    /// <summary>All commits that lead to HEAD; null, with the reason, when there is no git, no repository or no commit.</summary>
    public static IReadOnlyList<Moment>? TryRead(string folder, out string reason)
    {
        var start = new ProcessStartInfo("git")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            UseShellExecute = false,
        };
        string[] arguments =
        [
            "-c", "i18n.logOutputEncoding=UTF-8", "-c", "log.showSignature=false", "-c", "core.pager=cat",
            "log", "--reverse", "--no-color", "--name-only", "-z", "--format=" + Format,
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            using var git = Process.Start(start)!;
            git.StandardInput.Close();
            var error = git.StandardError.ReadToEndAsync();
            var moments = Parse(git.StandardOutput.ReadToEnd()).ToList();
            git.WaitForExit();
            reason = git.ExitCode != 0 ? error.Result.Trim() : moments.Count == 0 ? "no commits" : "";
            return reason.Length == 0 ? moments : null;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            reason = "git cannot be started: " + e.Message;
            return null;
        }
    }

    /// <summary>Understands what <c>git log -z --name-only</c> prints in our format.</summary>
    public static IEnumerable<Moment> Parse(string log)
    {
        var tokens = log.Split('\0');
        for (var i = 0; i < tokens.Length;)
        {
            if (!tokens[i].StartsWith(CommitMark) || i + 3 >= tokens.Length)
            {
                i++;
                continue;
            }

            var (hash, author, time, message) = (tokens[i][1..], tokens[i + 1], tokens[i + 2], tokens[i + 3]);
            var files = new List<string>();
            for (i += 4; i < tokens.Length && !tokens[i].StartsWith(CommitMark); i++)
            {
                var file = tokens[i].TrimStart('\n');
                if (file.Length > 0)
                {
                    files.Add(file);
                }
            }

            yield return new Moment(hash, author, DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), message.Trim(), files);
        }
    }
}
