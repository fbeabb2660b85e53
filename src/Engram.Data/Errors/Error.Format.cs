using System.Globalization;

namespace Engram.Data;

/// <summary>Files and records whose bytes are not what they must be.</summary>
internal static partial class Error
{
    /// <summary>Bytes that no version of ours would have written, found while a record was decoded.</summary>
    /// <param name="source">The file, or the record within it.</param>
    /// <param name="position">The byte of the record at which decoding stopped.</param>
    /// <param name="what">What was expected there and what was found.</param>
    public static EngramException Damaged(string source, int position, string what)
        => new(string.Create(CultureInfo.InvariantCulture, $"{source} is damaged at byte {position}: {what}. Nothing of it is used. Restore a backup of the database."),
            SqlStates.DataCorrupted);

    public static EngramException RecordTooLong(long sizeBytes, long sizeBytesMax)
        => new(string.Create(CultureInfo.InvariantCulture, $"A record of {sizeBytes} bytes is longer than the greatest that can be written, {sizeBytesMax} bytes. Write fewer rows in one statement."),
            SqlStates.ProgramLimitExceeded);
}
