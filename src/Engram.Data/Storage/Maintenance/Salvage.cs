using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;
using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>What a salvage did.</summary>
/// <param name="Log">What of the log was applied, and is in segments now.</param>
/// <param name="Rows">Rows that those commits changed.</param>
internal sealed record SalvageResult(IReadOnlyList<SalvagedItem> Items, IReadOnlyList<string> QuarantinedFiles, WalSalvageResult Log, long Rows);

/// <summary>Makes of a damaged database one that opens, from what can be read, and puts the rest aside.</summary>
/// <remarks>
/// <para><b>The problem.</b> A strict opening refuses a database in which anything acknowledged is damaged, and changes nothing. When there is no backup, what is
/// left must come out: only whole rows with the values that they had, with a list of what is missing, and with nothing thrown away.</para>
/// <para><b>Steps</b>, under the writer's lock, before anything else is opened. docs/repair.md has a table of what is done about each kind of damage.</para>
/// <list type="number">
/// <item><i>Source</i>: the manifest that CURRENT names, or the newest that is whole (<see cref="SalvageSource"/>).</item>
/// <item><i>Segments</i>: every page of every segment is read; undamaged rows of damaged segments go to new ones (<see cref="SalvageSegments"/>).</item>
/// <item><i>Log</i>: the prefix before the first damage is applied in memory (<see cref="WalSalvage"/>). When nothing was damaged up to here, the salvage is over and
/// the opening goes on as ever.</item>
/// <item><i>Keys</i>: where deletes and updates were lost, an older row may have the key of a newer one. The newest stays; the others are written to the report.</item>
/// <item><i>Write</i>: what is in memory goes to segments and overlays, as in a checkpoint; then the report; then <see cref="SalvagePending"/>; then the manifest.</item>
/// <item><i>Publish</i>: the manifest in CURRENT. This step decides.</item>
/// <item><i>Finish</i>: old files move to quarantine, and the log begins anew behind every LSN of which anything was known, so that none means two commits.</item>
/// </list>
/// <para><b>A crash</b> before <i>publish</i> leaves the damage as it was, and files that nothing names; after it, the next opening finishes. So repeating it is
/// harmless. <b>An I/O error</b> (58030) ends it without a change: what one read could not read, another disk or another attempt may.</para>
/// <para>Afterwards the database is as good as new for every other part of the store: nothing in it tells that it was salvaged.</para>
/// </remarks>
internal static class Salvage
{
    /// <summary>Left free after a loss in the log: rows of commits that nobody can read had row ids, too, and may yet be found.</summary>
    private const long RowIdGap = 1 << 20;

    /// <returns>Null when nothing is damaged.</returns>
    /// <exception cref="EngramException">XX001: no manifest is whole. 58030, 53100: the system failed; nothing was changed.</exception>
    public static SalvageResult? Run(DataDirectory directory, StoreOptions options, ILogger logger)
    {
        if (SalvageSource.Find(directory) is not { } source)
        {
            return null;
        }

        var items = new List<SalvagedItem>();
        if (source.Problem is { } problem)
        {
            items.Add(problem);
        }

        var segments = SalvageSegments.Run(directory, source.Manifest, source.GenerationNext, items);
        using var state = SalvageState.Build(directory, segments);
        ReportLog(state, items);
        if (items.Count == 0)
        {
            return null;
        }

        ReportSkipped(state, items);
        // The salvage is a change of its own, behind all commits, those that are lost too.
        var lsn = new Lsn(Math.Max(state.Log.LastLsn.Value, state.Log.Damage is null ? 0 : state.Log.LastKnownLsn.Value)).Next;
        SalvageChecks.Run(state, segments.WithoutVersions, lsn, options.IndexConditions, items);
        var manifest = WriteFiles(directory, source, segments.Left, state, lsn);
        var result = Publish(directory, source, state, manifest, items, options, logger);
        foreach (var item in items)
        {
            logger.LogWarning("Salvage of {Path}: {Kind} {File}: {What}", directory.Path, item.Kind, item.File, item.What);
        }

        return result;
    }

