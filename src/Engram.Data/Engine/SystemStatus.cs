using Engram.Data.Query.Execution.SystemTables;

namespace Engram.Data.Engine;

/// <summary>What system tables ask of the engine, for one session.</summary>
internal sealed class SystemStatus(Session session) : SystemSource
{
    public override string DatabaseName
    {
        get
        {
            // The last part of the path without what stands behind its point.
            var path = session.Database.Target.Path.TrimEnd('/', '\\');
            var name = path[(path.LastIndexOfAny(['/', '\\']) + 1)..];
            name = name.LastIndexOf('.') is > 0 and var point ? name[..point] : name;
            return name.Length == 0 ? "engram" : name;
        }
    }

    public override IEnumerable<(string Name, string Value)> Settings() => session.DescribeSettings();

    public override string? Setting(string name, bool isMissingOk) => session.FindSetting(name, isMissingOk);

    public override void Set(string name, string value, bool isLocal) => session.Set(name, [value], isLocal, position: 0);

    public override LogStatistics Log()
    {
        var log = session.Database.Store.DescribeLog();
        return new LogStatistics(log.FileCount, log.SizeBytes, log.AppendedLsn, log.DurableLsn, log.CheckpointLsn, log.SyncCount, log.WrittenSizeBytes);
    }

    public override IEnumerable<SnapshotStatistics> Snapshots()
        => session.Database.Store.DescribeSnapshots().Select(s => new SnapshotStatistics(s.Age, s.FileSizeBytes, s.MemorySizeBytes));

    public override IEnumerable<StatementStatistics> Statements() => session.Database.Plans.DescribeStatements();
}
