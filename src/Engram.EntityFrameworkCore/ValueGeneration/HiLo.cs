using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.EntityFrameworkCore.ValueGeneration;

namespace Engram.EntityFrameworkCore.ValueGeneration;

/// <summary>The blocks of values that the process has taken and not yet given out, for each database and sequence: shared by all contexts of a service provider.</summary>
internal sealed class HiLoBlocks
{
    private readonly ConcurrentDictionary<(string Database, string Sequence), HiLoValueGeneratorState> states = new();

    public HiLoValueGeneratorState Get(IRelationalConnection connection, ISequence sequence)
        => states.GetOrAdd(
            (connection.ConnectionString ?? "", $"{sequence.Schema}.{sequence.Name}"), static (_, s) => new HiLoValueGeneratorState(s.IncrementBy), sequence);
}

/// <summary>Values of properties with <c>UseHiLo</c>: the next of a block, of which the sequence gives the first.</summary>
internal sealed class HiLoGenerator<T>(
    HiLoValueGeneratorState state, ISequence sequence, IRawSqlCommandBuilder commandBuilder, IUpdateSqlGenerator sqlGenerator, IRelationalConnection connection,
    IRelationalCommandDiagnosticsLogger logger)
    : HiLoValueGenerator<T>(state)
{
    public override bool GeneratesTemporaryValues => false;

    protected override long GetNewLowValue() => ToInt64(Command().ExecuteScalar(Parameters()));

    protected override async Task<long> GetNewLowValueAsync(CancellationToken cancellationToken = default)
        => ToInt64(await Command().ExecuteScalarAsync(Parameters(), cancellationToken).ConfigureAwait(false));

    private static long ToInt64(object? value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);

    private IRelationalCommand Command() => commandBuilder.Build(sqlGenerator.GenerateNextSequenceValueOperation(sequence.Name, sequence.Schema));

    private RelationalCommandParameterObject Parameters() => new(connection, null, null, context: null, logger, CommandSource.ValueGenerator);
}

/// <summary>Finds the generator of a property: hi-lo, or those of EF Core.</summary>
internal sealed class ValueGenerators(
    ValueGeneratorSelectorDependencies dependencies, HiLoBlocks blocks, IRawSqlCommandBuilder commandBuilder, IUpdateSqlGenerator sqlGenerator,
    IRelationalConnection connection, IRelationalCommandDiagnosticsLogger logger)
    : RelationalValueGeneratorSelector(dependencies)
{
    public override bool TrySelect(IProperty property, ITypeBase typeBase, out ValueGenerator? valueGenerator)
    {
        if (property.GetValueGeneratorFactory() is not null || property.GetHiLoSequenceName() is not { } name)
        {
            return base.TrySelect(property, typeBase, out valueGenerator);
        }

        var sequence = property.DeclaringType.Model.FindSequence(name, property.GetHiLoSequenceSchema()) ?? throw new InvalidOperationException(
            $"Property '{property.DeclaringType.DisplayName()}.{property.Name}' takes its values from sequence '{name}', which is not in the model. Add it with HasSequence.");
        var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
        if (property.GetTypeMapping().Converter is { } converter)
        {
            type = Nullable.GetUnderlyingType(converter.ProviderClrType) ?? converter.ProviderClrType;
        }

        var generator = (ValueGenerator)Activator.CreateInstance(
            typeof(HiLoGenerator<>).MakeGenericType(type), blocks.Get(connection, sequence), sequence, commandBuilder, sqlGenerator, connection, logger)!;
        valueGenerator = property.GetTypeMapping().Converter is { } toModel ? generator.WithConverter(toModel) : generator;
        return true;
    }
}
