namespace Engram.Data.Storage;

/// <summary>The version of the file format, one number for all files of a database.</summary>
/// <remarks>It stands at the same place of every file, behind eight bytes of magic, for ever, so that any version can tell that it cannot
/// read a file. A change of any file's layout raises it.</remarks>
internal static class FormatVersion
{
    public const uint Current = 3;

    /// <summary>Bytes of magic at the head of every file; the version, four bytes, follows.</summary>
    public const int MagicSize = 8;
}
