using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engram.Data.Cli.Commands;

/// <summary>How reports are written as JSON: names in camelCase, kinds by name.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(EngramVerifyReport))]
[JsonSerializable(typeof(EngramRecoveryReport))]
[JsonSerializable(typeof(DatabaseInfo))]
internal sealed partial class CliJson : JsonSerializerContext;

/// <summary>The same, each object on a line of its own.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(EngramLogGroup))]
internal sealed partial class CliJsonLines : JsonSerializerContext;
