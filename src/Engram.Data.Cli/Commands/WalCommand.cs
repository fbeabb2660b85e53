using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram wal</c>: the log as text, or a JSON object a line.</summary>
internal static class WalCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var from = new Option<long?>("--from") { Description = "The first transaction to show, by its number." };
        var table = new Option<string?>("--table") { Description = "Show transactions that touched this table only." };
        var json = new Option<bool>("--json") { Description = "Print a JSON object for each group, one a line." };
        var command = new Command("wal", "Show the log: groups, transactions and what they did. Works beside a process that writes.") { database, from, table, json };
        command.Run((given, cancellationToken) =>
        {
            var first = given.GetValue(from) ?? 0;
            var name = given.GetValue(table);
            var isJson = given.GetValue(json);
            var totals = new Totals();
            foreach (var group in EngramLog.Read(given.GetValue(database)!))
            {
                cancellationToken.ThrowIfCancellationRequested();
                totals.Add(group);
                var shown = group with { Transactions = [.. group.Transactions.Where(t => t.Lsn >= first && (name is null || t.Records.Any(r => r.Name == name)))] };
                var isAsked = first > 0 || name is not null;
                if (isAsked && shown.IsWhole && shown.Transactions.Count == 0)
                {
                    continue;
                }

                if (isJson)
                {
                    Console.WriteLine(JsonSerializer.Serialize(shown, CliJsonLines.Default.EngramLogGroup));
                }
                else
                {
                    Print(shown, Console.Out);
                }
            }

            if (!isJson)
            {
                Console.WriteLine(totals.ToString());
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static void Print(EngramLogGroup group, TextWriter output)
    {
        var what = group.Number == 0 ? "no group" : group.IsSeal ? $"group {group.Number} seal" : $"group {group.Number}";
        output.WriteLine($"{group.File} at {group.Offset}  {what}  {Databases.Bytes(group.SizeBytes)}{(group.Number == 0 ? "" : $"  synced up to {group.SyncedLsn}")}{(group.IsWhole ? "" : "  NOT WHOLE: " + group.Problem)}");
        foreach (var transaction in group.Transactions)
        {
            output.WriteLine($"  transaction {transaction.Lsn}  {Databases.Bytes(transaction.SizeBytes)}");
            foreach (var record in transaction.Records)
            {
                output.WriteLine($"    {Text(record)}");
            }
        }
    }

    private static string Text(EngramLogRecord record)
    {
        var rows = record.Rows == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"  {record.Rows:N0} {(record.Rows == 1 ? "row" : "rows")}{(record.RowIdFirst > 0 ? $" from row id {record.RowIdFirst}" : "")}");
        return $"{Verb(record.Kind),-14} {record.Name}{(record.Columns.Count > 0 ? $" ({string.Join(", ", record.Columns)})" : "")}{rows}  {Databases.Bytes(record.SizeBytes)}";
    }

    private static string Verb(EngramLogRecordKind kind) => kind switch
    {
        EngramLogRecordKind.Insert => "insert",
        EngramLogRecordKind.Delete => "delete",
        EngramLogRecordKind.Update => "update",
        EngramLogRecordKind.PutTable => "put table",
        EngramLogRecordKind.DropTable => "drop table",
        EngramLogRecordKind.Schemas => "schemas",
        EngramLogRecordKind.Attach => "attach",
        EngramLogRecordKind.AttachColumns => "attach columns",
        EngramLogRecordKind.PutObject => "put object",
        EngramLogRecordKind.DropObject => "drop object",
        EngramLogRecordKind.SequenceValue => "sequence",
        _ => kind.ToString(),
    };

    private sealed class Totals
    {
        private readonly HashSet<string> files = [];
        private long groups;
        private long transactions;
        private long bytes;
        private long broken;

        public void Add(EngramLogGroup group)
        {
            files.Add(group.File);
            groups += group.Number > 0 ? 1 : 0;
            transactions += group.Transactions.Count;
            bytes += group.SizeBytes;
            broken += group.IsWhole ? 0 : 1;
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{transactions:N0} transactions in {groups:N0} groups, {files.Count:N0} {(files.Count == 1 ? "file" : "files")}, {Databases.Bytes(bytes)}{(broken > 0 ? $"; {broken:N0} not whole" : "")}.");
    }
}
