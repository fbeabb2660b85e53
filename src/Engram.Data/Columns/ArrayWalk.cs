using System.Buffers.Binary;

namespace Engram.Data.Columns;

/// <summary>Goes from one element of an array (<see cref="ArrayValue"/>) to the next without taking the array apart.</summary>
internal ref struct ArrayWalk(ReadOnlySpan<byte> array, TypeKind element)
{
    private readonly ReadOnlySpan<byte> array = array;
    private readonly bool isByReference = new DataType(element).IsByReference;
    private readonly int size = new DataType(element).PhysicalSize + (new DataType(element).HasOffsets ? sizeof(short) : 0);
    private int left = CountOf(array);
    private int elementStart;
    private int valueStart;
    private int at = sizeof(int);

    public readonly bool IsNull => array[elementStart] == 0;

    /// <summary>The element's bytes: of fixed size, or what a value of variable length points to. Empty for NULL.</summary>
    public readonly ReadOnlySpan<byte> Value => array[valueStart..at];

    /// <summary>The element with what precedes it, NULL or not, to be copied into another array of the type.</summary>
    public readonly ReadOnlySpan<byte> Whole => array[elementStart..at];

    public static int CountOf(ReadOnlySpan<byte> array) => BinaryPrimitives.ReadInt32LittleEndian(array);

    public bool Next()
    {
        if (left == 0)
        {
            return false;
        }

        left--;
        elementStart = at++;
        valueStart = at;
        if (array[elementStart] != 0 && isByReference)
        {
            valueStart += sizeof(int);
            at = valueStart + BinaryPrimitives.ReadInt32LittleEndian(array[at..]);
        }
        else if (array[elementStart] != 0)
        {
            at += size;
        }

        return true;
    }
}
