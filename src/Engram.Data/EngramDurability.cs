namespace Engram.Data;

/// <summary>When a commit is acknowledged: the connection string's <c>Durability</c>.</summary>
public enum EngramDurability
{
    /// <summary>After its log records were synced to the disk: an acknowledged commit survives a power cut. The default.</summary>
    Full = 0,

    /// <summary>Once written. The log is synced five times a second: a power cut may lose the commits of the last 200 ms, a killed process none.</summary>
    Interval = 1,

    /// <summary>Once written. Nothing is synced between checkpoints: a power cut may lose all commits since the last one, a killed process none.</summary>
    None = 2,
}
