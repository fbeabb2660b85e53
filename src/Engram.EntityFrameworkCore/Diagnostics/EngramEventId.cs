using Microsoft.Extensions.Logging;

namespace Microsoft.EntityFrameworkCore.Diagnostics;

/// <summary>Identifiers of the events that the Engram provider logs; for <c>ConfigureWarnings</c> and for filters of a logger.</summary>
public static class EngramEventId
{
    private enum Id
    {
        UnexpectedConnectionTypeWarning = CoreEventId.ProviderBaseId + 100,

        MissingSchemaWarning = CoreEventId.ProviderDesignBaseId,
        MissingTableWarning,
        ForeignKeyReferencesMissingPrincipalTableWarning,
        ExpressionIndexSkippedWarning,
    }

    /// <summary>A context was given a connection that is no EngramConnection: parameters then take their types from their values.</summary>
    /// <remarks>In the category <see cref="DbLoggerCategory.Infrastructure"/>; the payload is a <see cref="ConnectionTypeEventData"/>.</remarks>
    public static readonly EventId UnexpectedConnectionTypeWarning = new(
        (int)Id.UnexpectedConnectionTypeWarning, $"{DbLoggerCategory.Infrastructure.Name}.{nameof(UnexpectedConnectionTypeWarning)}");

    /// <summary>Scaffolding was asked for a schema that the database does not have.</summary>
    /// <remarks>In the category <see cref="DbLoggerCategory.Scaffolding"/>, as all that follow; they have no payload.</remarks>
    public static readonly EventId MissingSchemaWarning = Scaffolding(Id.MissingSchemaWarning);

    /// <summary>Scaffolding was asked for a table that the database does not have.</summary>
    public static readonly EventId MissingTableWarning = Scaffolding(Id.MissingTableWarning);

    /// <summary>A foreign key was left out, since the table that it refers to was not asked for.</summary>
    public static readonly EventId ForeignKeyReferencesMissingPrincipalTableWarning = Scaffolding(Id.ForeignKeyReferencesMissingPrincipalTableWarning);

    /// <summary>An index was left out, since it is over an expression, which models of EF Core cannot tell.</summary>
    public static readonly EventId ExpressionIndexSkippedWarning = Scaffolding(Id.ExpressionIndexSkippedWarning);

    private static EventId Scaffolding(Id id) => new((int)id, $"{DbLoggerCategory.Scaffolding.Name}.{id}");
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
