namespace Engram.Data.Storage.Files;

/// <summary>Door 1: the directory of a database, and through it everything that the engine asks of the operating system.</summary>
/// <remarks>
/// <para>Three houses stand behind it: the real disk (<c>DiskDirectory</c>), memory (<c>MemoryDirectory</c>, for Mode=Memory), and the
/// simulated disk of the tests, which may lie, fail and forget. Nothing else in the engine touches files, maps, clocks or randomness.</para>
/// <para>Names are relative, with '/' between a sub-directory and a file (<c>wal/00000001.wal</c>). Every failure of the operating system
/// surfaces as an <see cref="EngramException"/> (58030, or 53100 when the disk is full) that names the file, the call and the system's
/// error; no call retries a failed sync. Thread-safe, except that one file's writes come from one thread at a time.</para>
/// </remarks>
internal abstract class DataDirectory : IDisposable
{
    /// <summary>The full path, or a name in angle brackets when there is none, for messages.</summary>
    public abstract string Path { get; }

    /// <summary>The current time; the only clock that storage reads.</summary>
    public virtual TimeProvider Clock => TimeProvider.System;

    /// <summary>64 random bits, for salts and for names that must not repeat.</summary>
    public abstract ulong NextRandom();

    /// <summary>Whether <see cref="DataFile.Map"/> gives memory that costs no copy. When false, ranges are read into native memory.</summary>
    public abstract bool CanMap { get; }

    public abstract bool Exists(string name);

    /// <summary>Names of the files directly in a sub-directory ("" for the top), without the sub-directory's name, in ordinal order.</summary>
    public abstract IReadOnlyList<string> List(string subdirectory);

    /// <summary>Creates a new file, readable by its owner only, and opens it for reading and writing. Fails when it exists.</summary>
    public abstract DataFile Create(string name);

    /// <summary>Opens an existing file. Fails with 58030 when it does not exist.</summary>
    public abstract DataFile Open(string name, bool writable);

    /// <summary>Gives a file a new name atomically, replacing what had it. Durable after <see cref="Sync"/>.</summary>
    public abstract void Rename(string from, string to);

    /// <summary>Unlinks a file; mappings and handles of it stay valid. No error when it does not exist.</summary>
    public abstract void Delete(string name);

    /// <summary>Creates a sub-directory, owner only; no error when it exists.</summary>
    public abstract void CreateSubdirectory(string name);

    /// <summary>Makes creations, renames and deletions in a sub-directory ("" for the top) durable.</summary>
    public abstract void Sync(string subdirectory);

    /// <summary>Takes the exclusive lock that only one process and one store in it can hold, or says who holds it.</summary>
    /// <param name="name">The lock file, created when it does not exist; the holder's process id is written into it.</param>
    /// <param name="holder">When the result is null: the holder's process id as read from the file, 0 when unknown.</param>
    /// <returns>The lock, released by Dispose and by the end of the process; null when another holds it.</returns>
    public abstract IDisposable? TryLock(string name, out int holder);

    /// <summary>Whether other processes can open the same directory.</summary>
    public virtual bool IsShared => false;

    /// <summary>Whether somebody, here or in another process, holds the lock of <see cref="TryLock"/>. Takes and writes nothing.</summary>
    public virtual bool IsLocked(string name) => false;

    /// <summary>Whether the path still leads to the directory in which this object holds a lock: somebody may have deleted it and made another.
    /// False when no lock was taken. Costs a small read.</summary>
    public virtual bool IsInPlace() => true;

    /// <summary>Removes a sub-directory ("" for the directory itself) if it is empty. No error when it is not, or does not exist.</summary>
    public virtual void RemoveEmptySubdirectory(string name)
    {
    }

    public abstract void Dispose();
}
