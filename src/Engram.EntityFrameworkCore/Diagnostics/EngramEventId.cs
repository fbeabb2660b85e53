using Microsoft.Extensions.Logging;

namespace Microsoft.EntityFrameworkCore.Diagnostics;

/// <summary>Identifiers of the events that the Engram provider logs; for <c>ConfigureWarnings</c> and for filters of a logger.</summary>
public static class EngramEventId
{
    private enum Id
    {
        UnexpectedConnectionTypeWarning = CoreEventId.ProviderBaseId + 100,
    }

    /// <summary>A context was given a connection that is no EngramConnection: parameters then take their types from their values.</summary>
    /// <remarks>In the category <see cref="DbLoggerCategory.Infrastructure"/>; the payload is a <see cref="ConnectionTypeEventData"/>.</remarks>
    public static readonly EventId UnexpectedConnectionTypeWarning = new(
        (int)Id.UnexpectedConnectionTypeWarning, $"{DbLoggerCategory.Infrastructure.Name}.{nameof(UnexpectedConnectionTypeWarning)}");
}

/// <summary>The payload of <see cref="EngramEventId.UnexpectedConnectionTypeWarning"/>.</summary>
/// <param name="eventDefinition">The event.</param>
/// <param name="messageGenerator">Makes the message.</param>
/// <param name="connectionType">The connection's type.</param>
public class ConnectionTypeEventData(EventDefinitionBase eventDefinition, Func<EventDefinitionBase, EventData, string> messageGenerator, Type connectionType)
    : EventData(eventDefinition, messageGenerator)
{
    /// <summary>The connection's type.</summary>
    public virtual Type ConnectionType { get; } = connectionType;
}
