using System.Globalization;

namespace Engram.Data;

/// <summary>Errors of opening a database.</summary>
internal static partial class Error
{
    public static EngramException DatabaseLocked(string path, int holder)
    {
        var where = holder == Environment.ProcessId ? "under another path in this process"
            : holder > 0 ? string.Create(CultureInfo.InvariantCulture, $"in process {holder}") : "in another process";
        return new($"The database '{path}' is open for writing {where}. One process writes at a time: close it there, or open it here with Mode=ReadOnly.",
            SqlStates.LockNotAvailable);
    }

    /// <param name="locked">What the last attempt met.</param>
    public static EngramException StillLocked(EngramException locked, TimeSpan waited)
        => new(string.Create(CultureInfo.InvariantCulture, $"{locked.Message} Opening waited {waited.TotalSeconds:0.0##} s for it, which is what 'Default Timeout' allows."), SqlStates.LockNotAvailable);

    /// <summary>Without a schema the files of rows mean nothing.</summary>
    public static EngramException NothingToSalvage(string path, string problem, Exception? cause)
        => new($"Nothing can be salvaged of the database '{path}': no manifest is whole, and without one the schema is unknown. {problem} Restore a backup of the whole directory.", SqlStates.DataCorrupted, cause);

    public static EngramException VerificationOvertaken(string path)
        => new($"The process that writes '{path}' has replaced files since this one opened it to read. Close all its connections here, open it again, and verify then; or verify in the process that writes.", SqlStates.ObjectInUse);
}
