namespace Engram.Data;

/// <summary>How far a backup is.</summary>
/// <param name="FilesDone">Files copied.</param>
/// <param name="FilesTotal">Files to be copied; the whole log counts as one.</param>
/// <param name="BytesDone">Bytes copied; equal to <paramref name="BytesTotal"/> at the end.</param>
/// <param name="BytesTotal">Bytes to be copied; of the log this is an estimate.</param>
public readonly record struct EngramBackupProgress(int FilesDone, int FilesTotal, long BytesDone, long BytesTotal);
