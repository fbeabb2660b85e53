using Engram.EntityFrameworkCore.Infrastructure;
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

    public ModificationCommandBatch Create() => new ModificationBatch(dependencies, batchSizeMax);
}
