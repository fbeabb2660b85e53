using System.Reflection;
using System.Runtime.CompilerServices;
using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Tests.House;

/// <summary>What EF Core holds its own providers to, by reflection: members that can be overridden, fluent calls, tokens, services and their lifetimes.</summary>
public sealed class ProviderConventionTests
{
    private static readonly Assembly Provider = typeof(EngramVectorTypeMapping).Assembly;

    private static readonly Dictionary<Type, Type> GenericBuilders = new()
    {
        [typeof(EntityTypeBuilder)] = typeof(EntityTypeBuilder<>),
        [typeof(PropertyBuilder)] = typeof(PropertyBuilder<>),
        [typeof(IndexBuilder)] = typeof(IndexBuilder<>),
        [typeof(DbContextOptionsBuilder)] = typeof(DbContextOptionsBuilder<>),
    };

    private static IEnumerable<MethodInfo> PublicStatics
        => Provider.GetExportedTypes().SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly));

    [Fact]
    public void Members_of_types_that_can_be_derived_from_can_be_overridden()
        => Assert.Empty(
            from type in Provider.GetTypes()
            where type.IsVisible && !type.IsSealed
            from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            where (!method.IsVirtual || method.IsFinal) && (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly)
            select type.Name + "." + method.Name);

    [Fact]
    public void Private_classes_are_sealed()
        => Assert.Empty(Provider.GetTypes().Where(t => t is { IsNestedPrivate: true, IsSealed: false, IsAbstract: false }).Select(t => t.FullName));

    [Fact]
    public void Fluent_calls_give_their_builder_and_have_generic_twins()
    {
        var builders = PublicStatics.Where(m => m.IsDefined(typeof(ExtensionAttribute)) && m.DeclaringType!.Name.EndsWith("BuilderExtensions", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(builders);
        Assert.Empty(builders.Where(m => m.ReturnType == typeof(void)).Select(m => m.ToString()));
        foreach (var method in builders.Where(m => m.ReturnType == m.GetParameters()[0].ParameterType && GenericBuilders.ContainsKey(m.ReturnType)))
        {
            Assert.True(
                builders.Exists(m => m.Name == method.Name && m.IsGenericMethod && m.ReturnType.IsGenericType && m.ReturnType.GetGenericTypeDefinition() == GenericBuilders[method.ReturnType]
                    && m.GetParameters().Length == method.GetParameters().Length),
                $"{method} has no generic twin.");
        }
    }

    [Fact]
    public void Conventions_ask_before_they_set_and_tell_who_did()
    {
        foreach (var method in PublicStatics.Where(m => m.GetParameters() is [{ ParameterType: var of }, ..] && typeof(IConventionAnnotatableBuilder).IsAssignableFrom(of) && m.ReturnType == of))
        {
            var asked = method.Name.StartsWith("Has", StringComparison.Ordinal) || method.Name.StartsWith("Use", StringComparison.Ordinal) ? method.Name[3..] : method.Name;
            Assert.Contains(method.DeclaringType!.GetMethods(), m => m.Name == "CanSet" + asked && m.GetParameters()[1].ParameterType == method.GetParameters()[1].ParameterType);
            Assert.Equal(("fromDataAnnotation", false), (method.GetParameters()[^1].Name, method.GetParameters()[^1].DefaultValue));
        }

        foreach (var method in PublicStatics.Where(m => m.Name.StartsWith("Set", StringComparison.Ordinal) && typeof(IConventionAnnotatable).IsAssignableFrom(m.GetParameters()[0].ParameterType)))
        {
            Assert.Contains(method.DeclaringType!.GetMethods(), m => m.Name == $"Get{method.Name[3..]}ConfigurationSource" && m.ReturnType == typeof(ConfigurationSource?));
            Assert.Equal(method.GetParameters()[1].ParameterType, method.ReturnType);
        }
    }

    [Fact]
    public void What_is_asynchronous_is_named_so_and_takes_a_token()
        => Assert.Empty(
            from type in Provider.GetExportedTypes()
            from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
            where typeof(Task).IsAssignableFrom(method.ReturnType)
            where !method.Name.EndsWith("Async", StringComparison.Ordinal) || method.GetParameters().All(p => p.ParameterType != typeof(CancellationToken))
            select type.Name + "." + method.Name);

    [Fact]
    public void Parameters_that_are_yes_or_no_are_named_without_a_verb()
        => Assert.Empty(
            from type in Provider.GetExportedTypes()
            from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
            from parameter in method.GetParameters()
            where (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType) == typeof(bool)
            where new[] { "is", "can", "has" }.Any(p => parameter.Name!.StartsWith(p, StringComparison.Ordinal))
            select $"{type.Name}.{method.Name}: {parameter.Name}");

    [Fact]
    public void Every_service_of_a_relational_provider_is_there_once_and_lives_as_long_as_it_should()
    {
        var services = new ServiceCollection().AddEntityFrameworkEngram();
#pragma warning disable EF1001 // There is no other list of them.
        foreach (var (type, characteristics) in EntityFrameworkRelationalServicesBuilder.RelationalServices.Concat(EntityFrameworkServicesBuilder.CoreServices))
#pragma warning restore EF1001
        {
            var registered = services.Where(s => s.ServiceType == type).ToList();
            Assert.All(registered, s => Assert.Equal(characteristics.Lifetime, s.Lifetime));
            Assert.True(characteristics.MultipleRegistrations || registered.Count == 1, type.Name);
        }
    }

    [Fact]
    public void Services_that_were_added_before_stay_and_none_is_added_twice()
    {
        var services = new ServiceCollection().AddEntityFrameworkEngram();
        var count = services.Count;
        services.AddEntityFrameworkEngram();
        new EntityFrameworkServicesBuilder(services).TryAddCoreServices();
        Assert.Equal(count, services.Count);
    }
}
