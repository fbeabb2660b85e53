using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;
using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Reads everything that an open database has on its disk, and compares it with its checksums and with itself.</summary>
/// <remarks>
/// <para><b>The problem.</b> Pages are checked when they are first read in a process, and some are not read for years. Whoever wants to know now, before
/// the last good backup is thrown away, must have all of it read while the application goes on.</para>
/// <para><b>What is checked.</b> (1) CURRENT, the manifest, overlays: whole, and those that were meant. (2) Segments: length, header, footer, every page;
/// also those of loads that only the log names yet; blocks against what the footer says of them: row ids ascend, or are found where they stand, zone maps are those of the values, NULLs are as many as said; runs of indexes against the rows that they are of; codes and graphs of vectors, every page. (3) The log: the
/// chain from the checkpoint to the newest durable commit. (4) Rows as a snapshot shows them: no NULL in columns that are NOT NULL, unique keys are unique,
/// foreign keys lead somewhere.</para>
/// <para><b>Beside writers.</b> The files of one state are opened before any is read (<see cref="PinnedDirectory"/>); a checkpoint may then delete their names. When one
/// was published meanwhile, they are opened once more. Rows are read under a leased snapshot. No lock is held.</para>
/// <para><b>Nothing is mapped</b>: all is read through calls, so that an I/O error is a problem in the report and not the end of the process, and so that the bytes
/// come from the disk or the system's cache and not from what this process has checked already. One segment's narrow columns are in memory at a time.</para>
/// <para>Finding something wrong changes nothing, but that runs, codes and graphs are made anew.</para>
/// </remarks>
internal sealed partial class Verification : IDisposable
{
    private readonly DirectoryStore store;
    private readonly VerificationOptions options;
    private readonly VerificationPace pace;
    private readonly PinnedDirectory files;
    private readonly List<VerificationProblem> problems = [];
    private readonly HashSet<string> damaged = new(StringComparer.Ordinal);
    private PublishedManifest published = null!;
    private StoreSnapshot snapshot = null!;
    private Lsn durable;
    private int filesDone;
    private int filesTotal;
    private long pages;
    private long rows;

    private Verification(DirectoryStore store, VerificationOptions options)
    {
        this.store = store;
        this.options = options;
        pace = new VerificationPace(store.Directory.Clock, options.BytesPerSecondMax);
        files = new PinnedDirectory(store.Directory, pace);
    }

    private DatabaseCatalog Catalog => published.Manifest.Catalog;

    public static async Task<VerificationResult> RunAsync(DirectoryStore store, VerificationOptions options, CancellationToken cancellationToken)
    {
        using var verification = new Verification(store, options);
        return await verification.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        files.Unpin();
        snapshot?.Dispose();
    }

    private async Task<VerificationResult> RunAsync(CancellationToken cancellationToken)
    {
        Pin();
        FindDerived();
        filesTotal = 3 + published.Manifest.Tables.Sum(t => t.Segments.Sum(s => s.FileNames.Count())) + derived.Count;
        CheckNames();
        foreach (var table in published.Manifest.Tables)
        {
            await CheckSegmentsAsync(table, cancellationToken).ConfigureAwait(false);
        }

        await CheckDerivedAsync(cancellationToken).ConfigureAwait(false);
        CheckLog();
        await CheckAttachedAsync(cancellationToken).ConfigureAwait(false);
        foreach (var table in snapshot.Catalog.Tables.Values.OrderBy(t => t.Id.Value))
        {
            await CheckRowsAsync(table, cancellationToken).ConfigureAwait(false);
        }

        return new VerificationResult
        {
            Problems = problems, Files = filesDone, Bytes = pace.Bytes, Pages = pages, Rows = rows, Duration = pace.Elapsed,
        };
    }

    /// <summary>Opens all files of one state, and a snapshot that needs no others.</summary>
    private void Pin()
    {
        while (true)
        {
            durable = store.Durable;
            published = store.Published;
            snapshot?.Dispose();
            snapshot = (StoreSnapshot)store.OpenSnapshot();
            var isWhole = true;
            foreach (var name in published.Manifest.FileNames.Concat(snapshot.Root.Tables.Values.SelectMany(t => t.Segments).SelectMany(s => s.Segment.Info.Files).Select(f => f.Name)))
            {
                isWhole &= files.TryHold(name);
            }

            files.TryHoldLog();
            if (!ReferenceEquals(published, store.Published) || (!isWhole && !ReferenceEquals(snapshot.Root, store.Root)))
            {
                // A checkpoint is replacing files.
                continue;
            }

            if (!isWhole && store.IsFollowing && CurrentFile.Read(store.Directory).Generation != published.Manifest.Generation)
            {
                // A reader beside a writer of another process: its files are gone for good reasons.
                throw Error.VerificationOvertaken(store.Directory.Path);
            }

            return;
        }
    }

