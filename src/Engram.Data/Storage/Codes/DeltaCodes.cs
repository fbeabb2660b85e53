using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Codes;

/// <summary>The codes of full chunks of a delta, made by the first search that asks, and kept until the chunk goes.</summary>
/// <remarks>
/// A full chunk takes no more rows and its values never change, so its codes are as immutable as those of a segment. Making them costs about as much as
/// scanning the chunk's float32 three times: the second search has it back. A chunk that still takes rows is scanned from float32.
/// Thread-safe: two searches that make the same codes together keep those of the first one.
/// </remarks>
internal sealed unsafe class DeltaCodes
{
    /// <summary>Fewer rows are not worth it.</summary>
    public const int RowCountMin = 512;

    private readonly Lock adding = new();
    private (ColumnId Column, NativeBlock Memory)[] made = [];
    private MemoryBudget? budget;

    /// <param name="vectors">All rows of the chunk.</param>
    /// <param name="payer">What the memory is counted to, with that of the rows.</param>
    public CodeBlock Get(ColumnId column, Column vectors, int rows, int dimensions, MemoryBudget? payer)
    {
        if (Find(column) is { } there)
        {
            return new CodeBlock(there.Pointer, rows, dimensions);
        }

        var memory = new NativeBlock(CodeBlock.SizeOf(rows, dimensions));
        CodeMaker.Fill(vectors, new CodeBlock(memory.Pointer, rows, dimensions));
        lock (adding)
        {
            if (Find(column) is { } first)
            {
                memory.Release();
                memory = first;
            }
            else
            {
                budget = payer;
                payer?.Charge(memory.Length);
                Volatile.Write(ref made, [.. made, (column, memory)]);
            }
        }

        return new CodeBlock(memory.Pointer, rows, dimensions);
    }

    /// <summary>Called when nobody can ask any more.</summary>
    public void Free()
    {
        foreach (var (_, memory) in made)
        {
            budget?.Charge(-memory.Length);
            memory.Release();
        }

        made = [];
    }

    private NativeBlock? Find(ColumnId column)
    {
        foreach (var (id, memory) in Volatile.Read(ref made))
        {
            if (id == column)
            {
                return memory;
            }
        }

        return null;
    }
}
