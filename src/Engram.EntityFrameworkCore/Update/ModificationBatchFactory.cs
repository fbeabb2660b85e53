using Engram.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Update;

namespace Engram.EntityFrameworkCore.Update;

internal sealed class ModificationBatchFactory : IModificationCommandBatchFactory
{
    private const int BatchSizeMaxDefault = 1000;

    private readonly ModificationCommandBatchFactoryDependencies dependencies;
    private readonly int batchSizeMax;

    public ModificationBatchFactory(ModificationCommandBatchFactoryDependencies dependencies, IDbContextOptions options)
    {
        this.dependencies = dependencies;
        batchSizeMax = options.FindExtension<EngramOptionsExtension>()?.MaxBatchSize ?? BatchSizeMaxDefault;
    }

    public ModificationCommandBatch Create()
    {
        var database = dependencies.CurrentContext.Context.Database;
        return new ModificationBatch(dependencies, batchSizeMax, joinsInserts: database.AutoTransactionBehavior != AutoTransactionBehavior.Never || database.CurrentTransaction is not null);
    }
}