    private void CheckNames()
    {
        Attempt(CurrentFile.Name, null, () =>
        {
            // A checkpoint may be writing it just now; then the second reading meets another moment.
            if (FindInvalidSlot() is not null && FindInvalidSlot() is { } wrong)
            {
                Report(CurrentFile.Name, wrong);
            }
        });
        Attempt(Manifest.NameOf(published.Manifest.Generation), null, () =>
        {
            try
            {
                ManifestFile.Read(store.Directory, published.Manifest.Generation, published.Current.ManifestChecksum);
            }
            catch (EngramException) when (!ReferenceEquals(published, store.Published))
            {
                // A checkpoint replaced it meanwhile, and it is nobody's manifest any more.
                return;
            }
        });
    }

    private string? FindInvalidSlot()
    {
        try
        {
            return CurrentFile.FindInvalidSlot(store.Directory);
        }
        catch (EngramException e) when (e.SqlState is SqlStates.DataCorrupted or SqlStates.NotADatabase)
        {
            return Error.Finding(e);
        }
    }

    private async Task CheckSegmentsAsync(TableManifest table, CancellationToken cancellationToken)
    {
        var definition = Catalog.Get(table.Table);
        var last = long.MinValue;
        foreach (var segment in table.Segments)
        {
            if (segment.Info.RowIdMin <= last)
            {
                Report(segment.Info.Name, string.Create(CultureInfo.InvariantCulture, $"row ids begin at {segment.Info.RowIdMin}, and an earlier segment has some up to {last}"), definition);
            }

            last = segment.Info.RowIdMax;
            foreach (var info in segment.Info.Files)
            {
                await CheckFileAsync(definition, info, cancellationToken).ConfigureAwait(false);
            }

            if (segment.OverlayName is { } overlay)
            {
                Attempt(overlay, definition, () => CheckOverlay(definition, segment, overlay));
                await pace.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Segments that loads attached since the checkpoint: the log names them, and no manifest does yet.</summary>
    private async Task CheckAttachedAsync(CancellationToken cancellationToken)
    {
        var named = published.Manifest.FileNames.ToHashSet(StringComparer.Ordinal);
        foreach (var (id, table) in snapshot.Root.Tables.OrderBy(t => t.Key.Value))
        {
            foreach (var info in table.Segments.SelectMany(s => s.Segment.Info.Files).Where(f => !named.Contains(f.Name)))
            {
                filesTotal++;
                await CheckFileAsync(snapshot.Catalog.Get(id), info, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task CheckFileAsync(TableDefinition table, SegmentInfo info, CancellationToken cancellationToken)
    {
        await CheckPagesAsync(table, info, cancellationToken).ConfigureAwait(false);
        for (var ordinal = 0; ordinal < info.Columns.Length && !damaged.Contains(info.Name); ordinal++)
        {
            CheckBlocks(table, info, ordinal);
            await pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CheckPagesAsync(TableDefinition table, SegmentInfo info, CancellationToken cancellationToken)
    {
        Segment? segment = null;
        var found = new List<int>();
        Attempt(info.Name, table, () => segment = Segment.Open(files, info), info.RowIdMin, info.RowIdMax);
        if (segment is null)
        {
            return;
        }

        using (segment)
        {
            var buffer = new byte[SegmentFormat.PieceSize];
            for (var piece = 0; piece < segment.PieceCount; piece++)
            {
                try
                {
                    segment.CheckPiece(piece, buffer, found);
                }
                catch (EngramException e) when (e.SqlState is SqlStates.DataCorrupted or SqlStates.IoError)
                {
                    // What cannot be read is named page by page like what does not match.
                    Report(info.Name, Error.Finding(e), table);
                    var pagesOfPiece = SegmentFormat.PieceSize / SegmentFormat.PageSize;
                    found.AddRange(Enumerable.Range(piece * pagesOfPiece, Math.Min(pagesOfPiece, segment.PageCount - (piece * pagesOfPiece))));
                }

                await pace.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            pages += segment.PageCount;
            if (found.Count > 0)
            {
                damaged.Add(info.Name);
                ReportPages(table, segment, found);
            }
        }
    }

    private void ReportPages(TableDefinition table, Segment segment, List<int> found)
    {
        var blocks = segment.FindBlocksOn(found);
        if (blocks.Count == 0)
        {
            Report(segment.Info.Name, string.Create(CultureInfo.InvariantCulture, $"page {found[0]} does not match its checksum; no value lies on it"), table);
        }

        foreach (var (block, ordinals) in blocks)
        {
            var columns = ordinals.Select(o => NameOf(table, segment.ColumnAt(o))).ToList();
            var zone = segment.GetZone(0, block);
            var (first, last) = (zone.Min<long>(), zone.Max<long>());
            problems.Add(new VerificationProblem(segment.Info.Name, string.Create(CultureInfo.InvariantCulture,
                $"Rows {first} to {last} of table '{table}' cannot be read in segment '{segment.Info.Name}': pages with values of {string.Join(", ", columns.Select(c => $"'{c}'"))} do not match their checksums."))
            {
                Table = table.ToString(),
                Columns = columns,
                RowIdFirst = first,
                RowIdLast = last,
            });
        }
    }

    private void CheckBlocks(TableDefinition table, SegmentInfo info, int ordinal) => Attempt(info.Name, null, () =>
    {
        // Opened anew for each column, so that one column is in memory at a time.
        using var segment = Segment.Open(files, info);
        segment.Definition = table;
        var target = new Column(segment.TypeOf(ordinal));
        using var scratch = new ColumnBuffer(segment.TypeOf(ordinal), Batch.RowCountMax);
        for (var block = 0; block < segment.BlockCount; block++)
        {
            if (segment.CheckBlock(ordinal, block, target, scratch) is { } wrong)
            {
                var zone = segment.GetZone(0, block);
                var name = NameOf(table, segment.ColumnAt(ordinal));
                problems.Add(new VerificationProblem(info.Name, string.Create(CultureInfo.InvariantCulture,
                    $"Rows {zone.Min<long>()} to {zone.Max<long>()} of table '{table}', column '{name}', in segment '{info.Name}': {wrong}."))
                {
                    Table = table.ToString(),
                    Columns = [name],
                    RowIdFirst = zone.Min<long>(),
                    RowIdLast = zone.Max<long>(),
                });
            }
        }
    }, countsFile: false);

    private void CheckOverlay(TableDefinition table, SegmentManifest segment, string name)
    {
        using var overlay = OverlayFile.Read(files, name, segment.OverlayChecksum);
        if (overlay.RowCount != segment.Info.RowCount)
        {
            Report(name, string.Create(CultureInfo.InvariantCulture, $"it is about {overlay.RowCount} rows, and its segment has {segment.Info.RowCount}"), table);
        }

        foreach (var patch in overlay.Patches)
        {
            if (table.FindColumn(patch.Column) is not { } column || column.Type.Physical != patch.Values.Type.Physical)
            {
                Report(name, $"it has values for column {patch.Column} of type {patch.Values.Type}, which the table has not", table);
            }
        }
    }

    private void CheckLog() => Attempt(WalFormat.Directory, null, () =>
    {
        using var log = WalFileSet.Open(files, published.Manifest.Lsn, isReadOnly: true);
        if (log.Live.Count == 0)
        {
            if (durable > published.Manifest.Lsn)
            {
                Report(WalFormat.Directory, string.Create(CultureInfo.InvariantCulture, $"there are no log files, and commits up to {durable} should be in them"));
            }

            return;
        }

        using var workers = new ReplayWorkers(ReplayOptions.Default);
        using var reading = new WalReadAhead(workers, log.Live);
        var chain = new WalChain(log.Live, published.Manifest.Lsn, (_, _) => { }, workers, files.Clock);
        chain.Follow(durable);
        if (chain.NextLsn <= durable)
        {
            Report(log.Live[chain.FileIndex].Name, string.Create(CultureInfo.InvariantCulture,
                $"it holds no valid group at byte {chain.Offset}, where commit {chain.NextLsn} begins, and commits up to {durable} should be there"));
        }
    });

    private bool IsDamaged(SegmentExtent extent) => extent.Segment.Info.Files.Any(f => damaged.Contains(f.Name));

    private static string NameOf(TableDefinition table, ColumnId id)
        => id == ColumnId.RowId ? "row id" : id == ColumnId.OrderedRowId ? "row id in order" : id == ColumnId.RowPosition ? "position of row id"
            : table.FindStored(id)?.Name ?? $"a dropped column ({id})";

    private void Report(string file, string what, TableDefinition? table = null, long? first = null, long? last = null)
        => problems.Add(new VerificationProblem(file, $"{(table is null ? "" : $"Table '{table}': ")}{(file.Length == 0 || what.Contains(file, StringComparison.Ordinal) ? "" : $"'{file}': ")}{what}{(what.EndsWith('.') ? "" : ".")}")
        {
            Table = table?.ToString(), RowIdFirst = first, RowIdLast = last,
        });

    /// <summary>Does a part; what it finds damaged or unreadable is a problem, and the rest goes on.</summary>
    private void Attempt(string file, TableDefinition? table, Action check, long? first = null, long? last = null, bool countsFile = true)
    {
        try
        {
            check();
        }
        catch (EngramException e) when (e.SqlState is SqlStates.DataCorrupted or SqlStates.NotADatabase or SqlStates.IoError)
        {
            damaged.Add(file);
            Report(file, Error.Finding(e), table, first, last);
        }

        if (countsFile)
        {
            filesDone++;
            options.Report?.Invoke(new VerificationProgress(filesDone, filesTotal, pace.Bytes, file));
        }
    }
}
