using System.Globalization;

namespace Engram.Data;

/// <summary>Json paths.</summary>
internal static partial class Error
{
    private const int PathShownMax = 1000;

    public static EngramException InvalidJsonPath(string path, int place, string why)
        => new(string.Create(CultureInfo.InvariantCulture, $"The json path '{(path.Length > PathShownMax ? path[..PathShownMax] + "…" : path)}' is not valid at character {place + 1}: {why}."), SqlStates.SyntaxError);

    public static EngramException UndefinedJsonPathVariable(string name)
        => new($"The json path names a variable ${name}, which the object of variables does not have. Give it as a member of the last argument.", SqlStates.UndefinedObject);

    public static EngramException InvalidJsonPathIndex()
        => new("The json path has a place in an array that is no single whole number.", SqlStates.InvalidJsonSubscript);

    public static EngramException JsonPathNotBoolean()
        => new("The json path of jsonb_path_match gives no single boolean. Write a condition, such as '$.a > 1', or use jsonb_path_exists.", SqlStates.SingletonJsonItemRequired);

    public static EngramException JsonPathMember(string name, bool isObject)
        => new(isObject ? $"The strict json path asks for member '{name}', which the object does not have. Write 'lax', which finds nothing then." : $"The strict json path asks for member '{name}' of a value that is no object. Write 'lax', which finds nothing then.", SqlStates.JsonMemberNotFound);

    public static EngramException JsonPathNoObject()
        => new("The strict json path asks for the members of a value that is no object. Write 'lax', which finds nothing then.", SqlStates.JsonObjectNotFound);

    public static EngramException JsonPathNoPairs()
        => new("The json path calls keyvalue() of a value that is no object. Leave other values out by a filter.", SqlStates.JsonObjectNotFound);

    public static EngramException JsonPathNoArray()
        => new("The strict json path takes a value for an array that is none. Write 'lax', which takes it for an array of itself.", SqlStates.JsonArrayNotFound);

    public static EngramException JsonPathOutOfBounds()
        => new("The strict json path asks for a place that the array does not have. Write 'lax', which finds nothing then.", SqlStates.InvalidJsonSubscript);

    public static EngramException JsonPathNoNumber(string sign)
        => new($"The json path has {sign} before a value that is no number. Leave other values out by a filter: ? (@.type() == \"number\").", SqlStates.JsonNumberNotFound);

    public static EngramException JsonPathNotNumeric(string method)
        => new($"The json path calls {method}() of a value that is no number{(method == "double" ? " or text of one, or too great" : "")}. Leave other values out by a filter.", SqlStates.NonNumericJsonItem);

    public static EngramException JsonPathOperand(string side, char symbol)
        => new($"The {side} side of '{symbol}' in a json path is not a single number.", SqlStates.SingletonJsonItemRequired);
}
