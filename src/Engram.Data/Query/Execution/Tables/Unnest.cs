using System.Buffers.Binary;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Tables;

/// <summary>The elements of an array, NULLs too.</summary>
internal sealed class Unnest(DataType element) : TableFunction
{
    private readonly ColumnBuffer elements = new(element);
    private int next;

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        ArrayValue.Unpack(arguments[0].Get<Bytes>(0), elements);
        next = 0;
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        var count = Math.Min(elements.Count - next, countMax);
        for (var i = 0; i < count; i++)
        {
            targets[0].AppendFrom(elements.Column, next++);
        }

        return count;
    }

    public override void Dispose()
    {
        elements.Dispose();
        base.Dispose();
    }
}

/// <summary>generate_subscripts: the places of an array's elements.</summary>
internal sealed class Subscripts(bool isBackwards) : TableFunction
{
    private int count;
    private int next;

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        // Arrays have one dimension; of another one there is nothing.
        count = arguments[1].Get<int>(0) == 1 ? BinaryPrimitives.ReadInt32LittleEndian(arguments[0].Get<Bytes>(0).Span) : 0;
        next = 0;
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        var given = Math.Min(count - next, countMax);
        for (var i = 0; i < given; i++, next++)
        {
            targets[0].Append(isBackwards ? count - next : next + 1);
        }

        return given;
    }
}
