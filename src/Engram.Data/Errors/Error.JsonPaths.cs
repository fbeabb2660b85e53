using System.Globalization;

namespace Engram.Data;

/// <summary>Json paths.</summary>
internal static partial class Error
{
    public static EngramException InvalidJsonPath(string path, int place, string why)
        => new(string.Create(CultureInfo.InvariantCulture, $"The json path '{path}' is not valid at character {place + 1}: {why}."), SqlStates.SyntaxError);

    public static EngramException UndefinedJsonPathVariable(string name)
        => new($"The json path names a variable ${name}, which the object of variables does not have. Give it as a member of the last argument.", SqlStates.UndefinedObject);

    public static EngramException InvalidJsonPathIndex()
        => new("The json path has a place in an array that is no single whole number.", SqlStates.InvalidJsonSubscript);

    public static EngramException JsonPathNotBoolean()
        => new("The json path of jsonb_path_match gives no single boolean. Write a condition, such as '$.a > 1', or use jsonb_path_exists.", SqlStates.SingletonJsonItemRequired);
}
