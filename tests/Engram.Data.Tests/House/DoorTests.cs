using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engram.Data.Tests.House;

/// <summary>
/// What touches the operating system, the processor's vector instructions, clocks and randomness passes through one door each, so that
/// tests can stand a simulated disk behind it and one oracle can judge every kernel.
/// </summary>
public sealed class DoorTests
{
    private const string Files = "src/Engram.Data/Storage/Files";
    // Its users name files of their own, to import, to export and to copy: none of them is a database's.
    private const string Tool = "src/Engram.Data.Cli";
    private const string Kernels = "src/Engram.Data/Kernels";
    private const string Storage = "src/Engram.Data/Storage";

    private static readonly HashSet<string> FileTypes =
    [
        "File", "FileInfo", "FileStream", "FileSystemInfo", "FileSystemWatcher", "Directory", "DirectoryInfo", "DriveInfo", "RandomAccess",
        "UnmanagedMemoryAccessor",
    ];

    private static readonly HashSet<string> HandleTypes = ["SafeFileHandle", "SafeMemoryMappedFileHandle", "SafeMemoryMappedViewHandle"];

    private static readonly HashSet<string> ClocksAndRandomness =
    [
        "System.Threading.Thread.Sleep",
        "System.DateTime.Now", "System.DateTime.UtcNow", "System.DateTime.Today", "System.DateTimeOffset.Now", "System.DateTimeOffset.UtcNow",
        "System.Environment.TickCount", "System.Environment.TickCount64",
        "System.Random.Shared", "System.Random..ctor", "System.Guid.NewGuid", "System.Guid.CreateVersion7",
    ];

    internal static IEnumerable<Violation> CheckFiles(SourceCode code)
        => from mention in code.Mentions
           where !mention.File.IsUnder(Files) && !mention.File.IsUnder(Tool) && mention.Type is { } type && IsFileAccess(type)
           select new Violation(mention.File.Path, mention.Line, $"{mention.Type!.Name} touches the operating system: only Storage/Files may. Go through DataDirectory and DataFile.");

    internal static IEnumerable<Violation> CheckImports(SourceCode code)
        => from found in code.Nodes<AttributeSyntax>()
           where !found.File.IsUnder(Files) && SimpleName(found.Node.Name) is "DllImport" or "LibraryImport" or "DllImportAttribute" or "LibraryImportAttribute"
           select new Violation(found.File.Path, SourceCode.LineOf(found.Node), "A call into the operating system stands outside Storage/Files.");

    internal static IEnumerable<Violation> CheckVectors(SourceCode code)
        => from mention in code.Mentions
           where !mention.File.IsUnder(Kernels) && mention.Type is { } type && IsVectorInstruction(type)
           select new Violation(mention.File.Path, mention.Line, $"{mention.Type!.Name} is a vector instruction: those stand in Kernels, beside their scalar oracle.");

    /// <summary>The framework's sync calls return normally when the operating system's fails, so nobody may rely on them, anywhere.</summary>
    internal static IEnumerable<Violation> CheckSyncs(SourceCode code)
        => from found in code.Nodes<InvocationExpressionSyntax>()
           let name = SimpleName(found.Node.Expression)
           where name == "FlushToDisk"
               || (name == "Flush" && found.Node.ArgumentList.Arguments.Any(a => a.Expression.IsKind(SyntaxKind.TrueLiteralExpression)))
           select new Violation(found.File.Path, SourceCode.LineOf(found.Node), $"{name} hides a failed sync. Use DataFile.Sync, which reads the result of the system call.");

    internal static IEnumerable<Violation> CheckClocks(SourceCode code)
        => from mention in code.Mentions
           where mention.File.IsUnder(Storage) && !mention.File.IsUnder(Files) && IsClockOrRandomness(mention.Symbol)
           select new Violation(mention.File.Path, mention.Line, $"{mention.Symbol.ContainingType?.Name}.{mention.Symbol.Name}: time and randomness come to storage through Storage/Files, so that a run replays from its seed.");

    [Fact]
    public void Files_are_touched_only_behind_the_door() => Violation.AssertNone(CheckFiles(SourceCode.Src));

    [Fact]
    public void The_operating_system_is_called_only_behind_the_door() => Violation.AssertNone(CheckImports(SourceCode.Src));

    [Fact]
    public void Vector_instructions_stand_only_in_kernels() => Violation.AssertNone(CheckVectors(SourceCode.Src));

    [Fact]
    public void Nothing_relies_on_the_frameworks_sync() => Violation.AssertNone(CheckSyncs(SourceCode.Src));

    [Fact]
    public void Storage_reads_no_clock_and_rolls_no_dice_of_its_own() => Violation.AssertNone(CheckClocks(SourceCode.Src));

    [Theory]
    [InlineData("File.Exists(\"a\");")]
    [InlineData("System.IO.File.Delete(\"a\");")]
    [InlineData("using var s = new FileStream(\"a\", FileMode.Open);")]
    [InlineData("FileStream s = new(\"a\", FileMode.Open);")]
    [InlineData("Directory.CreateDirectory(\"a\");")]
    [InlineData("RandomAccess.GetLength(null!);")]
    [InlineData("System.IO.MemoryMappedFiles.MemoryMappedFile.CreateNew(null, 1);")]
    [InlineData("Microsoft.Win32.SafeHandles.SafeFileHandle? h = null;")]
    public void Touching_a_file_is_found(string statement) => AssertCatches(CheckFiles, Storage + "/Wal/A.cs", statement);

