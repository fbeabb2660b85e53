using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Engram.Data.Storage.Files;

/// <summary>A database directory on the disk.</summary>
/// <remarks>
/// Making an instance touches nothing: <see cref="CreateSubdirectory"/> of "" creates the directory itself (owner only), and until then
/// <see cref="Exists"/> is false and <see cref="List"/> empty.
/// </remarks>
internal sealed class DiskDirectory(string path) : DataDirectory
{
    private const UnixFileMode OwnerOnlyDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private DiskLock? _lock;

    public override string Path { get; } = System.IO.Path.GetFullPath(path);

    public override bool CanMap => true;

    /// <summary>The path under which one directory is known whatever symbolic links lead to it. What does not exist yet is taken as it stands.</summary>
    public static string ResolveLinks(string fullPath)
    {
        if (OperatingSystem.IsWindows())
        {
            return fullPath;
        }

        var rest = "";
        for (var existing = fullPath; ; existing = System.IO.Path.GetDirectoryName(existing)!)
        {
            if (SystemCalls.RealPath(existing) is { } real)
            {
                return rest.Length == 0 ? real : System.IO.Path.Combine(real, rest);
            }

            if (System.IO.Path.GetDirectoryName(existing) is null)
            {
                return fullPath;
            }

            rest = System.IO.Path.Combine(System.IO.Path.GetFileName(existing), rest);
        }
    }

    public override ulong NextRandom()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public override bool Exists(string name)
    {
        var full = FullPath(name);
        try
        {
            // Not File.Exists, which says false when the directory may not be searched: a database would be created over one that is there.
            return (File.GetAttributes(full) & FileAttributes.Directory) == 0;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("stat", full, e);
        }
    }

    public override IReadOnlyList<string> List(string subdirectory)
    {
        var full = FullPath(subdirectory);
        try
        {
            var names = Directory.GetFiles(full);
            for (var i = 0; i < names.Length; i++)
            {
                names[i] = System.IO.Path.GetFileName(names[i]);
            }

            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("readdir", full, e);
        }
    }

    public override DataFile Create(string name) => OpenStream(name, FileMode.CreateNew, FileAccess.ReadWrite);

    public override DataFile Open(string name, bool writable)
        => OpenStream(name, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read);

    public override void Rename(string from, string to)
    {
        var source = FullPath(from);
        var target = FullPath(to);
        if (!OperatingSystem.IsWindows())
        {
            var error = SystemCalls.Rename(source, target);
            if (error != 0)
            {
                throw SystemError.From("rename", source, error);
            }

            return;
        }

        try
        {
            File.Move(source, target, overwrite: true);
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("rename", source, e);
        }
    }

    public override void Delete(string name)
    {
        var full = FullPath(name);
        try
        {
            File.Delete(full);
        }
        catch (DirectoryNotFoundException)
        {
            // Without its directory the file is as absent as was asked for.
            return;
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("unlink", full, e);
        }
    }

    public override void CreateSubdirectory(string name)
    {
        var full = FullPath(name);
        if (File.Exists(full))
        {
            throw Error.NotADatabase(full, "it is a file, and a database is a directory");
        }

        var firstExisting = full;
        while (name.Length == 0 && !Directory.Exists(firstExisting) && System.IO.Path.GetDirectoryName(firstExisting) is { } above)
        {
            firstExisting = above;
        }

        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(full);
            }
            else
            {
                Directory.CreateDirectory(full, OwnerOnlyDirectory);
            }
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("mkdir", full, e);
        }

        // The new entries lie in the directories above, which for "" are not ours to name through Sync. The nearest one also when nothing
        // was created: whoever created the directory may not have come to this line.
        for (var made = full; name.Length == 0 && System.IO.Path.GetDirectoryName(made) is { } parent; made = parent)
        {
            SyncPath(parent);
            if (parent.Length <= firstExisting.Length)
            {
                break;
            }
        }
    }

    public override void Sync(string subdirectory) => SyncPath(FullPath(subdirectory));

    public override IDisposable? TryLock(string name, out int holder)
    {
        var full = FullPath(name);
        try
        {
            return _lock = DiskLock.TryTake(full, OwnerOnlyFile, NextRandom(), out holder);
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("lock", full, e);
        }
    }

    public override bool IsShared => true;

    public override bool IsLocked(string name)
    {
        var full = FullPath(name);
        try
        {
            return DiskLock.IsHeld(full);
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("lock", full, e);
        }
    }

    public override bool IsInPlace()
    {
        try
        {
            return _lock is { } held && held.IsInPlace();
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("read", FullPath(""), e);
        }
    }

    public override void RemoveEmptySubdirectory(string name)
    {
        var full = FullPath(name);
        try
        {
            if (!Directory.EnumerateFileSystemEntries(full).Any())
            {
                Directory.Delete(full, recursive: false);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Without it there is nothing to remove.
            return;
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("rmdir", full, e);
        }
    }

    /// <summary>Whether nothing is at a path, or a directory in which nothing is.</summary>
    public static bool IsAbsentOrEmpty(string fullPath)
    {
        try
        {
            return !File.Exists(fullPath) && (!Directory.Exists(fullPath) || !Directory.EnumerateFileSystemEntries(fullPath).Any());
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("readdir", fullPath, e);
        }
    }

    /// <summary>Gives the directory itself another path on the same file system, where nothing or an empty directory is, and makes that durable.
    /// Of this object nothing may be used afterwards.</summary>
    public void MoveTo(string fullPath)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                if (Directory.Exists(fullPath))
                {
                    Directory.Delete(fullPath, recursive: false);
                }

                Directory.Move(Path, fullPath);
            }
            catch (Exception e) when (SystemError.IsSystemFailure(e))
            {
                throw SystemError.From("rename", fullPath, e);
            }

            return;
        }

        // It replaces an empty directory, and fails on any other.
        var error = SystemCalls.Rename(Path, fullPath);
        if (error != 0)
        {
            throw SystemError.From("rename", fullPath, error);
        }

        SyncPath(System.IO.Path.GetDirectoryName(fullPath)!);
    }

    public override void Dispose()
    {
        // Files, maps and locks are disposed by those who opened them; the directory itself holds nothing.
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"disk {Path}");

    private DiskFile OpenStream(string name, FileMode mode, FileAccess access)
    {
        var full = FullPath(name);
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = access,
            // FileShare is no lock on Unix, and on Windows it must let a file be renamed and deleted while it is open, as Unix does.
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (mode == FileMode.CreateNew && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnlyFile;
        }

        try
        {
            return new DiskFile(new FileStream(full, options), full, name, isWritable: access != FileAccess.Read);
        }
        catch (Exception e) when (SystemError.IsSystemFailure(e))
        {
            throw SystemError.From("open", full, e);
        }
    }

    private static void SyncPath(string full)
    {
        var error = SystemCalls.SyncDirectory(full);
        if (error != 0)
        {
            throw SystemError.From("fsync", full, error);
        }
    }

    private string FullPath(string name)
    {
        System.Diagnostics.Debug.Assert(!System.IO.Path.IsPathRooted(name) && !name.Contains("..", StringComparison.Ordinal), "Names stay within the directory.");
        return name.Length == 0 ? Path : System.IO.Path.Combine(Path, name);
    }
}
