namespace Engram.Data.Tests.Scripts;

/// <summary>Every script beside this file, in every mode. PostgreSQL runs them in <c>tests/Engram.Differential -- scripts</c>.</summary>
public sealed class ScriptTests
{
    public static TheoryData<string, ScriptMode> Scripts()
    {
        var data = new TheoryData<string, ScriptMode>();
        foreach (var path in Directory.GetFiles(ScriptDirectory, "*.test").Order(StringComparer.Ordinal))
        {
            foreach (var mode in Enum.GetValues<ScriptMode>())
            {
                data.Add(Path.GetFileNameWithoutExtension(path), mode);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_gives_what_it_says(string name, ScriptMode mode)
    {
        var records = ScriptFile.Parse(File.ReadAllLines(Path.Combine(ScriptDirectory, name + ".test")));
        Assert.NotEmpty(records);
        using var run = new ScriptRun(mode);
        var failures = run.Run(records);
        Assert.True(failures.Count == 0, $"{failures.Count} of {records.Count} records of {name}.test ({mode})\n\n{string.Join('\n', failures)}");
    }

    private static string ScriptDirectory => Path.Combine(AppContext.BaseDirectory, "Scripts");
}
