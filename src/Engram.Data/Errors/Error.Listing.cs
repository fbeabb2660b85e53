namespace Engram.Data;

internal static partial class Error
{
    /// <summary>Somebody wants to look into a database where none is.</summary>
    public static EngramException NoDatabaseToRead(string path)
        => new($"There is no database at '{path}': the directory has no file CURRENT. Check the path.", SqlStates.DatabaseNotFound);
}
