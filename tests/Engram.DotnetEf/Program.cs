// Runs the commands of `dotnet ef` on a project of its own that uses the provider, and looks at what each did: to the project and to its database.
//
//   dotnet run --project tests/Engram.DotnetEf
//
// Installs the tool into a scratch folder and builds the project a dozen times, so it is no part of `dotnet test`. Ends with 0 when everything held.

using Engram.DotnetEf;
using Engram.Packaging;

var scratch = Path.Combine(Path.GetTempPath(), "engram-dotnet-ef-" + Guid.NewGuid().ToString("N"));
Directory.CreateDirectory(scratch);
try
{
    var ef = Tool.Install(Path.Combine(scratch, "tool"));
    if (ef is null)
    {
        return 1;
    }

    var life = new MigrationLife(ef, Path.Combine(scratch, "notes"));
    life.AddFirst();
    life.AddSecond();
    life.Remove();
    life.WriteScripts();
    life.GoBackAndForth();
    life.Describe();
    new Generated(ef, life, Path.Combine(scratch, "reader")).Run();
    life.Drop();
    Console.WriteLine($"{Shell.Passed} passed, {Shell.Failed} failed");
    return Shell.Failed == 0 ? 0 : 1;
}
finally
{
    Directory.Delete(scratch, recursive: true);
}
