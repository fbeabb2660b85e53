using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Scaffolding;

namespace Engram.EntityFrameworkCore.Scaffolding;

/// <summary>Writes <c>UseEngram("…")</c> into a scaffolded context.</summary>
internal sealed class OptionsCode(ProviderCodeGeneratorDependencies dependencies) : ProviderCodeGenerator(dependencies)
{
    private static readonly MethodInfo UseEngram = typeof(EngramDbContextOptionsBuilderExtensions).GetRuntimeMethod(
        nameof(EngramDbContextOptionsBuilderExtensions.UseEngram), [typeof(DbContextOptionsBuilder), typeof(string), typeof(Action<EngramDbContextOptionsBuilder>)])!;

    public override MethodCallCodeFragment GenerateUseProvider(string connectionString, MethodCallCodeFragment? providerOptions)
        => providerOptions is null ? new(UseEngram, connectionString) : new(UseEngram, connectionString, new NestedClosureCodeFragment("x", providerOptions));
}
