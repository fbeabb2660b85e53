namespace Engram.Data;

/// <summary>Texts that cannot be compared. Positions are 0-based offsets; exceptions count from 1.</summary>
internal static partial class Error
{
    public static EngramException IndeterminateCollation()
        => new("These texts come from columns with different collations, and nothing says by which one to compare them. Write COLLATE \"C\" or COLLATE nocase behind one of them.", SqlStates.IndeterminateCollation);

    public static EngramException CollationMismatch(string first, string second, int position)
        => new($"COLLATE says \"{first}\" for one side and \"{second}\" for the other. Write one of them.", SqlStates.CollationMismatch, position + 1);

    public static EngramException UndefinedCollation(string name, int position)
        => new($"There is no collation '{name}'. Collations are \"C\" (also \"ordinal\"), by code point, and nocase, without regard to case.", SqlStates.UndefinedObject, position + 1);

    public static EngramException NotCollatable(string type, int position)
        => new($"A collation is of texts; this is of type {type}. Leave COLLATE out, or cast to text.", SqlStates.DatatypeMismatch, position + 1);
}
