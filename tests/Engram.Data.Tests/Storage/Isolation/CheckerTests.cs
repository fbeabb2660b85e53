using System.Globalization;
using Level = Engram.Data.Engine.Isolation;

namespace Engram.Data.Tests.Storage.Isolation;

/// <summary>Histories written by hand, broken in one way each: the checker must name the way, and must not see ghosts in those that are right.</summary>
public sealed class CheckerTests
{
    // Each word is a step of one transaction: 1sn begins transaction 1 at snapshot (rc read committed, se serializable); 1ax5 appends 5 to x; 1rx:5,6 reads
    // them of x; 1c commits; 1b rolls back; 1u takes the last append back by a savepoint. x and y are items, p and q are rows.
    [Theory]
    [InlineData("G0", "1rc 2rc 1ax1 2ax2 2ay3 1ay4 1c 2c 3rc 3rx:1,2 3ry:3,4 3c")]
    [InlineData("G1a", "1rc 1ax1 2rc 2rx:1 2c 1b 3rc 3rx: 3c")]
    [InlineData("G1a", "1rc 1ax1 1u 1c 2rc 2rx:1 2c")]
    [InlineData("G1b", "1rc 1ax1 2rc 2rx:1 2c 1ax2 1c 3rc 3rx:1,2 3c")]
    [InlineData("G1c", "1se 2se 1ax1 2ay2 1ry:2 2rx:1 1c 2c 3rc 3rx:1 3ry:2 3c")]
    [InlineData("own writes", "1rc 1ax1 1rx: 1c 2rc 2rx:1 2c")]
    [InlineData("own writes", "1rc 1ax1 1u 1ax2 1rx:1,2 1c 2rc 2rx:2 2c")]
    [InlineData("garbage", "1rc 1rx:7 1c")]
    [InlineData("garbage", "1rc 1ax1 1c 2rc 2ry:1 2c")]
    [InlineData("lost update", "1sn 1rx: 2sn 2rx: 1ax1 1c 2ax2 2c 3rc 3rx:2 3c")]
    [InlineData("lost update", "1rc 1ax1 1c 2rc 2ax2 2c 3rc 3rx:1 4rc 4rx:2 3c 4c")]
    [InlineData("P4", "1sn 1rx: 2sn 2rx: 1ax1 1c 2ax2 2c 3rc 3rx:1,2 3c")]
    [InlineData("G-single", "1sn 1rx: 2rc 2ax1 2c 1rx:1 1c")]
    [InlineData("G-single", "1sn 1rx: 2rc 2ax1 2ay2 2c 1ry:2 1c 3rc 3rx:1 3c")]
    [InlineData("G-single", "1sn 1rp: 2rc 2ap1 2c 1rp:1 1c")]
    [InlineData("own writes", "1rc 1ax1 2rc 2ax2 2c 1rx:1,2 1c 3rc 3rx:1,2 3c")]
    [InlineData("G-single", "1se 1rx: 2rc 2ax1 2c 1rx:1 1c")]
    // In real time: what was acknowledged before is not seen.
    [InlineData("G-single", "1rc 1ax1 1c 2rc 2rx: 2c 3rc 3rx:1 3c")]
    [InlineData("G-single", "1rc 1ap1 1c 2sn 2rp: 2c 3rc 3rp:1 3c")]
    [InlineData("G2-item", "1se 1rx: 2se 2ry: 1ay1 2ax2 1c 2c 3rc 3rx:2 3ry:1 3c")]
    [InlineData("G2", "1se 1rp: 2se 2rq: 1aq1 2ap2 1c 2c 3rc 3rp:2 3rq:1 3c")]
    public void A_broken_history_is_named(string name, string steps)
        => Assert.Contains(name, HistoryChecker.Check(Parse(steps)).Select(a => a.Name));

    [Theory]
    // Write skew, of items and of rows, is what a snapshot allows.
    [InlineData("1sn 1rx: 2sn 2ry: 1ay1 1c 2ax2 2c 3rc 3rx:2 3ry:1 3c")]
    [InlineData("1sn 1rp: 2sn 2rp: 1ap1 1c 2ap2 2c 3rc 3rp:1,2 3c")]
    // A snapshot stays where it is while others commit.
    [InlineData("1sn 1rx: 2rc 2ax1 2ay2 2c 1ry: 1rx: 1c 3rc 3rx:1 3ry:2 3c")]
    // Read committed: statements see different moments, and after the first write the newest one.
    [InlineData("1rc 1rx: 2rc 2ax1 2c 1rx:1 1c")]
    [InlineData("1rc 1rx: 2rc 2ax1 2ay2 2c 1ry:2 1ax3 1rx:1,3 1c 3rc 3rx:1,3 3c")]
    [InlineData("1rc 1rx: 2rc 2ax1 2c 1ax2 1c 3rc 3rx:1,2 3c")]
    // Taken back, and not seen.
    [InlineData("1rc 1ax1 1rx:1 1u 1rx: 1ax2 1rx:2 1c 2rc 2rx:2 2c")]
    [InlineData("1se 1ax1 1rx:1 1b 2rc 2rx: 2c")]
    // While a commit is under way others see it or not.
    [InlineData("1rc 1ax1 2rc 2rx:1 2c 1c 3rc 3rx:1 3c")]
    [InlineData("1rc 1ax1 2rc 2rx: 2c 1c 3rc 3rx:1 3c")]
    public void A_history_that_is_right_passes(string steps) => Assert.Empty(HistoryChecker.Check(Parse(steps)));

    private static History Parse(string steps)
    {
        var history = new History();
        var open = new Dictionary<char, RecordedTransaction>();
        foreach (var step in steps.Split(' '))
        {
            var (number, what) = (step[0], step[1]);
            if (what is 's' or 'r' && step.Length == 3 && step[2] is 'n' or 'c' or 'e')
            {
                open[number] = history.Begin(step[1..] switch { "sn" => Level.Snapshot, "se" => Level.Serializable, _ => Level.ReadCommitted });
                continue;
            }

            var transaction = open[number];
            switch (what)
            {
                case 'c' or 'b':
                    transaction.Outcome = what == 'c' ? Outcome.Committed : Outcome.Aborted;
                    transaction.Ended = history.Tick();
                    break;
                case 'u':
                    transaction.Statements.Last(s => s.Append is not null).Undone = history.Tick();
                    break;
                default:
                    var statement = new RecordedStatement(history.Tick());
                    var key = step[2] is 'x' or 'y' ? new ListKey(false, step[2]) : new ListKey(true, step[2]);
                    if (what == 'a')
                    {
                        statement.Append = (key, Number(step[3..]));
                    }
                    else
                    {
                        statement.Reads.Add((key, [.. step[4..].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Number)]));
                    }

                    statement.Completed = history.Tick();
                    transaction.Statements.Add(statement);
                    break;
            }
        }

        return history;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
