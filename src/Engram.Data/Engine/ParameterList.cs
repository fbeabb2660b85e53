using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Engram.Data.Columns;

namespace Engram.Data.Engine;

/// <summary>A parameter as the caller gave it.</summary>
/// <param name="Name">Without prefix; the decimal digits of its place, from 1, when it has no name.</param>
/// <param name="Type">From its DbType, else its value; Unknown for a bare null.</param>
internal readonly record struct ParameterInput(string Name, object? Value, DataType Type);

/// <summary>The parameters of one execution: looked up by name, and to the planner a dictionary of their types.</summary>
/// <remarks>A name is found exactly, else by its first match in another case, else, for digits, by its place.</remarks>
internal sealed class ParameterList(ParameterInput[] inputs) : IReadOnlyDictionary<string, DataType>
{
    public static readonly ParameterList Empty = new([]);

    private const int LinearSearchMax = 8;

    private Dictionary<string, int>? exact;
    private Dictionary<string, int>? ignoringCase;

    public ReadOnlySpan<ParameterInput> Inputs => inputs;

    /// <summary>Takes another value at a place, for another execution.</summary>
    public void Set(int index, ParameterInput input)
    {
        if (inputs[index].Name != input.Name)
        {
            exact = null;
            ignoringCase = null;
        }

        inputs[index] = input;
    }

    public int Count => inputs.Length;

    public IEnumerable<string> Keys => inputs.Select(i => i.Name);

    public IEnumerable<DataType> Values => inputs.Select(i => i.Type);

    public DataType this[string key] => TryGetValue(key, out var type) ? type : throw new KeyNotFoundException(key);

    public bool ContainsKey(string key) => IndexOf(key) >= 0;

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out DataType value)
    {
        var index = IndexOf(key);
        value = index >= 0 ? inputs[index].Type : default;
        return index >= 0;
    }

    /// <summary>The place of a name; -1 when there is none.</summary>
    /// <param name="guess">Where it probably is: statements name parameters in the order in which they are given.</param>
    public int IndexOf(string name, int guess = 0)
    {
        if (guess < inputs.Length && inputs[guess].Name == name)
        {
            return guess;
        }

        if (inputs.Length > LinearSearchMax)
        {
            return IndexOfHashed(name);
        }

        var found = -1;
        for (var i = inputs.Length - 1; i >= 0; i--)
        {
            if (inputs[i].Name == name)
            {
                return i;
            }

            found = inputs[i].Name.Equals(name, StringComparison.OrdinalIgnoreCase) ? i : found;
        }

        return found >= 0 ? found : IndexOfPlace(name);
    }

    /// <summary>Whether a plan made for <paramref name="types"/> fits these parameters: same names, same types, same order.</summary>
    public bool Matches(ReadOnlySpan<(string Name, DataType Type)> types)
    {
        if (types.Length != inputs.Length)
        {
            return false;
        }

        for (var i = 0; i < types.Length; i++)
        {
            if (types[i].Type != inputs[i].Type || types[i].Name != inputs[i].Name)
            {
                return false;
            }
        }

        return true;
    }

    public (string Name, DataType Type)[] ToSignature() => Array.ConvertAll(inputs, i => (i.Name, i.Type));

    public IEnumerator<KeyValuePair<string, DataType>> GetEnumerator()
        => inputs.Select(i => KeyValuePair.Create(i.Name, i.Type)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int IndexOfHashed(string name)
    {
        if (exact is null || ignoringCase is null)
        {
            exact = new Dictionary<string, int>(inputs.Length, StringComparer.Ordinal);
            ignoringCase = new Dictionary<string, int>(inputs.Length, StringComparer.OrdinalIgnoreCase);
            for (var i = 0; i < inputs.Length; i++)
            {
                exact.TryAdd(inputs[i].Name, i);
                ignoringCase.TryAdd(inputs[i].Name, i);
            }
        }

        return exact.TryGetValue(name, out var index) || ignoringCase.TryGetValue(name, out index) ? index : IndexOfPlace(name);
    }

    /// <summary>$2 is the second parameter also when that has a name.</summary>
    private int IndexOfPlace(string name)
        => name.Length is > 0 and <= 5 && char.IsAsciiDigit(name[0]) && int.TryParse(name, System.Globalization.NumberStyles.None, null, out var place)
            && place >= 1 && place <= inputs.Length ? place - 1 : -1;
}
