using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Engine;

/// <summary>Statements that are about the session itself: transactions, settings, maintenance.</summary>
internal sealed partial class Session
{
    private static readonly string Version = typeof(Session).Assembly.GetName().Version?.ToString(3) ?? "";

    public SessionSettings Settings { get; } = new() { MaxParallelismDefault = maxParallelism };

    private async ValueTask<ResultReader> ExecuteSessionStatementAsync(StatementSyntax statement, string text, Interrupt interrupt, bool isAsync)
    {
        switch (statement)
        {
            case BeginSyntax begin:
                Begin(begin.Isolation is { } asked ? ToIsolation(asked) : Settings.DefaultIsolation, begin.IsReadOnly ?? false);
                break;
            case CommitSyntax or RollbackSyntax when Transaction?.Gate is not null:
                throw Error.TransactionOfScope();
            case CommitSyntax:
                await CommitAsync(Transaction ?? throw Error.NoTransaction("COMMIT"), isAsync).ConfigureAwait(false);
                break;
            case RollbackSyntax:
                Rollback(Transaction ?? throw Error.NoTransaction("ROLLBACK"));
                break;
            case SavepointSyntax savepoint:
                (Transaction ?? throw Error.NoTransaction("SAVEPOINT")).CreateSavepoint(Fold(savepoint.Name));
                break;
            case RollbackToSavepointSyntax savepoint:
                (Transaction ?? throw Error.NoTransaction("ROLLBACK TO SAVEPOINT")).RollbackToSavepoint(Fold(savepoint.Name));
                break;
            case ReleaseSavepointSyntax savepoint:
                (Transaction ?? throw Error.NoTransaction("RELEASE SAVEPOINT")).ReleaseSavepoint(Fold(savepoint.Name));
                break;
            case SetSyntax { IsLocal: true, Name: not TrackStatements } when Transaction is null:
                throw Error.NoTransaction("SET LOCAL");
            case SetSyntax set:
                Set(set.Name, set.Values, set.IsLocal, set.Position);
                break;
            case ShowSyntax { Name: "all" }:
                return ShowAll();
            case ShowSyntax show:
                return ShowSetting(show.Name);
            case DoSyntax block:
                await ExecuteBlockAsync(block, text, interrupt, isAsync).ConfigureAwait(false);
                break;
            case PrepareSyntax prepare:
                Prepare(prepare, text);
                break;
            case DeallocateSyntax deallocate:
                Deallocate(deallocate);
                break;
            case AnalyzeSyntax analyze:
                Analyze(analyze, interrupt);
                break;
            case SetTransactionSyntax set:
                SetTransaction(set);
                break;
            case LockTableSyntax locked:
                await LockAsync(locked, interrupt, isAsync).ConfigureAwait(false);
                break;
            case CheckpointSyntax:
                await CheckpointAsync(interrupt, isAsync).ConfigureAwait(false);
                break;
            case VacuumSyntax vacuum:
                await VacuumAsync(vacuum, interrupt, isAsync).ConfigureAwait(false);
                break;
            default:
                throw Error.NotSupported("This statement", statement.Position + 1);
        }

        return new BufferedReader([], hasResultSet: false, -1, null);
    }

    private void SetTransaction(SetTransactionSyntax set)
    {
        Isolation? isolation = set.Isolation is { } asked ? ToIsolation(asked) : null;
        if (set.IsSession)
        {
            Settings.DefaultIsolation = isolation ?? Settings.DefaultIsolation;
            return;
        }

        // A connection that only reads stays one, whatever is set.
        (Transaction ?? throw Error.NoTransaction("SET TRANSACTION")).Change(isolation, isReadOnly ? null : set.IsReadOnly);
    }

    /// <summary>There is one write lock: whoever has it is the only one to write, to any table.</summary>
    private async ValueTask LockAsync(LockTableSyntax locked, Interrupt interrupt, bool isAsync)
    {
        var transaction = Transaction ?? throw Error.NoTransaction("LOCK TABLE");
        var catalog = ReadCatalog();
        foreach (var name in locked.Tables)
        {
            NameMatch.FindTable(catalog, name);
        }

        if (!locked.IsForReading)
        {
            using var atOnce = locked.IsNoWait ? CreateInterrupt(TimeSpan.FromMilliseconds(1), default) : null;
            await transaction.EnterWriteAsync("LOCK TABLE", atOnce ?? interrupt, isAsync).ConfigureAwait(false);
        }
    }

    /// <summary>The columns of a query, and no rows.</summary>
    private BufferedReader OpenNothing(Statement statement, ParameterList parameters)
    {
        var bound = statement.Bind(ReadCatalog(), parameters, Settings.Optimizes, CancellationToken.None);
        return new BufferedReader(bound.Plan.Output, hasResultSet: true, -1, new RowBuffer(bound.Plan.Output, store.Memory));
    }

    /// <summary>SET engram.track_statements: of the database, not of the session.</summary>
    private const string TrackStatements = "engram.track_statements";

