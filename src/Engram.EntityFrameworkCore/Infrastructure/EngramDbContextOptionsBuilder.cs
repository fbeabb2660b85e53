using Engram.EntityFrameworkCore.Infrastructure;

namespace Microsoft.EntityFrameworkCore.Infrastructure;

/// <summary>Options of the Engram provider: the parameter of the action that <c>UseEngram</c> takes.</summary>
/// <param name="optionsBuilder">The context's builder.</param>
public class EngramDbContextOptionsBuilder(DbContextOptionsBuilder optionsBuilder)
    : RelationalDbContextOptionsBuilder<EngramDbContextOptionsBuilder, EngramOptionsExtension>(optionsBuilder);
