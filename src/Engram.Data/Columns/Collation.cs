namespace Engram.Data.Columns;

/// <summary>How texts of a type compare: for =, order, groups, keys and LIKE.</summary>
internal enum Collation : byte
{
    /// <summary>By code point, since nothing else was said: yields to any other.</summary>
    Default = 0,
    /// <summary>By code point, as was said: COLLATE "C".</summary>
    Ordinal = 1,
    /// <summary>By code point of the simple upper case (<see cref="Kernels.TextCase"/>): COLLATE nocase.</summary>
    NoCase = 2,
    /// <summary>Of two columns with different collations, as their concatenation: it can be read, and not compared.</summary>
    Indeterminate = 3,
}

/// <summary>Names of collations.</summary>
internal static class CollationNames
{
    /// <summary>The name that the catalog keeps; null for the default.</summary>
    public static string? Of(Collation collation) => collation switch
    {
        Collation.Ordinal => "C",
        Collation.NoCase => "nocase",
        _ => null,
    };

    /// <summary>What a name means, in any case; null when it means nothing.</summary>
    public static Collation? Find(string name) => name.ToUpperInvariant() switch
    {
        "C" or "POSIX" or "UCS_BASIC" or "ORDINAL" or "BINARY" or "DEFAULT" => Collation.Ordinal,
        "NOCASE" => Collation.NoCase,
        _ => null,
    };
}
