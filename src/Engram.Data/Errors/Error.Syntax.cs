namespace Engram.Data;

internal static partial class Error
{
    /// <param name="expected">What the grammar allows here.</param>
    /// <param name="found">What stands here, quoted, or "the end of the text".</param>
    /// <param name="position">0-based offset in the text.</param>
    public static EngramException Syntax(string expected, string found, int position)
        => new($"Syntax error at position {position + 1}: expected {expected}, found {found}.", SqlStates.SyntaxError, position + 1);

    public static EngramException Unterminated(string what, string closing, int position)
        => new($"Syntax error at position {position + 1}: this {what} does not end. Expected {closing} before the end of the text.", SqlStates.SyntaxError, position + 1);

    public static EngramException EmptyName(int position)
        => new($"Syntax error at position {position + 1}: \"\" is no name. A quoted name has at least one character.", SqlStates.SyntaxError, position + 1);

    public static EngramException SyntaxRule(string rule, int position)
        => new($"Syntax error at position {position + 1}: {rule}", SqlStates.SyntaxError, position + 1);

    public static EngramException UnicodeEscape(string expected, string found, int position)
        => new($"Invalid escape at position {position + 1}: expected {expected}, found {found}.", SqlStates.InvalidEscapeSequence, position + 1);

    public static EngramException InvalidBits(string expected, string found, int position)
        => new($"Invalid constant at position {position + 1}: expected {expected}, found {found}.", SqlStates.InvalidTextRepresentation, position + 1);

    public static EngramException LoneSurrogateInName(int position)
        => new("A name has half of a surrogate pair, which is no character. Correct the text.", SqlStates.CharacterNotInRepertoire, position + 1);

    public static EngramException TextTooLong(int length, int lengthMax)
        => new($"The text of the command has {length:N0} characters; at most {lengthMax:N0} are read. Send the values as parameters, or split the script.", SqlStates.ProgramLimitExceeded);

    public static EngramException NestedTooDeeply(int depthMax, int position)
        => new($"The statement nests more than {depthMax} levels deep at position {position + 1}. Split it, or pass long lists as an array parameter.", SqlStates.StatementTooComplex, position + 1);

    public static EngramException UnknownType(string name, int position)
        => new($"Type \"{name}\" does not exist. docs/types.md lists the types and their other names.", SqlStates.UndefinedObject, position + 1);

    public static EngramException TypeModifier(string name, string expected, int position)
        => new($"Type {name} takes {expected}.", SqlStates.InvalidParameterValue, position + 1);
}
