using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;

namespace QuickStart;

/// <summary>Brings moments into the memory, and holds the memory to what earlier runs were promised.</summary>
public sealed class Import(Memory memory, IEmbeddingGenerator<string, Embedding<float>> embedder, Acknowledged acknowledged)
{
    private const int BatchSizeMax = 100;

    /// <summary>Those that the memory does not hold yet, in their order.</summary>
    public async Task<IReadOnlyList<Moment>> FindNewAsync(IEnumerable<Moment> moments)
    {
        var known = new HashSet<string>(await memory.Episodes.Select(e => e.Key).ToListAsync());
        return [.. moments.Where(m => known.Add(m.Key))];
    }

    /// <summary>Stores moments in small transactions, so that a kill in between has something to take and something to leave.</summary>
    /// <param name="moments">What <see cref="FindNewAsync"/> returned.</param>
    /// <param name="progress">Told the number of acknowledged episodes after each transaction.</param>
    /// <param name="kill">Whether this process is to die when half of them are stored.</param>
    public async Task StoreAsync(IReadOnlyList<Moment> moments, Action<int> progress, bool kill)
    {
        var batchSize = Math.Clamp(moments.Count / 20, 1, BatchSizeMax);
        var (done, killing) = (0, (Thread?)null);
        foreach (var batch in moments.Chunk(batchSize))
        {
            var embeddings = await embedder.GenerateAsync(batch.Select(m => m.Message));
            memory.Episodes.AddRange(batch.Zip(embeddings, ToEpisode));
            await memory.SaveChangesAsync();

            // SaveChanges has returned: from here on these episodes must survive anything but the loss of the disk.
            acknowledged.Append(batch.Select(m => m.Key));
            memory.ChangeTracker.Clear();
            progress(done += batch.Length);
            if (kill && killing is null && done * 2 >= moments.Count)
            {
                killing = new Thread(Kill);
                killing.Start();
            }
        }

        killing?.Join();
    }

    /// <summary>Compares what the last process was promised with what is there, value by value.</summary>
    /// <returns>How many were promised, and the keys of those that are missing or differ.</returns>
    public async Task<(int Promised, IReadOnlyList<string> Broken)> CheckAsync(IEnumerable<Moment> moments)
    {
        var promised = acknowledged.Read().ToHashSet();
        var broken = promised.ToHashSet();
        if (promised.Count > 0)
        {
            var sources = moments.Where(m => promised.Contains(m.Key)).ToDictionary(m => m.Key);
            await foreach (var episode in memory.Episodes.AsNoTracking().AsAsyncEnumerable())
            {
                if (promised.Contains(episode.Key) && (!sources.TryGetValue(episode.Key, out var source) || await IsWholeAsync(episode, source)))
                {
                    broken.Remove(episode.Key);
                }
            }
        }

        return (promised.Count, [.. broken]);
    }

    private async Task<bool> IsWholeAsync(Episode episode, Moment source)
    {
        var embedding = await embedder.GenerateVectorAsync(source.Message);
        var expected = ToEpisode(source, new Embedding<float>(embedding));
        return episode.Author == expected.Author
            && episode.Time.EqualsExact(expected.Time)
            && episode.Message == expected.Message
            && episode.Files == expected.Files
            && episode.Confidence == expected.Confidence
            && episode.Embedding.AsSpan().SequenceEqual(expected.Embedding);
    }

    private static Episode ToEpisode(Moment moment, Embedding<float> embedding) => new()
    {
        Key = moment.Key,
        Author = moment.Author,
        Time = moment.Time,
        Message = moment.Message,
        Files = string.Join('\n', moment.Files),
        Confidence = moment.Confidence,
        Embedding = embedding.Vector.ToArray(),
    };

    /// <summary>Ends this process at once, at a moment that nobody chose: no finalizer runs, nothing is flushed, nothing is closed.</summary>
    private static void Kill()
    {
        Thread.Sleep(Random.Shared.Next(1, 15));
        Screen.RestoreCursor();
        Process.GetCurrentProcess().Kill();
    }
}
