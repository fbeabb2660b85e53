// Packs the three packages and uses them as a stranger would: from a local folder, with an empty package cache, in projects of their own.
//
//   dotnet run --project tests/Engram.Packaging
//
// Takes some minutes and downloads what the packages depend on, so it is no part of `dotnet test`. Ends with 0 when everything held.

using Engram.Packaging;

var scratch = Path.Combine(Path.GetTempPath(), "engram-packaging-" + Guid.NewGuid().ToString("N"));
Directory.CreateDirectory(scratch);
try
{
    var packages = Packages.Pack(Shell.Root(), Path.Combine(scratch, "packages"));
    packages.Check();
    var stranger = new Stranger(packages, Path.Combine(scratch, "stranger"));
    stranger.RunAdoNet();
    stranger.RunTrimmed();
    stranger.RunNative();
    stranger.RunEntityFramework();
    stranger.RunTool();
    Console.WriteLine($"{Shell.Passed} passed, {Shell.Failed} failed");
    return Shell.Failed == 0 ? 0 : 1;
}
finally
{
    Directory.Delete(scratch, recursive: true);
}
