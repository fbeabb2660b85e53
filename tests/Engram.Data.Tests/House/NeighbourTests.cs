namespace Engram.Data.Tests.House;

/// <summary>Tests run beside one another in one process: none touches what belongs to all, which would make another fail now and then.</summary>
public sealed class NeighbourTests
{
    private static readonly (string Call, string Instead)[] s_forbidden =
    [
        ("EngramConnection.ClearAllPools(", "It closes the databases of other tests, which write as they close: clear the pool of one connection."),
        ("Environment.SetEnvironmentVariable(", "All tests read the same variables: hand the value in, or set it for a process of its own."),
        ("CultureInfo.DefaultThreadCurrentCulture", "The culture of threads that other tests start: set CultureInfo.CurrentCulture on the test's own thread."),
        ("Thread.Sleep(", "How long is long enough on a busy machine? Wait for what shall happen."),
    ];

    [Fact]
    public void No_test_touches_what_belongs_to_all()
        => Violation.AssertNone(
            from file in SourceTree.CSharp("tests/Engram.Data.Tests", "tests/Engram.EntityFrameworkCore.Tests")
            where !file.IsUnder("tests/Engram.Data.Tests/House")
            from rule in s_forbidden
            let at = file.Text.IndexOf(rule.Call, StringComparison.Ordinal)
            where at >= 0
            select new Violation(file.Path, file.LineAt(at), rule.Instead));
}
