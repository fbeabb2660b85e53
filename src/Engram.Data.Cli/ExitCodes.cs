using System.Data.Common;

namespace Engram.Data.Cli;

/// <summary>What the process ends with, so that scripts need not read messages.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>A statement failed, or a file could not be read or written.</summary>
    public const int Failed = 1;

    /// <summary>The command line was not understood.</summary>
    public const int Usage = 2;

    /// <summary>Verification found damage, a repair gave something up, or the database is damaged.</summary>
    public const int Damaged = 3;

    /// <summary>There is no database at the path, or it is something else.</summary>
    public const int NotFound = 4;

    /// <summary>Another process has the database open, or a transaction waits for a lock.</summary>
    public const int Locked = 5;

    public static int Of(Exception e) => e is DbException { SqlState: { } code }
        ? code switch
        {
            "EG001" or "EG002" or "EG004" => NotFound,
            "55P03" or "55006" => Locked,
            "XX001" or "XX002" => Damaged,
            _ => Failed,
        }
        : Failed;
}
