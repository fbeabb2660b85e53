using System.Runtime.InteropServices;

namespace Engram.Packaging;

/// <summary>Projects outside of this repository that know the packages only: a source of packages in a folder, and a cache that was empty before.</summary>
internal sealed class Stranger
{
    private const string AdoNetProgram = """
        using Engram.Data;

        using var connection = new EngramConnection("Data Source=notes.engram");
        connection.Open();
        Execute("CREATE TABLE note (id bigint PRIMARY KEY, text text NOT NULL, confidence real, at timestamptz, tags text[], embedding vector(3))");
        Execute("INSERT INTO note VALUES (1, 'north', 0.9, '2026-01-02 03:04:05+00', ARRAY['a', 'b'], '[1,0,0]'), (2, 'east', 0.5, NULL, NULL, '[0,1,0]')");
        using (var copy = new EngramBulkCopy(connection, "note"))
        {
            copy.WriteToServer([[3L, "up", 0.7f, null, null, new float[] { 0, 0, 1 }]]);
        }

        Execute("CHECKPOINT");
        using var command = new EngramCommand("SELECT text, round(confidence::numeric, 1), count(*) OVER () FROM note WHERE confidence > 0.4 ORDER BY embedding <=> @q LIMIT 1", connection);
        command.Parameters.AddWithValue("q", new float[] { 0.1f, 0.9f, 0 });
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            Console.WriteLine($"{reader.GetString(0)} {reader.GetDecimal(1)} of {reader.GetInt64(2)}");
        }

        void Execute(string sql)
        {
            using var statement = new EngramCommand(sql, connection);
            statement.ExecuteNonQuery();
        }
        """;

    private const string AdoNetOutput = "east 0.5 of 3";

    private const string EntityFrameworkProgram = """
        using Microsoft.EntityFrameworkCore;

        using var notes = new Notes();
        notes.Database.EnsureCreated();
        notes.Add(new Note { Text = "north", Confidence = 0.9f });
        notes.Add(new Note { Text = "east", Confidence = 0.5f });
        notes.SaveChanges();
        Console.WriteLine(string.Join(" ", notes.Set<Note>().Where(n => n.Confidence > 0.6f).Select(n => n.Text)));

        class Notes : DbContext
        {
            protected override void OnConfiguring(DbContextOptionsBuilder options) => options.UseEngram("Data Source=notes.engram");
            protected override void OnModelCreating(ModelBuilder model) => model.Entity<Note>();
        }

        class Note
        {
            public int Id { get; set; }
            public required string Text { get; set; }
            public float Confidence { get; set; }
        }
        """;

    private readonly Packages packages;
    private readonly string folder;
    private readonly string cache;

    public Stranger(Packages packages, string folder)
    {
        (this.packages, this.folder) = (packages, folder);
        cache = Path.Combine(folder, "cache");
        Directory.CreateDirectory(folder);
        // Beside whatever source the user has, where the packages' dependencies come from.
        File.WriteAllText(Path.Combine(folder, "NuGet.config"), $"""
            <?xml version="1.0" encoding="utf-8"?>
            <configuration>
              <packageSources>
                <add key="packed" value="{packages.Folder}" />
              </packageSources>
            </configuration>
            """);
        // Nothing of a folder above reaches these projects.
        File.WriteAllText(Path.Combine(folder, "Directory.Build.props"), "<Project />");
        File.WriteAllText(Path.Combine(folder, "Directory.Build.targets"), "<Project />");
        File.WriteAllText(Path.Combine(folder, "Directory.Packages.props"), "<Project />");
    }

    private static string Platform => RuntimeInformation.RuntimeIdentifier;

    public void RunAdoNet()
    {
        var project = Create("adonet", "Engram.Data", AdoNetProgram);
        var (code, output) = Shell.Run(project, cache, "dotnet", "run");
        Shell.Check("a new project with Engram.Data runs", code == 0 && output.Contains(AdoNetOutput, StringComparison.Ordinal), output);
    }

    public void RunTrimmed()
    {
        var project = Create("trimmed", "Engram.Data", AdoNetProgram);
        var (code, output) = Shell.Run(project, cache, "dotnet", "publish", "-c", "Release", "-r", Platform, "--self-contained", "-o", "published", "-p:PublishTrimmed=true", "-warnaserror", "-p:TrimmerSingleWarn=false");
        Shell.Check("it is published trimmed without a warning", code == 0, output);
        RunPublished(project, "trimmed", code);
    }

    public void RunNative()
    {
        var project = Create("native", "Engram.Data", AdoNetProgram);
        var (code, output) = Shell.Run(project, cache, "dotnet", "publish", "-c", "Release", "-r", Platform, "-o", "published", "-p:PublishAot=true", "-warnaserror", "-p:TrimmerSingleWarn=false");
        if (code != 0 && output.Contains("NU1101", StringComparison.Ordinal))
        {
            Shell.Say("NativeAOT: not run, the compiler's package is not to be had here (NU1101)");
            return;
        }

        Shell.Check("it is published by NativeAOT without a warning", code == 0, output);
        RunPublished(project, "native", code);
    }

    public void RunEntityFramework()
    {
        var project = Create("ef", "Engram.EntityFrameworkCore", EntityFrameworkProgram);
        var (code, output) = Shell.Run(project, cache, "dotnet", "run");
        Shell.Check("a new project with Engram.EntityFrameworkCore runs", code == 0 && output.Contains("north", StringComparison.Ordinal) && !output.Contains("east", StringComparison.Ordinal), output);
    }

    public void RunTool()
    {
        var (code, output) = Shell.Run(folder, cache, "dotnet", "tool", "install", "Engram.Data.Cli", "--version", packages.Version, "--tool-path", "tools");
        Shell.Check("the tool is installed from its package", code == 0, output);
        if (code != 0)
        {
            return;
        }

        var tool = Path.Combine(folder, "tools", Shell.Program("engram"));
        var database = Path.Combine(folder, "adonet", "notes.engram");
        (code, output) = Shell.Run(folder, cache, tool, "query", database, "SELECT count(*) AS notes FROM note", "--mode", "csv");
        Shell.Check("the tool reads a database that another program made", code == 0 && output.Contains("notes\n3\n", StringComparison.Ordinal), output);
        (code, output) = Shell.Run(folder, cache, tool, "verify", database);
        Shell.Check("the tool finds that database intact", code == 0 && output.Contains("Intact", StringComparison.Ordinal), output);
        (code, output) = Shell.Run(folder, cache, tool, "--version");
        Shell.Check("the tool tells its version", code == 0 && output.Contains(packages.Version, StringComparison.Ordinal), output);
    }

    private void RunPublished(string project, string name, int published)
    {
        if (published == 0)
        {
            var (code, output) = Shell.Run(project, cache, Path.Combine(project, "published", Shell.Program(name)));
            Shell.Check($"it runs {name}", code == 0 && output.Contains(AdoNetOutput, StringComparison.Ordinal), output);
            Shell.Say($"{name}: {new DirectoryInfo(Path.Combine(project, "published")).EnumerateFiles().Sum(f => f.Length) / 1048576.0:0.0} MiB");
        }
    }

    private string Create(string name, string package, string program)
    {
        var project = Path.Combine(folder, name);
        Directory.CreateDirectory(project);
        File.WriteAllText(Path.Combine(project, name + ".csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{package}" Version="{packages.Version}" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(project, "Program.cs"), program);
        return project;
    }
}
