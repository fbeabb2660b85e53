namespace Engram.Data.Tests.Storage;

/// <summary>A test of what only Linux has: its device files, its seccomp filters, its open-file-description locks.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "Needs /dev/full, /proc or a seccomp filter, which only Linux has.";
        }
    }
}
