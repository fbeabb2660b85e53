using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.Json;
using Microsoft.EntityFrameworkCore.Update;

namespace Engram.EntityFrameworkCore.Update;

/// <summary>Changes of one row. A part of a document is sent as JSON, whatever its type, as the documents around it are.</summary>
internal sealed class RowModification : ModificationCommand
{
    public RowModification(in ModificationCommandParameters parameters)
        : base(parameters)
    {
    }

    public RowModification(in NonTrackedModificationCommandParameters parameters)
        : base(parameters)
    {
    }

    protected override void ProcessSinglePropertyJsonUpdate(ref ColumnModificationParameters parameters)
    {
        var property = parameters.Property!;
        var writer = property.GetJsonValueReaderWriter() ?? property.GetTypeMapping().JsonValueReaderWriter
            ?? throw new InvalidOperationException($"Property '{property.DeclaringType.DisplayName()}.{property.Name}' has no form in JSON.");
        parameters = parameters with
        {
            Value = parameters.Value is null ? "null" : writer.ToJsonString(parameters.Value),
            TypeMapping = EngramJsonTypeMapping.Default,
        };
    }
}

internal sealed class RowModificationFactory : IModificationCommandFactory
{
    public IModificationCommand CreateModificationCommand(in ModificationCommandParameters modificationCommandParameters)
        => new RowModification(modificationCommandParameters);

    public INonTrackedModificationCommand CreateNonTrackedModificationCommand(in NonTrackedModificationCommandParameters modificationCommandParameters)
        => new RowModification(modificationCommandParameters);
}
