using Engram.Data.Columns;

namespace Engram.Data.Tests.Columns;

public class ColumnBufferTests
{
    [Fact]
    public void Values_and_nulls_survive_growth()
    {
        using var buffer = new ColumnBuffer(DataType.Int64, capacity: 1);
        for (var i = 0; i < 5000; i++)
        {
            if (i % 7 == 3)
            {
                buffer.AppendNull();
            }
            else
            {
                buffer.Append((long)i);
            }
        }

        for (var i = 0; i < 5000; i++)
        {
            Assert.Equal(i % 7 == 3, buffer.Column.IsNull(i));
            if (i % 7 != 3)
            {
                Assert.Equal(i, buffer.Column.Get<long>(i));
            }
        }
    }

    [Fact]
    public unsafe void Computed_values_of_a_batch_are_bounded_together()
    {
        // The memory is asked for and never touched.
        using var buffer = new ColumnBuffer(DataType.Text);
        Assert.True(buffer.AllocateVariable(1 << 30) != null);
        Assert.Equal("54000", Assert.Throws<EngramException>(() => buffer.AllocateVariable(1 << 30)).SqlState);
    }

    [Fact]
    public void Text_is_copied_and_kept()
    {
        using var source = new ColumnBuffer(DataType.Text);
        source.AppendText("naïve 🙂");
        source.AppendNull();
        using var copy = new ColumnBuffer(DataType.Text);
        copy.AppendFrom(source.Column, 0);
        copy.AppendFrom(source.Column, 1);
        source.Clear();
        source.AppendText("something else");

        Assert.Equal("naïve 🙂", copy.Column.Get<Bytes>(0).Text);
        Assert.True(copy.Column.IsNull(1));
    }

    [Fact]
    public void A_cleared_buffer_has_no_nulls_left()
    {
        using var buffer = new ColumnBuffer(DataType.Int32);
        buffer.AppendNull();
        buffer.Clear();
        buffer.Append(5);
        buffer.AppendNull();

        Assert.False(buffer.Column.IsNull(0));
        Assert.True(buffer.Column.IsNull(1));
    }
}