    private static void ReportLog(SalvageState state, List<SalvagedItem> items)
    {
        var log = state.Log;
        if (log.Damage is not { } damage)
        {
            return;
        }

        var last = log.LastKnownLsn >= log.FirstLost ? log.LastKnownLsn : (Lsn?)null;
        var range = last is { } known
            ? string.Create(CultureInfo.InvariantCulture, $"Commits {log.FirstLost} to {known}, and perhaps later ones, are lost")
            : string.Create(CultureInfo.InvariantCulture, $"Commits from {log.FirstLost} on, if there were any, are lost");
        items.Add(new SalvagedItem(SalvageKind.LostCommits, log.File, $"{range}. {damage}") { FirstLsn = log.FirstLost, LastLsn = last });

        foreach (var table in log.Changes.GroupBy(c => c.Table))
        {
            var name = state.Catalog.Tables.GetValueOrDefault(table.Key)?.ToString() ?? table.Key.ToString();
            foreach (var kind in table.GroupBy(c => c.WasInserted))
            {
                foreach (var (first, end, rows, from, to) in Merge(kind))
                {
                    items.Add(new SalvagedItem(SalvageKind.LostChanges, log.File, string.Create(CultureInfo.InvariantCulture,
                        $"Lost commits {(kind.Key ? "inserted" : "changed or deleted")} {rows} rows of table '{name}' with row ids {first} to {end}."))
                    {
                        Table = name,
                        RowIdFirst = first,
                        RowIdLast = end,
                        RowCount = rows,
                        FirstLsn = from,
                        LastLsn = to,
                    });
                }
            }
        }
    }

    /// <summary>Joins ranges that follow each other; a log of many small commits would fill the report otherwise.</summary>
    private static IEnumerable<(long First, long Last, long Rows, Lsn From, Lsn To)> Merge(IEnumerable<WalLostChange> changes)
    {
        var ranges = changes.SelectMany(c => c.RowIds.Select(r => (r.First, r.Last, c.Lsn))).OrderBy(r => r.First).ThenBy(r => r.Last).ToList();
        for (var i = 0; i < ranges.Count;)
        {
            var (first, last, from) = ranges[i];
            var to = from;
            for (i++; i < ranges.Count && ranges[i].First <= last + 1; i++)
            {
                last = Math.Max(last, ranges[i].Last);
                from = ranges[i].Lsn < from ? ranges[i].Lsn : from;
                to = ranges[i].Lsn > to ? ranges[i].Lsn : to;
            }

            yield return (first, last, last - first + 1, from, to);
        }
    }

    private static void ReportSkipped(SalvageState state, List<SalvagedItem> items)
    {
        foreach (var table in state.Skipped.GroupBy(s => s.Table))
        {
            var name = state.Catalog.Tables.GetValueOrDefault(table.Key)?.ToString() ?? table.Key.ToString();
            var rows = table.Select(s => s.RowId).Distinct().Count();
            items.Add(new SalvagedItem(SalvageKind.SkippedChanges, WalFormat.Directory, string.Create(CultureInfo.InvariantCulture,
                $"{rows} lost rows of table '{name}' had been changed or deleted since the last checkpoint; the changes are in the log that was moved to quarantine."))
            {
                Table = name,
                RowIdFirst = table.Min(s => s.RowId),
                RowIdLast = table.Max(s => s.RowId),
                RowCount = rows,
                FirstLsn = new Lsn(table.Min(s => s.Lsn.Value)),
                LastLsn = new Lsn(table.Max(s => s.Lsn.Value)),
            });
        }
    }

