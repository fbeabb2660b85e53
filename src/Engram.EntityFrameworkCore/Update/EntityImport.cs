using System.Runtime.CompilerServices;
using Engram.Data;
using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Internal;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.ValueGeneration;

namespace Engram.EntityFrameworkCore.Update;

/// <summary>Turns entities into rows for a bulk copy.</summary>
/// <remarks>
/// The columns are those of the entity's table, less the ones that the database fills. For each concrete type of the hierarchy, every column has a
/// <see cref="Source"/>: how its value is read from an entity of that type.
/// </remarks>
internal sealed class EntityImport
{
    private readonly DbContext context;
    private readonly IEntityType type;
    private readonly ITable table;
    private readonly Dictionary<Type, Source?[]> sourcesByType = [];
    private readonly List<IColumn> columns = [];
    private readonly HashSet<IColumn> omitted = [];

    public EntityImport(DbContext context, IEntityType type)
    {
        this.context = context;
        this.type = type;
        var tables = type.GetTableMappings().Select(m => m.Table).Distinct().ToList();
        table = tables is [var single] ? single : throw new NotSupportedException(
            $"Entity type '{type.DisplayName()}' is mapped to {tables.Count} tables; only one whose rows are in one table can be imported. Add them with SaveChanges.");
        if (table.Columns.FirstOrDefault(c => c.PropertyMappings.Count == 0) is { } document)
        {
            throw new NotSupportedException(
                $"Column '{table.Name}.{document.Name}' holds documents, which an import does not write. Add entities of type '{type.DisplayName()}' with SaveChanges.");
        }
    }

    public async Task<long> RunAsync<TEntity>(EngramConnection connection, IAsyncEnumerable<TEntity> entities, CancellationToken cancellationToken)
        where TEntity : class
    {
        var enumerator = entities.GetAsyncEnumerator(cancellationToken);
        await using var disposal = enumerator.ConfigureAwait(false);
        if (!await enumerator.MoveNextAsync().ConfigureAwait(false))
        {
            return 0;
        }

        ChooseColumns(enumerator.Current);
        using var copy = new EngramBulkCopy(connection, context.GetService<ISqlGenerationHelper>().DelimitIdentifier(table.Name, table.Schema));
        for (var i = 0; i < columns.Count; i++)
        {
            copy.ColumnMappings.Add(new EngramBulkCopyColumnMapping(i, columns[i].Name));
        }

        await copy.WriteToServerAsync(Rows(enumerator, cancellationToken), cancellationToken).ConfigureAwait(false);
        return copy.RowsCopiedCount;
    }

    private async IAsyncEnumerable<object?[]> Rows<TEntity>(IAsyncEnumerator<TEntity> enumerator, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TEntity : class
    {
        var row = new object?[columns.Count];
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            Fill(row, enumerator.Current);
            yield return row;
        }
        while (await enumerator.MoveNextAsync().ConfigureAwait(false));
    }

    private void Fill(object?[] row, object entity)
    {
        var sources = SourcesOf(entity.GetType());
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = sources[i]?.Read(entity);
        }

