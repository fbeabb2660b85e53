using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;
using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage.Maintenance;

/// <summary>The rows that a salvage saved, in memory: the segments that are left, with the readable prefix of the log applied.</summary>
internal sealed class SalvageState : IDisposable
{
    private readonly DataDirectory directory;
    private readonly SalvageSegments segments;
    private readonly RedoApplier applier;

    private SalvageState(DataDirectory directory, SalvageSegments segments)
    {
        this.directory = directory;
        this.segments = segments;
        try
        {
            Counters = StoreOpening.Load(directory, segments.Left, Tables);
        }
        catch
        {
            StoreOpening.Release(Tables);
            throw;
        }

        applier = new RedoApplier(Tables, Counters, segments.Left.Catalog, directory.Path) { Directory = directory, IsLost = segments.IsLost, Save = segments.SaveAttached, SaveColumn = segments.SaveColumn };
    }

    public Dictionary<TableId, TableVersion> Tables { get; } = [];

    public Dictionary<TableId, TableCounters> Counters { get; }

    public DatabaseCatalog Catalog => applier.Catalog;

    /// <summary>Segments that the log attached, as they were before.</summary>
    public IReadOnlyCollection<string> AttachedNames => segments.AttachedNames;

    /// <summary>Rows that the log changed.</summary>
    public long Rows => applier.Rows;

    /// <summary>Changes in the log to rows that are lost.</summary>
    public IReadOnlyList<(TableId Table, long RowId, Lsn Lsn)> Skipped => applier.Skipped;

    public WalSalvageResult Log { get; private set; } = null!;

    public static SalvageState Build(DataDirectory directory, SalvageSegments segments)
    {
        (Lsn Last, string Damage)? cut = null;
        while (true)
        {
            var state = new SalvageState(directory, segments);
            try
            {
                state.Log = WalSalvage.Read(directory, segments.Left.Lsn, cut, (lsn, payload) => state.applier.Apply(lsn, payload.Span));
            }
            catch
            {
                state.Dispose();
                throw;
            }

            if (state.Log.MisfitLsn is not { } misfit)
            {
                return state;
            }

            // Part of that commit is in the state already: once more, and only up to the one before it.
            cut = (new Lsn(misfit.Value - 1), state.Log.Damage!);
            state.Dispose();
        }
    }

    public void Dispose()
    {
        applier.Dispose();
        StoreOpening.Release(Tables);
    }
}
