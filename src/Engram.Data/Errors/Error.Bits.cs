namespace Engram.Data;

/// <content>Bit strings.</content>
internal static partial class Error
{
    public static EngramException BitLength(string? target, string type, int expected, int found, bool isVarying)
        => new(
            $"{(target is null ? type : $"Column '{target}' of type {type}")} takes bit strings of {(isVarying ? "at most " : "")}{expected} bits; this one has {found}. Write a cast, which cuts it{(isVarying ? "" : " or fills it up with zeros")}, or alter the column.",
            isVarying ? SqlStates.StringDataRightTruncation : SqlStates.BitStringLength);

    public static EngramException BitLengthsDiffer(string operation, int left, int right)
        => new($"{operation} takes bit strings of one length; these have {left} and {right} bits. Cast one of them to bit(n) of the other's length.", SqlStates.BitStringLength);

    public static EngramException BitsTooMany(long length, int lengthMax)
        => new($"A bit string has at most {lengthMax:N0} bits; this one would have {length:N0}. Keep it in parts, or as bytea.", SqlStates.ProgramLimitExceeded);

    public static EngramException NoBitAt(int place, int length)
        => new($"There is no bit at place {place}: the value has {length}, and the first is at 0. Compare length first.", SqlStates.ArrayElement);
}
