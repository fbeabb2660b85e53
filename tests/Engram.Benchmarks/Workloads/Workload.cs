using Engram.Benchmarks.Measuring;

namespace Engram.Benchmarks.Workloads;

/// <summary>Something that is measured. It checks what it did before it reports how long it took.</summary>
internal abstract class Workload
{
    protected const string Subject = "Engram.Data";

    public abstract string Name { get; }

    public abstract string Description { get; }

    public Section Run(RunOptions options)
    {
        var section = new Section(Name, Description);
        Measure(options, section);
        return section;
    }

    protected abstract void Measure(RunOptions options, Section section);

    /// <summary>A figure about wrong answers is worth nothing.</summary>
    protected static void Check<T>(string what, T expected, T found)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, found))
        {
            throw new WrongAnswerException($"{what}: expected {expected}, found {found}");
        }
    }
}

internal sealed class WrongAnswerException(string message) : Exception(message);
