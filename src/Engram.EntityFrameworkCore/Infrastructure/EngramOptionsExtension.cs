using Engram.Data;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Infrastructure;

/// <summary>What <c>UseEngram</c> was told: the connection string, connection or data source, and the relational options.</summary>
/// <remarks>Immutable; each <c>With…</c> method returns a changed copy. Applications use <c>UseEngram</c> and never this class.</remarks>
public class EngramOptionsExtension : RelationalOptionsExtension
{
    private ExtensionInfo? info;

    /// <summary>Creates an extension with every option at its default.</summary>
    public EngramOptionsExtension()
    {
    }

    /// <summary>Creates a copy.</summary>
    protected EngramOptionsExtension(EngramOptionsExtension copyFrom)
        : base(copyFrom)
        => DataSource = copyFrom.DataSource;

    /// <summary>The data source that makes connections; null when the context was given a connection string or a connection.</summary>
    public virtual EngramDataSource? DataSource { get; private set; }

    /// <inheritdoc/>
    public override DbContextOptionsExtensionInfo Info => info ??= new ExtensionInfo(this);

    /// <summary>A copy that takes its connections from a data source, which the context never disposes.</summary>
    public virtual EngramOptionsExtension WithDataSource(EngramDataSource? dataSource)
    {
        var clone = (EngramOptionsExtension)Clone();
        clone.DataSource = dataSource;
        return clone;
    }

    /// <inheritdoc/>
    public override void ApplyServices(IServiceCollection services) => services.AddEntityFrameworkEngram();

    /// <inheritdoc/>
    protected override RelationalOptionsExtension Clone() => new EngramOptionsExtension(this);

    private sealed class ExtensionInfo(IDbContextOptionsExtension extension) : RelationalExtensionInfo(extension)
    {
        public override bool IsDatabaseProvider => true;

        public override string LogFragment
            => ((EngramOptionsExtension)Extension).DataSource is null ? base.LogFragment : base.LogFragment + "using EngramDataSource ";

        // Nothing of ours shapes a singleton service: the data source is read by the scoped connection.
        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo && base.ShouldUseSameServiceProvider(other);

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo)
            => debugInfo["Engram"] = typeof(EngramConnection).Assembly.GetName().Version?.ToString() ?? "";
    }
}