        for (var i = row.Length; i < sources.Length; i++)
        {
            if (sources[i] is { } source && !source.IsUnset(entity))
            {
                throw new InvalidOperationException(
                    $"Property '{type.DisplayName()}.{source.Property.Name}' has a value here, but had none in the first entity, so that the database generates it for all. "
                    + "Import entities with values and those without in two calls.");
            }
        }
    }

    /// <summary>Columns that the database fills are left out: computed ones always, generated ones when the first entity has no value.</summary>
    private void ChooseColumns(object first)
    {
        var all = table.Columns.ToList();
        var sources = Bind(first.GetType(), all);
        for (var i = 0; i < all.Count; i++)
        {
            var property = all[i].PropertyMappings[0].Property;
            var isGenerated = property.ValueGenerated == ValueGenerated.OnAddOrUpdate || all[i].ComputedColumnSql is not null
                || (property.ValueGenerated == ValueGenerated.OnAdd && sources[i] is not { Generator: not null } and not { Default: not null }
                    && (sources[i] is not { } source || source.IsUnset(first)));
            if (isGenerated)
            {
                omitted.Add(all[i]);
            }
            else
            {
                columns.Add(all[i]);
            }
        }
    }

    /// <summary>Of the columns that are written, and behind them of those that the database generates.</summary>
    private Source?[] SourcesOf(Type clrType)
    {
        if (!sourcesByType.TryGetValue(clrType, out var sources))
        {
            sources = Bind(clrType, [.. columns, .. omitted.Where(c => c.ComputedColumnSql is null && c.PropertyMappings[0].Property.ValueGenerated == ValueGenerated.OnAdd)]);
            sourcesByType.Add(clrType, sources);
        }

        return sources;
    }

    private Source?[] Bind(Type clrType, List<IColumn> wanted)
    {
        var entityType = type.GetDerivedTypesInclusive().FirstOrDefault(t => t.ClrType == clrType && !t.IsAbstract()) ?? throw new InvalidOperationException(
            $"'{clrType.Name}' is no entity type of the set of '{type.DisplayName()}'.");
        if (entityType.GetTableMappings().Any(m => m.Table != table))
        {
            throw new NotSupportedException($"Entities of type '{entityType.DisplayName()}' are in another table than '{table.Name}'. Import them through a set of their own.");
        }

        var found = new Dictionary<IColumn, Source>();
        Collect(entityType, entityType, static e => e, found);
        return [.. wanted.Select(found.GetValueOrDefault)];
    }

    /// <summary>The properties of a type, of its complex properties and of what it owns in the same table.</summary>
    private void Collect(ITypeBase part, IEntityType root, Func<object, object?> instance, Dictionary<IColumn, Source> found)
    {
        foreach (var property in part.GetProperties())
        {
            var column = property.GetTableColumnMappings().FirstOrDefault(m => m.TableMapping.Table == table)?.Column;
            if (column is not null && !found.ContainsKey(column))
            {
                found.Add(column, new Source(this, property, ReaderOf(property, root, instance)));
            }
        }

        foreach (var complex in part.GetComplexProperties().Where(c => !c.IsCollection))
        {
            var getter = ((IRuntimePropertyBase)complex).GetGetter();
            Collect(complex.ComplexType, root, e => instance(e) is { } i ? getter.GetClrValue(i) : null, found);
        }

        foreach (var navigation in (part as IEntityType)?.GetNavigations() ?? [])
        {
            if (navigation is { IsCollection: false, IsOnDependent: false, ForeignKey.IsOwnership: true } && navigation.TargetEntityType.GetTableMappings().Any(m => m.Table == table))
            {
                var getter = ((IRuntimePropertyBase)navigation).GetGetter();
                Collect(navigation.TargetEntityType, root, e => instance(e) is { } i ? getter.GetClrValue(i) : null, found);
            }
        }
    }

    private static Func<object, object?> ReaderOf(IProperty property, IEntityType root, Func<object, object?> instance)
    {
        // A foreign key may be given by the entity that it refers to, and then need not be set itself.
        var reference = property.GetContainingForeignKeys().FirstOrDefault(f => f is { IsOwnership: false, DependentToPrincipal: not null });
        Func<object, object?>? referred = null;
        if (reference is not null)
        {
            var navigation = ((IRuntimePropertyBase)reference.DependentToPrincipal!).GetGetter();
            var key = reference.PrincipalKey.Properties[reference.Properties.ToList().IndexOf(property)];
            if (!key.IsShadowProperty())
            {
                var keyGetter = ((IRuntimePropertyBase)key).GetGetter();
                referred = e => instance(e) is { } i && navigation.GetClrValue(i) is { } principal ? keyGetter.GetClrValue(principal) : null;
            }
        }

        if (root.FindDiscriminatorProperty() == property)
        {
            var value = root.GetDiscriminatorValue();
            return _ => value;
        }

        if (property.IsShadowProperty())
        {
            return referred ?? (static _ => null);
        }

        var getter = ((IRuntimePropertyBase)property).GetGetter();
        return referred is null
            ? e => instance(e) is { } i ? getter.GetClrValue(i) : null
            : e => referred(e) ?? (instance(e) is { } i ? getter.GetClrValue(i) : null);
    }

    /// <summary>How the value of a column is read from an entity.</summary>
    private sealed class Source
    {
        private readonly EntityImport import;
        private readonly Func<object, object?> read;
        private readonly Microsoft.EntityFrameworkCore.Storage.ValueConversion.ValueConverter? converter;
        private readonly object? sentinel;

        public Source(EntityImport import, IProperty property, Func<object, object?> read)
        {
            this.import = import;
            this.read = read;
            Property = property;
            converter = property.GetTypeMapping().Converter;
            sentinel = property.Sentinel;
            if (property.ValueGenerated != ValueGenerated.OnAdd)
            {
                return;
            }

            if (property.TryGetDefaultValue(StoreObjectIdentifier.Table(import.table.Name, import.table.Schema), out var value))
            {
                Default = value;
            }
            else if (import.context.GetService<IValueGeneratorSelector>().TrySelect(property, property.DeclaringType, out var generator)
                && generator is { GeneratesTemporaryValues: false })
            {
                Generator = generator;
            }
        }

        public IProperty Property { get; }

        public ValueGenerator? Generator { get; }

        public object? Default { get; }

        public bool IsUnset(object entity) => read(entity) is not { } value || value.Equals(sentinel);

        public object? Read(object entity)
        {
            var value = read(entity);
            if (Property.ValueGenerated == ValueGenerated.OnAdd && (value is null || value.Equals(sentinel)))
            {
                value = Default ?? Generate(entity);
            }

            return converter is null || (value is null && !converter.ConvertsNulls) ? value : converter.ConvertToProvider(value);
        }

        private object? Generate(object entity)
        {
            if (Generator is null)
            {
                throw new InvalidOperationException(
                    $"Property '{Property.DeclaringType.DisplayName()}.{Property.Name}' has no value here, but had one in the first entity. "
                    + "Import entities with values and those without in two calls.");
            }

            // An entry would be kept by the context until it is disposed; the generators of EF Core and the provider need none.
            var needsEntry = Generator.GetType().Assembly is var assembly && assembly != typeof(ValueGenerator).Assembly && assembly != typeof(EntityImport).Assembly;
            var value = Generator.Next(needsEntry ? import.context.Entry(entity) : null!);
            if (Property.DeclaringType.ClrType.IsInstanceOfType(entity))
            {
                Property.PropertyInfo?.SetValue(entity, value);
            }

            return value;
        }
    }
}
