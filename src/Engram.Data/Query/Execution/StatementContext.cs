using Engram.Data.Columns;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution;

/// <summary>What one running statement shares among its operators and evaluators.</summary>
internal sealed class StatementContext(Snapshot snapshot, Transaction? transaction, Batch parameters, TimeProvider clock, CancellationToken cancellation)
{
    /// <summary>The view that the statement reads.</summary>
    public Snapshot Snapshot { get; private set; } = snapshot;

    /// <summary>The write transaction, begun for this statement; null for a statement that only reads.</summary>
    public Transaction? Transaction { get; } = transaction;

    /// <summary>What operators reserve memory from; null where nothing is counted, as for a plan that reads no table.</summary>
    public MemoryBudget? Memory { get; } = snapshot?.Memory;

    /// <summary>What takes the rows that are inserted; null for the transaction itself.</summary>
    public RowTarget? Target { get; init; }

    /// <summary>One row: the values of the statement's parameters, converted to the types that the plan expects.</summary>
    public Batch Parameters { get; } = parameters;

    /// <summary>What system tables ask of the engine; null where a plan runs without one.</summary>
    public SystemTables.SystemSource? System { get; init; }

    /// <summary>Where names without a schema are looked up while the statement runs; default for the public one.</summary>
    public System.Collections.Immutable.ImmutableArray<string> SearchPath { get; init; }

    /// <summary>The temporary tables of the session.</summary>
    public TemporaryTables Temporary
    {
        get => temporary ??= new TemporaryTables();
        init => temporary = value;
    }

    private TemporaryTables? temporary;

    /// <summary>What nextval gave in the session.</summary>
    public SequenceUse Sequences
    {
        get => sequences ??= new SequenceUse();
        init => sequences = value;
    }

    private SequenceUse? sequences;

    /// <summary>For statements that a statement runs within itself.</summary>
    public TimeProvider Clock { get; } = clock;

    /// <summary>now() for the whole statement.</summary>
    public DateTimeOffset Now { get; private set; } = clock.GetUtcNow();

    /// <summary>Asked once a batch by every operator that may run long.</summary>
    public CancellationToken Cancellation { get; private set; } = cancellation;

    /// <summary>Views of parameters that evaluators hold, to be set anew when the values change; null when they never do.</summary>
    public List<(Column View, int Index)>? ParameterViews { get; init; }

    /// <summary>Values of <see cref="Binding.BoundSlot"/>: one-row constant columns, set before the inner plan runs.</summary>
    private Dictionary<int, ColumnBuffer>? slots;

    /// <summary>On how many threads it may run.</summary>
    public Parallelism Parallelism { get; init; } = Parallelism.Off;

    /// <summary>The breadth of searches WITH APPROXIMATE that name none.</summary>
    public long ApproximateBreadth { get; init; } = GraphSearch.BreadthDefault;

    /// <summary>In a copy of a part of a plan: the scan to read in the place of the plan's leaf.</summary>
    public SplitLeaf? Split { get; set; }

    /// <summary>While the right side of a LATERAL is made: where its search finds answers that were looked for ahead.</summary>
    public Operators.VectorAnswers? Answers { get; set; }

    /// <summary>What the parts of a WITH that changes data have changed; null for a statement that changes data in one place.</summary>
    public Modifications.ChangedRows? Changed { get; set; }

    /// <summary>What foreign keys ask for and check when the statement has changed all that it changes.</summary>
    public Modifications.ReferentialActions ReferentialActions => referentialActions ??= new Modifications.ReferentialActions(this);

    private Modifications.ReferentialActions? referentialActions;

    /// <summary>Carries out, and checks, what foreign keys ask for: once, when the last part of the statement has changed what it changes.</summary>
    public void CompleteReferences()
    {
        if (referentialActions is { } actions)
        {
            try
            {
                actions.Complete();
            }
            finally
            {
                // Not before: what an action changes entails further ones.
                referentialActions = null;
                actions.Dispose();
            }
        }
    }

    /// <summary>By number, the rows that the last step of each recursive query added.</summary>
    public Dictionary<int, Rows.RowStore> WorkingTables => workingTables ??= [];

    private Dictionary<int, Rows.RowStore>? workingTables;

    /// <summary>By number, the keys of joins whose left side was read and is small.</summary>
    public Dictionary<int, Rows.KeyTable> JoinKeys => joinKeys ??= [];

    private Dictionary<int, Rows.KeyTable>? joinKeys;

    /// <summary>A join looks keys up when there is at most one for so many rows of the table; 0 for always.</summary>
    public int RowsPerJoinKey { get; init; } = 128;

    /// <summary>The place of a slot, made when it is first asked for: NULL until it is set.</summary>
    public ColumnBuffer Slot(int slot, DataType type)
    {
        slots ??= [];
        if (!slots.TryGetValue(slot, out var value))
        {
            slots.Add(slot, value = ClrValue.Constant(type, null));
        }

        return value;
    }

    /// <summary>Copies one value into a slot.</summary>
    public static void SetSlot(ColumnBuffer slot, Column source, int row)
    {
        slot.Clear();
        slot.AppendFrom(source, row);
    }

    /// <summary>What each node did, while EXPLAIN ANALYZE runs; null otherwise.</summary>
    public Dictionary<Planning.Plan, Explaining.OperatorMeasure>? Measures { get; set; }

    /// <summary>Turns to another execution of the same plan. The parameters have their new values.</summary>
    public void Rebind(Snapshot other, CancellationToken token)
    {
        (Snapshot, Cancellation) = (other, token);
        foreach (var (view, index) in ParameterViews!)
        {
            view.SetView(Parameters.Columns[index]);
            view.IsConstant = true;
        }
    }

    /// <summary>Lets go of the snapshot until then.</summary>
    public void Rest() => (Snapshot, Cancellation) = (null!, default);

    /// <summary>For a copy of a part of the plan, which runs on another thread: the same view, values and time, with slots and measures of its own.</summary>
    public StatementContext ForWorker()
    {
        // Made before it is shared: most statements have none.
        (workingTables, joinKeys) = (WorkingTables, JoinKeys);
        var copy = (StatementContext)MemberwiseClone();
        copy.slots = null;
        copy.Answers = null;
        copy.Measures = Measures is null ? null : new Dictionary<Planning.Plan, Explaining.OperatorMeasure>(ReferenceEqualityComparer.Instance);
        return copy;
    }
}
