using System.Data.Common;

namespace Engram.Data.Tests.Ado;

public sealed class ConnectionStringTests
{
    [Fact]
    public void Every_keyword_has_its_documented_default()
    {
        var builder = new EngramConnectionStringBuilder();
        Assert.Equal("", builder.DataSource);
        Assert.Equal(EngramOpenMode.ReadWriteCreate, builder.Mode);
        Assert.Equal(EngramDurability.Full, builder.Durability);
        Assert.Equal(30, builder.DefaultTimeout);
        Assert.Equal(OperatingSystem.IsWindows() ? 0 : 1, builder.KeepAlive);
        Assert.Equal("", builder.ConnectionString);
        Assert.Equal(EngramRecoveryMode.Strict, builder.Recovery);
        Assert.Equal(64, builder.CheckpointSize);
        Assert.Equal(300, builder.MaintenanceInterval);
        Assert.Equal(0, builder.MemoryLimit);
        Assert.True(builder.Enlist);
        Assert.Equal(builder.Keys.Count, builder.Values.Count);
        Assert.Equal(0, builder.MaxParallelism);
    }

    [Theory]
    [InlineData("Data Source=a.engram")]
    [InlineData("DataSource=a.engram")]
    [InlineData("filename=a.engram")]
    [InlineData("data source = a.engram ;")]
    public void The_data_source_has_its_usual_names(string text)
    {
        var builder = new EngramConnectionStringBuilder(text);
        Assert.Equal("a.engram", builder.DataSource);
        Assert.Equal("Data Source=a.engram", builder.ConnectionString);
        Assert.True(builder.ContainsKey("FileName"));
        Assert.Equal("a.engram", builder["datasource"]);
    }

    [Fact]
    public void All_keywords_are_read_and_written()
    {
        var builder = new EngramConnectionStringBuilder("Data Source=\"a;b\";mode=readonly;Durability=none;Command Timeout=7;KeepAlive=3;Recovery=salvage;Checkpoint Size=5;MaintenanceInterval=0");
        Assert.Equal(5, builder.CheckpointSize);
        Assert.Equal(0, builder.MaintenanceInterval);
        Assert.Equal("a;b", builder.DataSource);
        Assert.Equal(EngramRecoveryMode.Salvage, builder.Recovery);
        Assert.Equal(EngramOpenMode.ReadOnly, builder.Mode);
        Assert.Equal(EngramDurability.None, builder.Durability);
        Assert.Equal(7, builder.DefaultTimeout);
        Assert.Equal(3, builder.KeepAlive);

        var again = new EngramConnectionStringBuilder(builder.ConnectionString);
        Assert.True(builder.EquivalentTo(again));
        Assert.Equal(builder.ConnectionString, again.ConnectionString);
    }

    [Fact]
    public void Properties_and_keywords_are_the_same()
    {
        var builder = new EngramConnectionStringBuilder { DataSource = "a", Mode = EngramOpenMode.Memory, DefaultTimeout = 0 };
        Assert.Equal("Data Source=a;Mode=Memory;Default Timeout=0", builder.ConnectionString);
        builder["Mode"] = "ReadWrite";
        Assert.Equal(EngramOpenMode.ReadWrite, builder.Mode);
        builder["Mode"] = null;
        Assert.Equal(EngramOpenMode.ReadWriteCreate, builder.Mode);
        Assert.True(builder.Remove("default timeout"));
        Assert.Equal(30, builder.DefaultTimeout);
        Assert.Equal("Data Source=a", builder.ConnectionString);
        builder.Clear();
        Assert.Equal("", builder.ConnectionString);
        Assert.Equal("", builder.DataSource);
    }

    [Theory]
    [InlineData("Password=x", "password", "Data Source")]
    [InlineData("Data Source=a;Cache=Shared", "cache", "Keep Alive")]
    public void An_unknown_keyword_is_refused_with_those_that_are_known(string text, string keyword, string known)
    {
        var error = Assert.Throws<ArgumentException>(() => new EngramConnectionStringBuilder(text));
        Assert.Contains(keyword, error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(known, error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new EngramConnection(text));
    }

    [Theory]
    [InlineData("Mode=Fast", "ReadWriteCreate")]
    [InlineData("Mode=1", "ReadWriteCreate")]
    [InlineData("Mode=9", "ReadWriteCreate")]
    [InlineData("Durability=Sometimes", "Interval")]
    [InlineData("Default Timeout=-1", "seconds")]
    [InlineData("Keep Alive=soon", "seconds")]
    public void A_value_that_a_keyword_cannot_take_is_refused(string text, string hint)
        => Assert.Contains(hint, Assert.Throws<ArgumentException>(() => new EngramConnectionStringBuilder(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_factory_makes_every_type()
    {
        var factory = EngramFactory.Instance;
        Assert.IsType<EngramConnection>(factory.CreateConnection());
        Assert.IsType<EngramCommand>(factory.CreateCommand());
        Assert.IsType<EngramParameter>(factory.CreateParameter());
        Assert.IsType<EngramConnectionStringBuilder>(factory.CreateConnectionStringBuilder());
        Assert.IsType<EngramBatch>(factory.CreateBatch());
        Assert.IsType<EngramBatchCommand>(factory.CreateBatchCommand());
        Assert.True(factory.CanCreateBatch);
        using var source = factory.CreateDataSource("Data Source=a");
        Assert.IsType<EngramDataSource>(source);
        using var connection = factory.CreateConnection();
        Assert.Same(factory, DbProviderFactories.GetFactory(connection!));
    }
}
