using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Engram.EntityFrameworkCore.Diagnostics;

/// <summary>The definitions of the provider's events, made once for each service provider.</summary>
internal sealed class ProviderLoggingDefinitions : RelationalLoggingDefinitions
{
    private EventDefinition<string>? unexpectedConnectionType;
    private EventDefinition<string>? missingSchema;
    private EventDefinition<string>? missingTable;
    private EventDefinition<string, string, string>? missingPrincipalTable;
    private EventDefinition<string, string>? expressionIndexSkipped;

    public EventDefinition<string> UnexpectedConnectionType(IDiagnosticsLogger logger)
        => unexpectedConnectionType ??= new EventDefinition<string>(
            logger.Options, EngramEventId.UnexpectedConnectionTypeWarning, LogLevel.Warning, nameof(EngramEventId.UnexpectedConnectionTypeWarning),
            level => LoggerMessage.Define<string>(
                level, EngramEventId.UnexpectedConnectionTypeWarning,
                "The connection is of type '{ConnectionType}', not EngramConnection: what the provider sets on an EngramParameter is not set."));

    public EventDefinition<string> MissingSchema(IDiagnosticsLogger logger)
        => missingSchema ??= new EventDefinition<string>(
            logger.Options, EngramEventId.MissingSchemaWarning, LogLevel.Warning, nameof(EngramEventId.MissingSchemaWarning),
            level => LoggerMessage.Define<string>(level, EngramEventId.MissingSchemaWarning, "The database has no schema '{Schema}', which was asked for."));

    public EventDefinition<string> MissingTable(IDiagnosticsLogger logger)
        => missingTable ??= new EventDefinition<string>(
            logger.Options, EngramEventId.MissingTableWarning, LogLevel.Warning, nameof(EngramEventId.MissingTableWarning),
            level => LoggerMessage.Define<string>(level, EngramEventId.MissingTableWarning, "The database has no table '{Table}', which was asked for."));

    public EventDefinition<string, string, string> MissingPrincipalTable(IDiagnosticsLogger logger)
        => missingPrincipalTable ??= new EventDefinition<string, string, string>(
            logger.Options, EngramEventId.ForeignKeyReferencesMissingPrincipalTableWarning, LogLevel.Warning,
            nameof(EngramEventId.ForeignKeyReferencesMissingPrincipalTableWarning),
            level => LoggerMessage.Define<string, string, string>(
                level, EngramEventId.ForeignKeyReferencesMissingPrincipalTableWarning,
                "Foreign key '{ForeignKey}' of table '{Table}' is left out: table '{PrincipalTable}', to which it refers, was not asked for."));

    public EventDefinition<string, string> ExpressionIndexSkipped(IDiagnosticsLogger logger)
        => expressionIndexSkipped ??= new EventDefinition<string, string>(
            logger.Options, EngramEventId.ExpressionIndexSkippedWarning, LogLevel.Warning, nameof(EngramEventId.ExpressionIndexSkippedWarning),
            level => LoggerMessage.Define<string, string>(
                level, EngramEventId.ExpressionIndexSkippedWarning, "Index '{Index}' of table '{Table}' is left out: it is over an expression, which a model cannot tell."));
}

internal static class ProviderLogging
{
    public static void UnexpectedConnectionType(this IDiagnosticsLogger<DbLoggerCategory.Infrastructure> logger, Type connectionType)
    {
        var definition = ((ProviderLoggingDefinitions)logger.Definitions).UnexpectedConnectionType(logger);
        if (logger.ShouldLog(definition))
        {
            definition.Log(logger, connectionType.Name);
        }

        if (logger.NeedsEventData(definition, out var diagnosticSourceEnabled, out var simpleLogEnabled))
        {
            var data = new ConnectionTypeEventData(
                definition, (d, p) => ((EventDefinition<string>)d).GenerateMessage(((ConnectionTypeEventData)p).ConnectionType.Name), connectionType);
            logger.DispatchEventData(definition, data, diagnosticSourceEnabled, simpleLogEnabled);
        }
    }

    // Those of scaffolding have no events besides: nobody listens at design time.
    public static void MissingSchema(this IDiagnosticsLogger<DbLoggerCategory.Scaffolding> logger, string schema)
    {
        var definition = ((ProviderLoggingDefinitions)logger.Definitions).MissingSchema(logger);
        if (logger.ShouldLog(definition))
        {
            definition.Log(logger, schema);
        }
    }

    public static void MissingTable(this IDiagnosticsLogger<DbLoggerCategory.Scaffolding> logger, string table)
    {
        var definition = ((ProviderLoggingDefinitions)logger.Definitions).MissingTable(logger);
        if (logger.ShouldLog(definition))
        {
            definition.Log(logger, table);
        }
    }

    public static void MissingPrincipalTable(this IDiagnosticsLogger<DbLoggerCategory.Scaffolding> logger, string foreignKey, string table, string principalTable)
    {
        var definition = ((ProviderLoggingDefinitions)logger.Definitions).MissingPrincipalTable(logger);
        if (logger.ShouldLog(definition))
        {
            definition.Log(logger, foreignKey, table, principalTable);
        }
    }

    public static void ExpressionIndexSkipped(this IDiagnosticsLogger<DbLoggerCategory.Scaffolding> logger, string index, string table)
    {
        var definition = ((ProviderLoggingDefinitions)logger.Definitions).ExpressionIndexSkipped(logger);
        if (logger.ShouldLog(definition))
        {
            definition.Log(logger, index, table);
        }
    }
}