    /// <summary>As a checkpoint does: new rows to segments, deletes and changes to overlays. Nothing names them yet.</summary>
    private static Manifest WriteFiles(DataDirectory directory, SalvageSource source, Manifest left, SalvageState state, Lsn lsn)
    {
        directory.CreateSubdirectory(SegmentFlush.Subdirectory);
        var lostRows = state.Log.Changes.Where(c => c.WasInserted).ToLookup(c => c.Table);
        var tables = ImmutableArray.CreateBuilder<TableManifest>();
        foreach (var table in state.Catalog.Tables.Values.OrderBy(t => t.Id.Value))
        {
            var active = new DeltaTable();
            var version = state.Tables[table.Id];
            var flushed = SegmentFlush.Run(
                directory, table, version with { Deltas = version.Deltas.Add(active) }, lsn, left with { Generation = source.GenerationNext - 1 },
                [], patchCountMin: int.MaxValue, CancellationToken.None);
            active.Release();
            flushed.Release();
            var counters = state.Counters[table.Id];
            // Row ids of lost rows are not given again: what the report says of them must stay true.
            var rowIdNext = lostRows[table.Id].SelectMany(c => c.RowIds).Select(r => r.Last + 1).Append(counters.RowIdNext).Max()
                + (state.Log.Damage is null ? 0 : RowIdGap);
            tables.Add(new TableManifest(table.Id, rowIdNext, counters.Identities, flushed.Segments));
        }

        directory.Sync(SegmentFlush.Subdirectory);
        return new Manifest(source.GenerationNext, lsn, state.Catalog, tables.ToImmutable());
    }

    private static SalvageResult Publish(
        DataDirectory directory, SalvageSource source, SalvageState state, Manifest result, List<SalvagedItem> items, StoreOptions options, ILogger logger)
    {
        directory.CreateSubdirectory(WalFormat.Quarantine);
        directory.Sync("");
        var now = directory.Clock.GetUtcNow();
        var quarantined = new List<string>();
        if (source.Current is null && directory.Exists(CurrentFile.Name))
        {
            quarantined.Add(Copy(directory, CurrentFile.Name, SalvagePending.QuarantineName(now, CurrentFile.Name)));
        }

        var moves = ListMoves(directory, source, state, result).Select(name => (name, SalvagePending.QuarantineName(now, name))).ToList();
        var report = SalvageReport.Write(directory, now, result, items, moves);
        var pending = new SalvagePending(
            result.Generation, state.Log.FileNumberNext, state.Log.LastKnownGroup + 1, result.Lsn.Next, report, moves);
        pending.Write(directory);
        // After the report and the pending file: a manifest without what is lost must never be found alone.
        var checksum = ManifestFile.Write(directory, result, isCurrentReadable: source.Current is not null);
        if (source.Current is null)
        {
            CurrentFile.Replace(directory, CurrentFile.NewDatabaseId(directory), result.Generation, checksum);
        }
        else
        {
            CurrentFile.Publish(directory, CurrentFile.Open(directory), result.Generation, checksum);
        }

        pending.Finish(directory, options, logger);
        quarantined.AddRange(moves.Select(m => m.Item2));
        quarantined.Add(report);
        return new SalvageResult(items, quarantined, state.Log, state.Rows);
    }

    /// <summary>Everything that the old state consisted of and the new one does not name.</summary>
    private static IEnumerable<string> ListMoves(DataDirectory directory, SalvageSource source, SalvageState state, Manifest result)
    {
        var kept = result.FileNames.ToHashSet(StringComparer.Ordinal);
        var old = source.Manifest.FileNames.Concat(state.AttachedNames).ToHashSet(StringComparer.Ordinal);
        foreach (var file in directory.List(SegmentFlush.Subdirectory))
        {
            // What no manifest names is left over from something that never finished, unless it is unknown which manifest counted.
            var name = $"{SegmentFlush.Subdirectory}/{file}";
            if (!kept.Contains(name) && (source.Problem is not null || old.Contains(name)))
            {
                yield return name;
            }
        }

        foreach (var file in directory.List(""))
        {
            if (file.StartsWith(Manifest.NamePrefix, StringComparison.Ordinal) && file != Manifest.NameOf(result.Generation)
                && (source.Problem is not null || file == Manifest.NameOf(source.Manifest.Generation)))
            {
                yield return file;
            }
        }

        foreach (var file in directory.List(WalFormat.Directory))
        {
            yield return $"{WalFormat.Directory}/{file}";
        }
    }

    private static string Copy(DataDirectory directory, string from, string to)
    {
        using var source = directory.Open(from, writable: false);
        var bytes = new byte[source.Length];
        var read = source.Read(0, bytes);
        directory.Delete(to);
        using var target = directory.Create(to);
        target.Write(0, bytes.AsSpan(0, read));
        target.Sync();
        return to;
    }
}
