// Searches a folder of documents by what they say. Files that have changed since the last run are read again, others are not.
//
//   dotnet run --project samples/DocumentSearch -- docs "what happens when the disk is full?"
//   dotnet run --project samples/DocumentSearch -- docs "how are embeddings stored?" --in decisions/     only paths that begin so
//   dotnet run --project samples/DocumentSearch -- docs "how are embeddings stored?" --approximate       by the graph where there is one
//
// The library is kept beside the folder, in "<folder>.engram"; --library names another place.

using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DocumentSearch;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using QuickStart;

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : null;

var words = args.TakeWhile(a => !a.StartsWith("--", StringComparison.Ordinal)).ToArray();
var (folder, question) = (words.ElementAtOrDefault(0) ?? "docs", words.ElementAtOrDefault(1) ?? "what happens when the disk is full?");
if (!Directory.Exists(folder))
{
    Console.Error.WriteLine($"There is no folder '{folder}'.");
    return 1;
}

using IEmbeddingGenerator<string, Embedding<float>> embedder = new HashedNgramEmbedder();
await using var library = new Library(Option("--library") ?? Path.TrimEndingDirectorySeparator(folder) + ".engram");
await library.Database.EnsureCreatedAsync();
await ReadAsync();
await AnswerAsync(Option("--in") ?? "", args.Contains("--approximate"));
return 0;

// Brings the library up to date in one transaction: whoever searches meanwhile sees the library before or after, nothing in between.
async Task ReadAsync()
{
    var clock = Stopwatch.StartNew();
    var known = await library.Documents.ToDictionaryAsync(d => d.Path);
    var (added, unchanged) = (0, 0);
    foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*.md", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal))
    {
        var path = Path.GetRelativePath(folder, file.FullName).Replace('\\', '/');
        var text = await File.ReadAllTextAsync(file.FullName);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        if (known.Remove(path, out var old) && old.Hash.AsSpan().SequenceEqual(hash))
        {
            unchanged++;
            continue;
        }

        // Its chunks go with the old document: the foreign key deletes them.
        var document = new Document { Path = path, Modified = file.LastWriteTimeUtc, Hash = hash };
        if (old is not null)
        {
            known.Add(path, old);
        }

        var chunks = Chunker.Cut(text).ToList();
        var embeddings = await embedder.GenerateAsync(chunks.Select(c => c.Heading + "\n" + c.Text));
        document.Chunks.AddRange(chunks.Zip(embeddings, (c, e) => new Chunk { Heading = c.Heading, Text = c.Text, Embedding = e.Vector.ToArray() }));
        library.Add(document);
        added++;
    }

    // What is left is gone from the folder, or was replaced.
    library.RemoveRange(known.Values);
    await library.SaveChangesAsync();
    library.ChangeTracker.Clear();
    var chunkCount = await library.Chunks.CountAsync();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"Read {added} new or changed documents, {unchanged} unchanged, {known.Count} removed or replaced in {clock.Elapsed.TotalMilliseconds:0} ms; {chunkCount} chunks"));
}

// The filter runs before the search, in the same scan: the five best of those that fit, not those that fit of the five best.
// By the index a search keeps 64 candidates in view and may miss one of the five; without it, it is exact. Parts of the library with fewer than
// 4,096 chunks have no graph and are searched exactly anyway: the time tells the two apart in libraries that are larger.
async Task AnswerAsync(string prefix, bool isApproximate)
{
    var asked = (await embedder.GenerateVectorAsync(question)).ToArray();
    var chunks = prefix.Length == 0 ? library.Chunks : library.Chunks.Where(c => library.Documents.Any(d => d.Id == c.DocumentId && d.Path.StartsWith(prefix)));
    var nearest = chunks.OrderBy(c => EF.Functions.CosineDistance(c.Embedding, asked)).Take(5);
    var query = (isApproximate ? nearest.WithApproximate(64) : nearest)
        .Select(c => new { Similarity = EF.Functions.CosineSimilarity(c.Embedding, asked), c.Document.Path, c.Heading, c.Text });

    // EF Core translates a query when it meets it first; the time is of the second.
    await query.LoadAsync();
    var clock = Stopwatch.StartNew();
    var answers = await query.ToListAsync();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{question}  ({clock.Elapsed.TotalMilliseconds:0.0} ms{(isApproximate ? ", approximate" : "")})\n"));
    foreach (var answer in answers)
    {
        var text = answer.Text.ReplaceLineEndings(" ");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{answer.Similarity:0.000}  {answer.Path}  {answer.Heading}"));
        Console.WriteLine($"       {(text.Length > 160 ? text[..160] + "…" : text)}\n");
    }
}
