using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Engram.EntityFrameworkCore.Diagnostics;

/// <summary>The definitions of the provider's events, made once for each service provider.</summary>
internal sealed class ProviderLoggingDefinitions : RelationalLoggingDefinitions
{
    private EventDefinition<string>? unexpectedConnectionType;

    public EventDefinition<string> UnexpectedConnectionType(IDiagnosticsLogger logger)
        => unexpectedConnectionType ??= new EventDefinition<string>(
            logger.Options, EngramEventId.UnexpectedConnectionTypeWarning, LogLevel.Warning, nameof(EngramEventId.UnexpectedConnectionTypeWarning),
            level => LoggerMessage.Define<string>(
                level, EngramEventId.UnexpectedConnectionTypeWarning,
                "The connection is of type '{ConnectionType}', not EngramConnection: what the provider sets on an EngramParameter is not set."));
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
}