    /// <summary>SET, and set_config, which is of a statement: what it sets for the transaction alone ends with the statement where there is none.</summary>
    public void Set(string name, IReadOnlyList<string> values, bool isLocal, int position)
    {
        if (name == TrackStatements)
        {
            Database.Plans.TracksStatements = !isLocal ? values.Count > 0 && SessionSettings.ParseSwitch(name, values[0])
                : throw Error.NotSupported($"SET LOCAL {TrackStatements}, which is of the database,", position + 1);
        }
        else if (Transaction is not null)
        {
            Settings.SetInTransaction(name, values, isLocal);
        }
        else if (!isLocal)
        {
            Settings.Set(name, values);
        }
    }

    /// <summary>A setting as SHOW shows it; null when there is none and that is no error.</summary>
    public string? FindSetting(string name, bool isMissingOk)
        => isMissingOk && !DescribeSettings().Any(s => s.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) && !Settings.IsOwn(name) ? null : ValueOf(name);

    /// <summary>What SHOW shows, by name.</summary>
    public IEnumerable<(string Name, string Value)> DescribeSettings()
    {
        yield return ("durability", Database.Target.Durability.ToString().ToLowerInvariant());
        yield return ("memory_limit_bytes", store.Memory.LimitBytes.ToString(System.Globalization.CultureInfo.InvariantCulture));
        yield return ("checkpoint_wal_size_bytes", Database.Target.CheckpointWalSizeBytes.ToString(System.Globalization.CultureInfo.InvariantCulture));
        foreach (var name in SessionSettings.Names)
        {
            yield return (name, ValueOf(name));
        }
    }

    private string ValueOf(string name)
        => name.Equals(TrackStatements, StringComparison.OrdinalIgnoreCase) ? Database.Plans.TracksStatements ? "on" : "off" : Settings.Show(name, Transaction, Version);

    private BufferedReader ShowAll()
    {
        var rows = new RowBuffer([new PlanColumn("name", DataType.Text, IsNullable: false), new PlanColumn("setting", DataType.Text, IsNullable: false)]);
        foreach (var (name, value) in DescribeSettings().OrderBy(s => s.Name, StringComparer.Ordinal))
        {
            rows.AppendRow(name, value);
        }

        return new BufferedReader(rows.Columns, hasResultSet: true, -1, rows);
    }

    private BufferedReader ShowSetting(string name)
    {
        var value = ValueOf(name);
        var rows = new RowBuffer([new PlanColumn(name, DataType.Text, IsNullable: false)]);
        rows.AppendRow(value);
        return new BufferedReader(rows.Columns, hasResultSet: true, -1, rows);
    }

    /// <summary>It waits for the write lock, which this session itself may hold.</summary>
    public void CheckMaintenance(string statement)
    {
        if (isReadOnly)
        {
            throw Error.ReadOnlyConnection(statement);
        }

        if (Transaction?.Writer is not null)
        {
            throw Error.MaintenanceInTransaction(statement);
        }
    }

    /// <summary>Reads what sketches are missing, and has statements planned anew: samples are looked at when that is done.</summary>
    private void Analyze(AnalyzeSyntax analyze, Interrupt interrupt)
    {
        using var snapshot = store.OpenSnapshot();
        var catalog = snapshot.Catalog.Along(SearchPath);
        var tables = analyze.Tables.Count == 0 ? catalog.Tables.Keys : analyze.Tables.Select(name => NameMatch.FindTable(catalog, name).Id);
        foreach (var table in tables)
        {
            snapshot.MakeSketches(table, interrupt.Token);
        }

        Database.Plans.Forget();
    }

    private ValueTask VacuumAsync(VacuumSyntax vacuum, Interrupt interrupt, bool isAsync)
    {
        CheckMaintenance("VACUUM");
        HashSet<TableId>? tables = null;
        if (vacuum.Tables.Count > 0)
        {
            var catalog = ReadCatalog();
            tables = [.. vacuum.Tables.Select(name => NameMatch.FindTable(catalog, name).Id)];
        }

        if (isAsync)
        {
            return store.CompactAsync(tables, null, interrupt.Token);
        }

        store.Compact(tables, null, interrupt.Token);
        return default;
    }

    private ValueTask CheckpointAsync(Interrupt interrupt, bool isAsync)
    {
        CheckMaintenance("CHECKPOINT");
        if (isAsync)
        {
            return store.CheckpointAsync(interrupt.Token);
        }

        store.Checkpoint(interrupt.Token);
        return default;
    }

    private static Isolation ToIsolation(TransactionIsolation isolation) => isolation switch
    {
        TransactionIsolation.ReadCommitted => Isolation.ReadCommitted,
        TransactionIsolation.Snapshot => Isolation.Snapshot,
        _ => Isolation.Serializable,
    };

    /// <summary>Savepoints have no catalog in which a name could differ in case, so an unquoted one is its lower case.</summary>
    private static string Fold(IdentifierSyntax name) => name.IsQuoted ? name.Text : name.Text.ToLowerInvariant();
}
