namespace Engram.Data.Query.Execution.Casts;

/// <summary>Time zones by name: those of IANA, and the usual abbreviations, each of which is one offset all year long, as in PostgreSQL.</summary>
internal static class TimeZones
{
    /// <summary>The minutes east of UTC that an abbreviation in capitals stands for; null when it is none.</summary>
    public static int? OffsetOf(string abbreviation) => abbreviation switch
    {
        "UTC" or "GMT" or "UT" or "Z" or "ZULU" or "WET" => 0,
        "BST" or "CET" or "MET" => 60,
        "CEST" or "MEST" or "EET" or "IST" => 120,
        "EEST" or "MSK" => 180,
        "MSD" => 240,
        "SGT" or "HKT" or "AWST" => 480,
        "JST" or "KST" => 540,
        "ACST" => 570,
        "AEST" => 600,
        "AEDT" => 660,
        "NZST" => 720,
        "NZDT" => 780,
        "ADT" or "ART" or "BRT" => -180,
        "AST" or "EDT" => -240,
        "EST" or "CDT" => -300,
        "CST" or "MDT" => -360,
        "MST" or "PDT" => -420,
        "PST" or "AKDT" => -480,
        "AKST" => -540,
        "HST" => -600,
        _ => null,
    };

    /// <summary>The zone of an abbreviation or a name of IANA's; null when there is none.</summary>
    public static TimeZoneInfo? Find(string name)
    {
        if (OffsetOf(name.ToUpperInvariant()) is { } minutes)
        {
            return minutes == 0 ? TimeZoneInfo.Utc : TimeZoneInfo.CreateCustomTimeZone(name, TimeSpan.FromMinutes(minutes), name, name);
        }

        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(name);
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException)
        {
            return null;
        }
    }

    /// <summary>The offset at which a clock of the zone shows a time: before the change for one that it skips, the later one for one that it shows twice, as in PostgreSQL.</summary>
    public static TimeSpan OffsetOf(this TimeZoneInfo zone, long localTicks) => zone.GetUtcOffset(new DateTime(localTicks, DateTimeKind.Unspecified));
}
