using System.Collections;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Engram.Data.Engine;

namespace Engram.Data;

/// <summary>The parameters of one command, in order.</summary>
/// <remarks>Names are found with or without their prefix; the exact name is preferred to one that differs in case. Not thread-safe.</remarks>
[SuppressMessage("Design", "CA1010", Justification = "ADO.NET prescribes the shape of this type, as of its base.")]
public sealed class EngramParameterCollection : DbParameterCollection
{
    private const int CountMax = 65_535;

    private readonly List<EngramParameter> parameters = [];
    private ParameterList? last;

    internal EngramParameterCollection()
    {
    }

    /// <inheritdoc/>
    public override int Count => parameters.Count;

    /// <inheritdoc/>
    public override object SyncRoot => ((ICollection)parameters).SyncRoot;

    /// <summary>The parameter at a place, counted from 0.</summary>
    public new EngramParameter this[int index]
    {
        get => parameters[index];
        set => parameters[index] = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The parameter of a name.</summary>
    /// <exception cref="IndexOutOfRangeException">There is none of this name.</exception>
    public new EngramParameter this[string parameterName]
    {
        get => parameters[IndexOfChecked(parameterName)];
        set => parameters[IndexOfChecked(parameterName)] = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>Adds a parameter and returns it.</summary>
    public EngramParameter Add(EngramParameter value)
    {
        ArgumentNullException.ThrowIfNull(value);
        parameters.Add(value);
        return value;
    }

    /// <summary>Adds a parameter with a name and a type, whose value is set later.</summary>
    public EngramParameter Add(string? parameterName, DbType dbType) => Add(new EngramParameter(parameterName, dbType));

    /// <summary>Adds a parameter with a name and a value.</summary>
    /// <param name="parameterName">With or without its prefix; null or empty for one that is taken by its place.</param>
    /// <param name="value">The value; null and <see cref="DBNull"/> are NULL.</param>
    public EngramParameter AddWithValue(string? parameterName, object? value) => Add(new EngramParameter(parameterName, value));

    /// <inheritdoc/>
    public override int Add(object value)
    {
        parameters.Add(Cast(value));
        return parameters.Count - 1;
    }

    /// <inheritdoc/>
    public override void AddRange(Array values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (var value in values)
        {
            parameters.Add(Cast(value));
        }
    }

    /// <summary>Adds several parameters.</summary>
    public void AddRange(IEnumerable<EngramParameter> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (var value in values)
        {
            Add(value);
        }
    }

    /// <inheritdoc/>
    public override void Clear() => parameters.Clear();

    /// <inheritdoc/>
    public override bool Contains(object value) => value is EngramParameter parameter && parameters.Contains(parameter);

    /// <inheritdoc/>
    public override bool Contains(string value) => IndexOf(value) >= 0;

    /// <inheritdoc/>
    public override void CopyTo(Array array, int index) => ((ICollection)parameters).CopyTo(array, index);

    /// <inheritdoc/>
    public override IEnumerator GetEnumerator() => parameters.GetEnumerator();

    /// <inheritdoc/>
    public override int IndexOf(object value) => value is EngramParameter parameter ? parameters.IndexOf(parameter) : -1;

    /// <inheritdoc/>
    public override int IndexOf(string parameterName)
    {
        var name = ParameterTypes.BareName(parameterName);
        var found = -1;
        for (var i = 0; i < parameters.Count; i++)
        {
            var candidate = ParameterTypes.BareName(parameters[i].ParameterName);
            if (candidate.Equals(name, StringComparison.Ordinal))
            {
                return i;
            }

            if (found < 0 && candidate.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                found = i;
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public override void Insert(int index, object value) => parameters.Insert(index, Cast(value));

    /// <inheritdoc/>
    public override void Remove(object value) => parameters.Remove(Cast(value));

    /// <inheritdoc/>
    public override void RemoveAt(int index) => parameters.RemoveAt(index);

    /// <inheritdoc/>
    public override void RemoveAt(string parameterName) => parameters.RemoveAt(IndexOfChecked(parameterName));

    /// <summary>As <see cref="ToList"/>, in the same list as for the last execution, which must be over.</summary>
    internal ParameterList ToListAgain()
    {
        if (last is null || last.Count != parameters.Count || last.Count == 0)
        {
            return last = ToList();
        }

        for (var i = 0; i < parameters.Count; i++)
        {
            last.Set(i, parameters[i].ToInput(i));
        }

        return last;
    }

    internal ParameterList ToList()
    {
        if (parameters.Count == 0)
        {
            return ParameterList.Empty;
        }

        if (parameters.Count > CountMax)
        {
            throw Error.TooManyParameters(parameters.Count, CountMax);
        }

        var inputs = new ParameterInput[parameters.Count];
        for (var i = 0; i < inputs.Length; i++)
        {
            inputs[i] = parameters[i].ToInput(i);
        }

        return new ParameterList(inputs);
    }

    /// <inheritdoc/>
    protected override DbParameter GetParameter(int index) => parameters[index];

    /// <inheritdoc/>
    protected override DbParameter GetParameter(string parameterName) => this[parameterName];

    /// <inheritdoc/>
    protected override void SetParameter(int index, DbParameter value) => parameters[index] = Cast(value);

    /// <inheritdoc/>
    protected override void SetParameter(string parameterName, DbParameter value) => parameters[IndexOfChecked(parameterName)] = Cast(value);

    private static EngramParameter Cast(object? value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value as EngramParameter ?? throw new InvalidCastException($"This collection takes EngramParameter; the value is of type {value.GetType().Name}.");
    }

    private int IndexOfChecked(string parameterName)
        => IndexOf(parameterName) is >= 0 and var index
            ? index
            : throw Error.NoParameter(parameterName, parameters.Select(p => p.ParameterName));
}
