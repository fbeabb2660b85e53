using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engram.Data.Cli.Commands;

/// <summary>How reports are written as JSON: names in camelCase, kinds by name.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(EngramVerifyReport))]
[JsonSerializable(typeof(EngramRecoveryReport))]
[JsonSerializable(typeof(DatabaseInfo))]
[JsonSerializable(typeof(BackupDone))]
[JsonSerializable(typeof(CompactDone))]
[JsonSerializable(typeof(ImportDone))]
[JsonSerializable(typeof(ExportDone))]
internal sealed partial class CliJson : JsonSerializerContext;

/// <summary>What <c>engram backup --json</c> prints.</summary>
/// <param name="Target">The directory of the copy, as it was given.</param>
/// <param name="Bytes">The copy's size.</param>
internal sealed record BackupDone(string Target, long Bytes);

/// <summary>What <c>engram compact --json</c> prints.</summary>
/// <param name="BytesBefore">The size of all files before.</param>
/// <param name="BytesAfter">The size of all files now.</param>
internal sealed record CompactDone(long BytesBefore, long BytesAfter);

/// <summary>What <c>engram import --json</c> prints.</summary>
/// <param name="Table">The table, as it was given.</param>
/// <param name="Rows">How many rows were loaded.</param>
/// <param name="Seconds">How long loading took.</param>
internal sealed record ImportDone(string Table, long Rows, double Seconds);

/// <summary>What <c>engram export --json</c> prints.</summary>
/// <param name="Target">The file, as it was given; <c>-</c> for the output.</param>
/// <param name="Rows">How many rows were written.</param>
internal sealed record ExportDone(string Target, long Rows);

/// <summary>The same, each object on a line of its own.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(EngramLogGroup))]
internal sealed partial class CliJsonLines : JsonSerializerContext;
