namespace Engram.Differential;

/// <summary>Random choices from one seed.</summary>
internal sealed class Dice(int seed)
{
    private readonly Random random = new(seed);

    public int Next(int bound) => random.Next(bound);

    public int Between(int low, int high) => random.Next(low, high + 1);

    /// <summary>True in so many of a hundred cases.</summary>
    public bool Percent(int chance) => random.Next(100) < chance;

    public T Pick<T>(params IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
