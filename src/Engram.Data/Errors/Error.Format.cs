using System.Globalization;

namespace Engram.Data;

/// <summary>Files and records whose bytes are not what they must be.</summary>
internal static partial class Error
{
    private const string NotOpened = "The database was not opened and nothing was changed. ";

    /// <summary>What to do about damage; what was found stands before it.</summary>
    private const string DamageAdvice = "Restore a backup of the whole directory, or open the database once with Recovery=Salvage, which keeps what can be saved, moves the rest to quarantine/ and lists it.";

    /// <summary>What a message about damage says was found, without what to do about it: for the reports of those who are doing it.</summary>
    public static string Finding(EngramException damage)
        => damage.Message.Replace(DamageAdvice, "", StringComparison.Ordinal).Replace(NotOpened, "", StringComparison.Ordinal).TrimEnd();

    /// <summary>Bytes that no version of ours would have written, found while a record was decoded.</summary>
    /// <param name="source">The file, or the record within it.</param>
    /// <param name="position">The byte of the record at which decoding stopped.</param>
    /// <param name="what">What was expected there and what was found.</param>
    public static EngramException Damaged(string source, int position, string what)
        => new(string.Create(CultureInfo.InvariantCulture, $"{source} is damaged at byte {position}: {what}. Nothing of it is used. {DamageAdvice}"),
            SqlStates.DataCorrupted);

    public static EngramException RecordTooLong(long sizeBytes, long sizeBytesMax)
        => new(string.Create(CultureInfo.InvariantCulture, $"A record of {sizeBytes} bytes is longer than the greatest that can be written, {sizeBytesMax} bytes. Write fewer rows in one statement."),
            SqlStates.ProgramLimitExceeded);

    /// <summary>Something that a later version wrote, or a version before the first published one.</summary>
    public static EngramException UnsupportedFormat(string source, long version, long versionKnown)
        => new(string.Create(CultureInfo.InvariantCulture, $"{source} has format version {version}; this Engram.Data reads version {versionKnown}. Open the database with the version of Engram.Data that wrote it, or a later one."),
            SqlStates.UnsupportedFormat);

    /// <summary>A file of the database whose content is not what was written.</summary>
    public static EngramException FileDamaged(string directory, string name, string what)
        => new($"File '{name}' of database '{directory}' is damaged: {what}. {DamageAdvice}", SqlStates.DataCorrupted);

    public static EngramException FileChecksum(string directory, string name, uint expected, uint found)
        => FileDamaged(directory, name, string.Create(CultureInfo.InvariantCulture, $"its checksum is {found:X8}, not {expected:X8}"));

    public static EngramException FileLength(string directory, string name, long expected, long found)
        => FileDamaged(directory, name, string.Create(CultureInfo.InvariantCulture, $"it has {found} bytes, not {expected}"));

    /// <summary>A file that is whole, but not the one that belongs in this place.</summary>
    public static EngramException FileForeign(string directory, string name, string what)
        => new($"File '{name}' of database '{directory}' is not the one that the database wrote: {what}. It was replaced from outside; put the right file back. {DamageAdvice}", SqlStates.DataCorrupted);

    public static EngramException FileMissing(string directory, string name, string why)
        => new($"File '{name}' of database '{directory}' is missing: {why}. Put the file back. {DamageAdvice}", SqlStates.DataCorrupted);

    /// <summary>The directory is something else than a database of ours.</summary>
    public static EngramException NotADatabase(string directory, string why)
        => new($"'{directory}' is not an Engram database: {why}. Check Data Source; to create a database, name a directory that is empty or does not exist.", SqlStates.NotADatabase);

    public static EngramException BlockTooLong(long sizeBytes, long sizeBytesMax)
        => new(string.Create(CultureInfo.InvariantCulture, $"2,048 rows of one column have {sizeBytes} bytes together; a block holds at most {sizeBytesMax}. Store such values in files of their own and keep their names."),
            SqlStates.ProgramLimitExceeded);

    /// <summary>A part of a segment that does not match its checksum: the rows that cannot be read are named.</summary>
    public static EngramException SegmentDamaged(string directory, string name, string table, string column, long rowFirst, long rowLast, string what)
        => new(string.Create(CultureInfo.InvariantCulture, $"Column '{column}' of table '{table}' cannot be read for rows {rowFirst} to {rowLast} of segment '{name}' of database '{directory}': {what}. Other rows and columns can still be read. {DamageAdvice}"),
            SqlStates.DataCorrupted);
}
