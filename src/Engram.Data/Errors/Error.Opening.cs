namespace Engram.Data;

/// <summary>Errors of opening a database.</summary>
internal static partial class Error
{
    public static EngramException DatabaseLocked(string path, int holder)
        => new(
            holder > 0
                ? $"The database '{path}' is open for writing in process {holder}. One process writes at a time: close it there, or open it here with Mode=ReadOnly."
                : $"The database '{path}' is open for writing in another process. One process writes at a time: close it there, or open it here with Mode=ReadOnly.",
            SqlStates.LockNotAvailable);
}
