using System.IO.Compression;
using System.Text;
using System.Xml.Linq;

namespace Engram.Packaging;

/// <summary>The packages as <c>dotnet pack</c> makes them, and what each must carry.</summary>
internal sealed class Packages
{
    private static readonly (string Project, string Id, string Assembly, bool IsTool)[] s_projects =
    [
        ("src/Engram.Data", "Engram.Data", "Engram.Data", false),
        ("src/Engram.EntityFrameworkCore", "Engram.EntityFrameworkCore", "Engram.EntityFrameworkCore", false),
        ("src/Engram.Data.Cli", "Engram.Data.Cli", "engram", true),
    ];

    private Packages(string folder, string version) => (Folder, Version) = (folder, version);

    public string Folder { get; }

    public string Version { get; }

    public static Packages Pack(string root, string folder)
    {
        foreach (var (project, id, _, _) in s_projects)
        {
            var (code, output) = Shell.Run(root, null, "dotnet", "pack", project, "-c", "Release", "-o", folder, "-nologo", "-v", "q");
            Shell.Check($"{id} is packed without a warning", code == 0 && !output.Contains("warning", StringComparison.OrdinalIgnoreCase), output);
        }

        const string first = "Engram.Data.";
        var name = Directory.EnumerateFiles(folder, first + "*.nupkg").Select(f => Path.GetFileNameWithoutExtension(f)[first.Length..]).FirstOrDefault(v => char.IsAsciiDigit(v[0]));
        return new Packages(folder, name ?? throw new InvalidOperationException("Nothing was packed."));
    }

    public void Check()
    {
        foreach (var (_, id, assembly, isTool) in s_projects)
        {
            using var package = ZipFile.OpenRead(Path.Combine(Folder, $"{id}.{Version}.nupkg"));
            var names = package.Entries.Select(e => e.FullName).ToHashSet();
            var place = isTool ? "tools/net10.0/any" : "lib/net10.0";
            Shell.Check($"{id} has a README, an icon and a licence", names.IsSupersetOf(["README.md", "icon.png", "LICENSE"]), string.Join('\n', names));
            Shell.Check($"{id} has its assembly{(isTool ? "" : " and the documentation of its members")}", names.Contains($"{place}/{assembly}.dll") && (isTool || names.Contains($"{place}/{assembly}.xml")), string.Join('\n', names));
            var about = XDocument.Load(package.GetEntry(id + ".nuspec")!.Open());
            string? Of(string element) => about.Descendants().FirstOrDefault(e => e.Name.LocalName == element)?.Value;
            Shell.Check($"{id} says what it is, whose, and under which licence", Of("license") == "MIT" && Of("readme") == "README.md" && Of("icon") == "icon.png" && Of("description") is { Length: > 20 } && Of("tags") is { Length: > 0 }, about.ToString());
            if (!isTool)
            {
                using var symbols = ZipFile.OpenRead(Path.Combine(Folder, $"{id}.{Version}.snupkg"));
                var entry = symbols.GetEntry($"{place}/{assembly}.pdb");
                Shell.Check($"{id} has symbols", entry is not null);
                Shell.Check($"{id}'s symbols name no folder of this machine", entry is not null && !Read(entry).Contains(Shell.Root(), StringComparison.Ordinal));
            }
        }
    }

    private static string Read(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return Encoding.Latin1.GetString(bytes.ToArray());
    }
}
