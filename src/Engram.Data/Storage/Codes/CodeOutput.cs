using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Codes;

/// <summary>Writes one code file (<see cref="CodeFile"/>), block by block: of a segment that is there, or beside one that is being written.</summary>
/// <remarks>The file has another name until <see cref="Finish"/>. Disposed before, it leaves nothing. Used by one thread at a time.</remarks>
internal sealed unsafe class CodeOutput : IDisposable
{
    private readonly DataDirectory directory;
    private readonly ColumnId column;
    private readonly int dimensions;
    private readonly string name;
    private readonly DataFile file;
    private readonly SegmentOutput output;
    private byte* memory;
    private bool isFinished;

    /// <param name="name">Of the whole file. What has it must be in nobody's way: maps of it live on.</param>
    public CodeOutput(DataDirectory directory, string name, ColumnId column, int dimensions)
    {
        this.directory = directory;
        this.name = name;
        this.column = column;
        this.dimensions = dimensions;
        directory.CreateSubdirectory(RunFile.Subdirectory);
        directory.Delete(name + CodeFile.Unfinished);
        file = directory.Create(name + CodeFile.Unfinished);
        try
        {
            output = new SegmentOutput(file);
            Span<byte> head = stackalloc byte[CodeFile.BlocksAt];
            head.Clear();
            CodeFile.Magic.CopyTo(head);
            BinaryPrimitives.WriteUInt32LittleEndian(head[FormatVersion.MagicSize..], FormatVersion.Current);
            output.Write(head);
        }
        catch
        {
            // Without memory for a piece. Nobody will dispose this.
            output?.Dispose();
            file.Dispose();
            throw;
        }
    }

    ~CodeOutput() => NativeMemory.AlignedFree(memory);

    public ColumnId Column => column;

    /// <summary>Adds the codes of a block, whole or the last one.</summary>
    public void Add(Column vectors, int rows)
    {
        var size = CodeBlock.SizeOf(rows, dimensions);
        if (memory == null)
        {
            memory = (byte*)NativeMemory.AlignedAlloc((nuint)CodeBlock.SizeOf(Batch.RowCountMax, dimensions), 64);
        }

        NativeMemory.Clear(memory, (nuint)size);
        CodeMaker.Fill(vectors, new CodeBlock(memory, rows, dimensions));
        output.Write(memory, size);
    }

    /// <summary>Writes the rest, syncs, and gives the file its name.</summary>
    public void Finish(SegmentInfo segment)
    {
        var length = output.Position;
        output.FinishPages();
        var footer = new ByteWriter();
        footer.WriteUInt32(CodeFile.SourceOf(segment, column).RootChecksum);
        footer.WriteUInt32((uint)segment.RowCount);
        footer.WriteUInt32((uint)column.Value);
        footer.WriteUInt32((uint)dimensions);
        foreach (var checksum in output.PageChecksums)
        {
            footer.WriteUInt32(checksum);
        }

        footer.WriteUInt32((uint)footer.Length);
        footer.WriteUInt32(Crc32C.Compute(footer.Written));
        file.Write(length, footer.Written);
        file.Sync();
        directory.Rename(name + CodeFile.Unfinished, name);
        directory.Sync(RunFile.Subdirectory);
        isFinished = true;
    }

    public void Dispose()
    {
        output.Dispose();
        file.Dispose();
        NativeMemory.AlignedFree(memory);
        memory = null;
        GC.SuppressFinalize(this);
        if (!isFinished)
        {
            isFinished = true;
            directory.Delete(name + CodeFile.Unfinished);
        }
    }
}
