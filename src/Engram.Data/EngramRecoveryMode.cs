namespace Engram.Data;

/// <summary>What opening does with a damaged database: the connection string's <c>Recovery</c>.</summary>
public enum EngramRecoveryMode
{
    /// <summary>Refuses it with <c>XX001</c> and changes nothing. The default.</summary>
    Strict = 0,

    /// <summary>Keeps what can be saved, moves the rest to <c>quarantine/</c> and lists it in <see cref="EngramRecoveryReport.Salvaged"/> and in a report. An undamaged
    /// database opens as with <see cref="Strict"/>, after all of it was read.</summary>
    Salvage = 1,
}
