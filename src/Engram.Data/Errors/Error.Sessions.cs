namespace Engram.Data;

/// <summary>Errors of what a session keeps: prepared statements, and where it looks names up.</summary>
internal static partial class Error
{
    public static EngramException NoSchemaToCreateIn(int position)
        => new("None of the schemas of search_path exists, so there is none to create it in. Write the schema before the name, or SET search_path.", SqlStates.InvalidSchemaName, position + 1);

    public static EngramException UnknownStatement(string name, int position)
        => new($"This session has prepared no statement '{name}'. PREPARE {name} AS … does.", SqlStates.InvalidStatementName, position + 1);

    public static EngramException DuplicateStatement(string name, int position)
        => new($"This session has prepared a statement '{name}' already. DEALLOCATE {name} makes room for another.", SqlStates.DuplicatePreparedStatement, position + 1);

    public static EngramException StatementArguments(string name, int expected, int found, int position)
        => new($"The prepared statement '{name}' takes {expected} {(expected == 1 ? "value" : "values")}; {found} {(found == 1 ? "is" : "are")} given.", SqlStates.SyntaxError, position + 1);

    public static EngramException SampleArgument()
        => new("TABLESAMPLE takes a part from 0 to 100 per cent, and REPEATABLE a number; neither may be NULL.", SqlStates.InvalidSampleArgument);

    public static EngramException UnknownEncoding(string name)
        => new($"There is no encoding '{name}' here. Use UTF8, LATIN1 or SQL_ASCII.", SqlStates.InvalidParameterValue);

    public static EngramException NotInEncoding(string bytes, string name)
        => new($"The bytes {bytes} are no character in the encoding '{name}', or one that a text cannot hold.", SqlStates.CharacterNotInRepertoire);

    public static EngramException NoEquivalentIn(string character, string name)
        => new($"The character {character} does not exist in the encoding '{name}'.", SqlStates.UntranslatableCharacter);
}
