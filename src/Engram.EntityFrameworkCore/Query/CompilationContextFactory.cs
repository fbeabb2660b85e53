using Microsoft.EntityFrameworkCore.Query;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Says that queries can be compiled ahead of time, as <c>dotnet ef dbcontext optimize --precompile-queries</c> does: what they hold of the model is then named, not held.</summary>
internal sealed class CompilationContextFactory(
    QueryCompilationContextDependencies dependencies, RelationalQueryCompilationContextDependencies relationalDependencies) : IQueryCompilationContextFactory
{
    public QueryCompilationContext Create(bool async) => new CompilationContext(dependencies, relationalDependencies, async, precompiling: false);

    public QueryCompilationContext CreatePrecompiled(bool async) => new CompilationContext(dependencies, relationalDependencies, async, precompiling: true);

    private sealed class CompilationContext(
        QueryCompilationContextDependencies dependencies, RelationalQueryCompilationContextDependencies relationalDependencies, bool async, bool precompiling)
        : RelationalQueryCompilationContext(dependencies, relationalDependencies, async, precompiling)
    {
        public override bool SupportsPrecompiledQuery => true;
    }
}
