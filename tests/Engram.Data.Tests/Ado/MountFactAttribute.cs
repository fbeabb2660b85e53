namespace Engram.Data.Tests.Ado;

/// <summary>A test that mounts a file system. Skipped, and counted as such, where that is not allowed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MountFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_canMount = new(TryMount);

    public MountFactAttribute()
    {
        if (!s_canMount.Value)
        {
            Skip = "Needs the right to mount a file system, which root has on Linux.";
        }
    }

    private static bool TryMount()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        var place = Directory.CreateTempSubdirectory("engram-mount-").FullName;
        try
        {
            return Mounting.TryRun("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place) && Mounting.TryRun("umount", place);
        }
        finally
        {
            Directory.Delete(place);
        }
    }
}