    [Theory]
    [InlineData("var p = Path.Combine(\"a\", \"b\"); Stream s = new MemoryStream(); throw new IOException();")]
    [InlineData("var File = 1; var Directory = File + 1;")]
    public void Paths_streams_and_own_names_are_free(string statement)
        => Assert.Empty(CheckFiles(SourceCode.Sample(Storage + "/Wal/A.cs", InMethod(statement))));

    [Fact]
    public void Behind_the_door_files_are_free()
        => Assert.Empty(CheckFiles(SourceCode.Sample(Files + "/A.cs", InMethod("File.Exists(\"a\");"))));

    [Theory]
    [InlineData("[System.Runtime.InteropServices.DllImport(\"libc\")] static extern int fsync(int fd);")]
    [InlineData("[LibraryImport(\"libc\")] private static partial int fsync(int fd);")]
    public void A_call_into_the_operating_system_is_found(string member)
        => Assert.Single(CheckImports(SourceCode.Sample(Storage + "/Wal/A.cs", $"partial class A {{ {member} }}")));

    [Theory]
    [InlineData("var v = System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated;")]
    [InlineData("System.Runtime.Intrinsics.Vector256<float> v = default;")]
    [InlineData("var x = System.Runtime.Intrinsics.X86.Sse42.IsSupported;")]
    [InlineData("var x = System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported;")]
    [InlineData("System.Numerics.Vector<int> v = default;")]
    public void A_vector_instruction_is_found(string statement) => AssertCatches(CheckVectors, Storage + "/Segments/A.cs", statement);

    [Fact]
    public void Counting_bits_is_no_vector_instruction()
        => Assert.Empty(CheckVectors(SourceCode.Sample(Storage + "/A.cs", InMethod("var n = System.Numerics.BitOperations.PopCount(3u);"))));

    [Theory]
    [InlineData("((FileStream)null!).Flush(true);")]
    [InlineData("((FileStream)null!).Flush(flushToDisk: true);")]
    [InlineData("RandomAccess.FlushToDisk(null!);")]
    public void The_frameworks_sync_is_found(string statement) => AssertCatches(CheckSyncs, Files + "/A.cs", statement);

    [Theory]
    [InlineData("Thread.Sleep(1);")]
    [InlineData("var t = DateTime.UtcNow;")]
    [InlineData("var t = DateTimeOffset.Now;")]
    [InlineData("var r = Random.Shared.Next();")]
    [InlineData("var r = new Random();")]
    [InlineData("Random r = new(1);")]
    [InlineData("var g = Guid.NewGuid();")]
    public void A_clock_or_dice_in_storage_is_found(string statement) => AssertCatches(CheckClocks, Storage + "/Wal/A.cs", statement);

    [Fact]
    public void Outside_storage_clocks_are_free()
        => Assert.Empty(CheckClocks(SourceCode.Sample("src/Engram.Data/Query/A.cs", InMethod("var t = DateTime.UtcNow;"))));

    private static bool IsFileAccess(INamedTypeSymbol type) => type.ContainingNamespace.ToDisplayString() switch
    {
        "System.IO" => FileTypes.Contains(type.Name),
        "Microsoft.Win32.SafeHandles" => HandleTypes.Contains(type.Name),
        "System.IO.MemoryMappedFiles" => true,
        "System.Runtime.InteropServices" => type.Name == "NativeLibrary",
        _ => false,
    };

    private static bool IsVectorInstruction(INamedTypeSymbol type)
    {
        var space = type.ContainingNamespace.ToDisplayString();
        return space == "System.Runtime.Intrinsics" || space.StartsWith("System.Runtime.Intrinsics.", StringComparison.Ordinal)
            || space == "System.Numerics.Tensors"
            || (space == "System.Numerics" && type.Name is "Vector" or "Vector2" or "Vector3" or "Vector4");
    }

    private static bool IsClockOrRandomness(ISymbol symbol)
        => symbol.ContainingType is { } type
            && (ClocksAndRandomness.Contains($"{type.ContainingNamespace.ToDisplayString()}.{type.Name}.{symbol.Name}")
                || type.ToDisplayString() == "System.Security.Cryptography.RandomNumberGenerator");

    private static string? SimpleName(SyntaxNode node) => node switch
    {
        SimpleNameSyntax simple => simple.Identifier.Text,
        QualifiedNameSyntax qualified => qualified.Right.Identifier.Text,
        MemberAccessExpressionSyntax access => access.Name.Identifier.Text,
        MemberBindingExpressionSyntax binding => binding.Name.Identifier.Text,
        _ => null,
    };

    private static string InMethod(string statement) => $"class A {{ void B() {{ {statement} }} }}";

    private static void AssertCatches(Func<SourceCode, IEnumerable<Violation>> rule, string path, string statement)
        => Assert.NotEmpty(rule(SourceCode.Sample(path, InMethod(statement))));
}
