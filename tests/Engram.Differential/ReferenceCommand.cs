using System.Globalization;
using Engram.Data.Tests.Query.Reference;

namespace Engram.Differential;

/// <summary>Random queries against the reference evaluator of the tests, as many as wanted.</summary>
internal static class ReferenceCommand
{
    public static int Run(int first, int seeds, int perSeed)
    {
        var (compared, findings, skipped) = (0L, 0, new Dictionary<string, int>());
        for (var seed = first; seed < first + seeds; seed++)
        {
            using var run = new ReferenceRun(seed).Run(perSeed);
            compared += run.Compared;
            findings += run.Findings.Count;
            foreach (var finding in run.Findings)
            {
                Console.WriteLine(finding + "\n");
            }

            foreach (var (why, count) in run.Skipped)
            {
                skipped[why] = skipped.GetValueOrDefault(why) + count;
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{compared} queries compared, {skipped.Values.Sum()} passed over, {findings} findings"));
        foreach (var (why, count) in skipped.OrderByDescending(s => s.Value).Take(20))
        {
            Console.WriteLine($"{count,8} {why}");
        }

        return findings == 0 ? 0 : 1;
    }
}
