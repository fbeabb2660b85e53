using System.Globalization;
using System.Text;

namespace Engram.Data;

/// <summary>Texts that are no JSON, and what cannot be done with a json value.</summary>
internal static partial class Error
{
    private const int ShownLengthMax = 24;

    /// <param name="place">The first byte that cannot stand there, 0-based.</param>
    public static EngramException InvalidJson(ReadOnlySpan<byte> json, int place)
    {
        // What stands there, cut to whole characters.
        place = Math.Clamp(place, 0, json.Length);
        while (place > 0 && place < json.Length && (json[place] & 0xC0) == 0x80)
        {
            place--;
        }

        var shown = Encoding.UTF8.GetString(json[place..Math.Min(json.Length, place + ShownLengthMax)]).TrimEnd('\uFFFD');
        var characters = Encoding.UTF8.GetCharCount(json[..place]) + 1;
        return new(string.Create(CultureInfo.InvariantCulture,
            $"The text is no valid JSON: {(place == json.Length ? "it ends too early" : $"\"{shown}\" cannot stand")} at character {characters}. Correct the text."),
            SqlStates.InvalidTextRepresentation);
    }

    public static EngramException JsonValueNull()
        => new("jsonb_set_lax: the new part is NULL, and 'raise_exception' was asked for. Pass a value, or another treatment of NULL.", SqlStates.NullValueNotAllowed);

    public static EngramException JsonTooDeep(int depthMax)
        => new(string.Create(CultureInfo.InvariantCulture, $"The JSON value nests arrays and objects deeper than {depthMax} levels. Flatten it."), SqlStates.ProgramLimitExceeded);

    /// <param name="what">What the function needs: "an array".</param>
    /// <param name="found">What it was given: "an object".</param>
    public static EngramException JsonKind(string function, string what, string found)
        => new($"{function} needs {what}; this json value is {found}. Check with jsonb_typeof first.", SqlStates.InvalidParameterValue);

    public static EngramException CannotCastJson(string found, string to)
        => new($"The json value is {found} and cannot be cast to {to}. Check with jsonb_typeof first, or take it as text with ->> and cast that.", SqlStates.InvalidParameterValue);

    public static EngramException JsonObjectCount(bool isList)
        => new(isList
            ? "jsonb_object: the array has a name without a value: names and values take turns in it."
            : "jsonb_object: there are not as many values as names. Pass two arrays of one length.", SqlStates.ArrayElement);

    /// <param name="place">1-based, within the path.</param>
    public static EngramException JsonPathNull(int place)
        => new(string.Create(CultureInfo.InvariantCulture, $"Element {place} of the path into a json value is NULL. Leave it out."), SqlStates.NullValueNotAllowed);

    /// <param name="place">1-based, within the path.</param>
    public static EngramException JsonPathIndex(int place, string step)
        => new(string.Create(CultureInfo.InvariantCulture, $"Element {place} of the path leads into a json array and is no integer: \"{step}\". Elements have indexes from 0."),
            SqlStates.InvalidTextRepresentation);
}
