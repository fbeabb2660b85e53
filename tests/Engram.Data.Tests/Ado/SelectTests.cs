namespace Engram.Data.Tests.Ado;

/// <summary>The whole path from a text to values and back, without a table.</summary>
public sealed class SelectTests : AdoTest
{
    [Fact]
    public void One_is_one()
    {
        Assert.Equal(1, Scalar("SELECT 1"));
        Assert.Equal(["3,x,NULL", "4,y,NULL"], Rows("SELECT $1 + v, w, NULL FROM (VALUES (1, 'x'), (2, 'y')) AS t (v, w)", 2));
    }

    [Fact]
    public void A_mistake_has_its_code_and_the_connection_goes_on()
    {
        AssertState("42601", () => Scalar("SELEC 1"));
        AssertState("42P01", () => Scalar("SELECT * FROM nowhere"));
        AssertState("42P02", () => Scalar("SELECT @missing"));
        AssertState("22012", () => Scalar("SELECT 1 / 0"));
        Assert.Equal(1, Scalar("SELECT 1"));
    }

    [Fact]
    public void A_database_on_the_disk_is_opened_and_reopened()
    {
        for (var i = 0; i < 3; i++)
        {
            using var connection = Open($"Data Source={DiskPath};Keep Alive=0");
            Assert.Equal(i == 0, connection.LastRecovery!.WasCreated);
            Assert.Equal(i, Scalar(connection, "SELECT $1", i));
        }
    }
}
