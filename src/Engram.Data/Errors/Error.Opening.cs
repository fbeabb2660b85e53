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

    public static EngramException BackupOvertaken(string path)
        => new($"The process that writes '{path}' has replaced files since this one opened it to read. Close all its connections here, open it again, and take the backup then; or take it in the process that writes.", SqlStates.ObjectInUse);

    /// <param name="what">What is in the way, as the end of a sentence.</param>
    public static EngramException BackupTargetTaken(string path, string what)
        => new($"A backup needs a path at which nothing is, or an empty directory; '{path}' {what}. Nothing was written. Give another path, or move away what is there.", SqlStates.DuplicateFile);

    public static EngramException BackupUnderWay(string path, int holder)
        => new($"Another backup to '{path}' is under way{(holder > 0 ? string.Create(CultureInfo.InvariantCulture, $" in process {holder}") : "")}. Wait for its end, or give another path.", SqlStates.ObjectInUse);

    public static EngramException BackupOfDamage(string path, string name, int page)
        => new(string.Create(CultureInfo.InvariantCulture, $"The backup was given up, because the database '{path}' is damaged: page {page} of '{name}' does not match its checksum. Keep the backups that you have. {DamageAdvice}"), SqlStates.DataCorrupted);
}
