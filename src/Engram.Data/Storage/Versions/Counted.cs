namespace Engram.Data.Storage.Versions;

/// <summary>Something that several roots share and that is freed when the last of them lets go.</summary>
internal abstract class Counted
{
    private int references = 1;

    public void AddReference()
    {
        if (Interlocked.Increment(ref references) <= 1)
        {
            throw Error.Internal("a freed object was referenced again");
        }
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref references) == 0)
        {
            Free();
        }
    }

    /// <summary>Whether somebody refers to it at this moment.</summary>
    public bool IsHeld => Volatile.Read(ref references) > 0;

    /// <summary>Whether the caller, who refers to it, is not the only one.</summary>
    public bool IsShared => Volatile.Read(ref references) > 1;

    /// <summary>Adds a reference unless the last one is already gone.</summary>
    public bool TryAddReference()
    {
        var seen = Volatile.Read(ref references);
        while (seen > 0)
        {
            var now = Interlocked.CompareExchange(ref references, seen + 1, seen);
            if (now == seen)
            {
                return true;
            }

            seen = now;
        }

        return false;
    }

    /// <summary>Called once, when nothing refers to this any more.</summary>
    protected abstract void Free();
}
