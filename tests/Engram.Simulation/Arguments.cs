using System.Globalization;

namespace Engram.Simulation;

/// <summary>Numbers on a command line.</summary>
internal static class Arguments
{
    /// <summary>The number at a place, or another when there is none.</summary>
    /// <exception cref="FormatException">It is no number.</exception>
    public static int Number(string[] arguments, int place, int otherwise)
        => place < arguments.Length ? int.Parse(arguments[place], NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;
}
