namespace Engram.Data.Columns;

/// <summary>How much memory one open database may take for rows that are in no segment yet and for statements that run, and how much it takes.</summary>
/// <remarks>
/// <para>New rows are <see cref="Charge">charged</see>, whatever there is: a commit that recovery reads must go somewhere. Writers are held up before they begin instead. What
/// statements keep is <see cref="Reserve">reserved</see>, and refused beyond the limit; half of it is theirs even when new rows have filled it, so that a
/// statement does not fail because of others that write. Both in coarse steps, so that no row costs an atomic operation.</para>
/// <para>Derived data that can be done without is counted <see cref="TryReserveDerived">apart</see>, within the half that is not the statements': what nobody needs fails no statement.</para>
/// <para>Thread-safe. What is counted is native memory that grows with the data; small and short-lived things are not.</para>
/// </remarks>
internal sealed class MemoryBudget(long limitBytes)
{
    /// <summary>The least step in which memory is reserved.</summary>
    public const long StepBytes = 64 * 1024;

    private long deltaBytes;
    private long reservedBytes;
    private long derivedBytes;

    public long LimitBytes { get; } = limitBytes;

    /// <summary>Held by rows and versions that are in no segment yet, those that only open snapshots still see too.</summary>
    public long DeltaBytes => Volatile.Read(ref deltaBytes);

    /// <summary>Held by statements and transactions that run.</summary>
    public long ReservedBytes => Volatile.Read(ref reservedBytes);

    /// <summary>Held by what was derived from rows and can be done without, such as codes made in memory.</summary>
    public long DerivedBytes => Volatile.Read(ref derivedBytes);

    public long UsedBytes => DeltaBytes + ReservedBytes + DerivedBytes;

    /// <summary>A quarter of the memory that the process may use: of the container's, or of the machine's.</summary>
    public static long LimitBytesDefault => Math.Max(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 16L * 1024 * 1024);

    /// <summary>Counts memory of new rows; negative when it is given back.</summary>
    public void Charge(long sizeBytes) => Interlocked.Add(ref deltaBytes, sizeBytes);

    /// <summary>Counts memory of a statement.</summary>
    /// <param name="what">What it is for, as a message says it.</param>
    /// <exception cref="EngramException">53200: there is not as much left.</exception>
    public void Reserve(long sizeBytes, string what)
    {
        // What is refused is never counted, not for a moment: another statement would see the sum and fail too.
        var reserved = ReservedBytes;
        while (true)
        {
            if (reserved + sizeBytes + Math.Min(DeltaBytes + DerivedBytes, LimitBytes / 2) > LimitBytes)
            {
                throw Error.MemoryLimitReached(what, sizeBytes, UsedBytes, LimitBytes);
            }

            var found = Interlocked.CompareExchange(ref reservedBytes, reserved + sizeBytes, reserved);
            if (found == reserved)
            {
                return;
            }

            reserved = found;
        }
    }

    /// <summary>Counts memory for what can be done without when there is little: as much as new rows leave of the half that is not the statements', and statements of the whole.</summary>
    /// <returns>Whether it was counted.</returns>
    public bool TryReserveDerived(long sizeBytes)
    {
        var derived = DerivedBytes;
        while (true)
        {
            var shared = derived + sizeBytes + DeltaBytes;
            if (shared > LimitBytes / 2 || shared + ReservedBytes > LimitBytes)
            {
                return false;
            }

            var found = Interlocked.CompareExchange(ref derivedBytes, derived + sizeBytes, derived);
            if (found == derived)
            {
                return true;
            }

            derived = found;
        }
    }

    /// <summary>Counts memory of a statement without asking whether there is as much left.</summary>
    public void Take(long sizeBytes) => Interlocked.Add(ref reservedBytes, sizeBytes);

    public void Release(long sizeBytes) => Interlocked.Add(ref reservedBytes, -sizeBytes);

    /// <summary>Gives back what <see cref="TryReserveDerived"/> counted.</summary>
    public void ReleaseDerived(long sizeBytes) => Interlocked.Add(ref derivedBytes, -sizeBytes);
}

/// <summary>What one operator or transaction holds of a budget. Used by one thread at a time; the finalizer gives back what a forgotten statement held.</summary>
/// <param name="budget">Null: nothing is counted.</param>
/// <param name="what">What it is for, as a message says it.</param>
internal sealed class MemoryReservation(MemoryBudget? budget, string what) : IDisposable
{
    private long heldBytes;

    ~MemoryReservation() => Release();

    /// <summary>Sees to it that so much is held, at least.</summary>
    /// <exception cref="EngramException">53200.</exception>
    public void Hold(long sizeBytes)
    {
        if (IsMore(sizeBytes))
        {
            var more = Math.Max(sizeBytes - heldBytes, MemoryBudget.StepBytes);
            budget!.Reserve(more, what);
            heldBytes += more;
        }
    }

    /// <summary>The same, for what is limited in another way.</summary>
    public void Take(long sizeBytes)
    {
        if (IsMore(sizeBytes))
        {
            var more = Math.Max(sizeBytes - heldBytes, MemoryBudget.StepBytes);
            budget!.Take(more);
            heldBytes += more;
        }
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>What fits into one step is not worth counting: most statements keep less.</summary>
    private bool IsMore(long sizeBytes) => sizeBytes > Math.Max(heldBytes, MemoryBudget.StepBytes) && budget is not null;

    private void Release()
    {
        budget?.Release(heldBytes);
        heldBytes = 0;
    }
}
