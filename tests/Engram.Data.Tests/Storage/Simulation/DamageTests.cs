using Xunit.Abstractions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>A sample of all damages; <c>tests/Engram.Simulation</c> does them all.</summary>
public sealed class DamageTests(ITestOutputHelper output)
{
    private const int FlipCount = 250;
    private const int CutCount = 60;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Damaged_files_are_never_served(int kind)
    {
        var database = (await DamageCheck.CreateAsync(7))[kind];
        var random = new Random(kind);
        foreach (var (file, length) in database.Files.Where(f => f.Length > 0))
        {
            var outcomes = new SortedDictionary<DamageOutcome, int>();
            foreach (var damage in Sample(database, file, length, random))
            {
                var outcome = await database.RunAsync(damage);
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }

            output.WriteLine($"{database.Name}, {file}, {length} bytes: {string.Join(", ", outcomes.Select(o => $"{o.Key} {o.Value}"))}");
        }
    }

    [Fact]
    public async Task A_flipped_bit_after_any_work_is_never_served()
    {
        var outcomes = new SortedDictionary<DamageOutcome, int>();
        for (var workload = 0; workload < Workloads.All.Count; workload++)
        {
            var failures = await CrashSimulation.RunRottenAsync(1, workload, 25, outcomes);
            Assert.True(failures.Count == 0, string.Join('\n', failures.Take(3)));
        }

        output.WriteLine(string.Join(", ", outcomes.Select(o => $"{o.Key} {o.Value}")));
        Assert.Equal(3, outcomes.Count);
    }

    /// <summary>Mostly bytes that mean something: a flipped bit in the zeros ahead of the log is dull.</summary>
    private static IEnumerable<Damage> Sample(DamageCheck database, string file, long length, Random random)
    {
        for (var i = 0; i < FlipCount; i++)
        {
            var offset = random.NextInt64(length);
            for (var tries = 0; tries < 20 && i % 4 != 0 && database.ByteAt(file, offset) == 0; tries++)
            {
                offset = random.NextInt64(length);
            }

            yield return Damage.Flip(file, offset, (byte)(1 << random.Next(8)));
        }

        yield return Damage.Cut(file, 0);
        for (var i = 1; i < CutCount; i++)
        {
            yield return Damage.Cut(file, i % 3 == 0 ? random.NextInt64(length) / 4096 * 4096 : random.NextInt64(length));
        }
    }
}
