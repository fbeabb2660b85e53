using System.Globalization;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Maintenance;

/// <summary>The manifest that a salvage starts from: the one that CURRENT names, or, when that cannot be told or read, the newest that is whole.</summary>
/// <param name="Current">Null when CURRENT is missing or damaged.</param>
/// <param name="GenerationNext">Greater than every generation of which anything is known.</param>
/// <param name="Problem">Why the manifest is not the one that CURRENT names; null when it is.</param>
internal sealed record SalvageSource(Manifest Manifest, Current? Current, long GenerationNext, SalvagedItem? Problem)
{
    /// <returns>Null when there is no database here, nor was one: opening creates it, or says what is wrong.</returns>
    /// <exception cref="EngramException">XX001: no manifest is whole, and without a schema nothing can be saved. EG001: another program's directory.</exception>
    public static SalvageSource? Find(DataDirectory directory)
    {
        var generations = ListGenerations(directory);
        if (!directory.Exists(CurrentFile.Name))
        {
            return generations.Count == 0 || directory.Exists(CurrentFile.NewName) ? null
                : Guess(directory, generations, null, CurrentFile.Name, "The file CURRENT is missing.", null);
        }

        Current current;
        try
        {
            current = CurrentFile.Read(directory);
        }
        catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted || (e.SqlState == SqlStates.NotADatabase && generations.Count > 0))
        {
            return Guess(directory, generations, null, CurrentFile.Name, Error.Finding(e), e);
        }

        try
        {
            var manifest = ManifestFile.Read(directory, current.Generation, current.ManifestChecksum);
            return new SalvageSource(manifest, current, Next(generations, current), null);
        }
        catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
        {
            return Guess(directory, generations, current, Manifest.NameOf(current.Generation), Error.Finding(e), e);
        }
    }

    /// <remarks>
    /// The newest whole manifest may be one that was never published. It is as good as one that was: what it names was synced before it was
    /// written. It may also be one whose files were deleted again, when its publication failed; then an older one that has its files comes first.
    /// </remarks>
    private static SalvageSource Guess(DataDirectory directory, List<long> generations, Current? current, string file, string problem, EngramException? cause)
    {
        Manifest? best = null;
        var unfinished = SalvagePending.FindGeneration(directory);
        foreach (var generation in generations.Where(g => g != unfinished))
        {
            if (TryRead(directory, generation) is { } manifest)
            {
                best ??= manifest;
                if (HasFiles(directory, manifest))
                {
                    best = manifest;
                    break;
                }
            }
        }

        if (best is null)
        {
            throw Error.NothingToSalvage(directory.Path, problem, cause);
        }

        var item = new SalvagedItem(SalvageKind.ReplacedManifest, file, string.Create(CultureInfo.InvariantCulture,
            $"{problem} The newest manifest that is whole took its place: generation {best.Generation}, with everything up to commit {best.Lsn}."))
        {
            LastLsn = best.Lsn,
        };
        return new SalvageSource(best, current, Next(generations, current), item);
    }

    private static Manifest? TryRead(DataDirectory directory, long generation)
    {
        try
        {
            return ManifestFile.Read(directory, generation, null);
        }
        catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
        {
            return null;
        }
    }

    private static bool HasFiles(DataDirectory directory, Manifest manifest)
        => manifest.FileNames.All(directory.Exists);

    private static long Next(List<long> generations, Current? current) => Math.Max(generations.FirstOrDefault(), current?.Generation ?? 0) + 1;

    /// <summary>Newest first.</summary>
    private static List<long> ListGenerations(DataDirectory directory)
    {
        var generations = new List<long>();
        foreach (var name in directory.List(""))
        {
            if (name.StartsWith(Manifest.NamePrefix, StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(Manifest.NamePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
                && name == Manifest.NameOf(generation) && generation < long.MaxValue)
            {
                generations.Add(generation);
            }
        }

        generations.Sort((a, b) => b.CompareTo(a));
        return generations;
    }
}
