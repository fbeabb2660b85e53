using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Engram.Benchmarks.Peers;

/// <summary>A PostgreSQL of the run's own: a fresh cluster under the run's directory, reached over the loopback, stopped and deleted at the end.</summary>
/// <remarks>Found by its programs, in the places where systems put them. PostgreSQL refuses to run as root; there it runs as the user <c>postgres</c> or <c>nobody</c>.</remarks>
internal sealed class PostgresServer : IDisposable
{
    private readonly string programs;
    private readonly string directory;
    private readonly string? user;

    private PostgresServer(string programs, string directory, string? user)
        => (this.programs, this.directory, this.user) = (programs, directory, user);

    public string ConnectionString { get; private set; } = "";

    /// <summary>Null, and why, when there is none to start.</summary>
    public static PostgresServer? TryStart(string directory, out string why)
    {
        if (OperatingSystem.IsWindows() || FindPrograms() is not { } programs)
        {
            why = "PostgreSQL: skipped, its programs are not installed.";
            return null;
        }

        var user = Environment.UserName != "root" ? null : File.ReadLines("/etc/passwd").Any(l => l.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";
        var server = new PostgresServer(programs, directory, user);
        try
        {
            why = "";
            server.Start();
            return server;
        }
        catch (InvalidOperationException e)
        {
            server.Dispose();
            why = $"PostgreSQL: skipped, a server could not be started: {e.Message}";
            return null;
        }
    }

    public long SizeBytes => new DirectoryInfo(Path.Combine(directory, "base")).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    /// <summary>Stops it without a checkpoint, as a crash does, and starts it again: it recovers from its log.</summary>
    public void Crash() => Run("pg_ctl", "stop", "-D", directory, "-m", "immediate", "-w");

    public void Restart() => Run("pg_ctl", "start", "-D", directory, "-w", "-t", "600", "-l", Path.Combine(directory, "server.log"));

    public void Dispose()
    {
        // Its file says that it runs; where it never started there is none.
        if (File.Exists(Path.Combine(directory, "postmaster.pid")))
        {
            Crash();
        }

        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private void Start()
    {
        Directory.CreateDirectory(directory);
        if (user is not null)
        {
            Execute("chown", [user, directory]);
        }

        Run("initdb", "-D", directory, "-A", "trust", "-U", "postgres", "--locale=C", "-E", "UTF8");
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        File.AppendAllText(Path.Combine(directory, "postgresql.conf"), FormattableString.Invariant($"""

            listen_addresses = '127.0.0.1'
            port = {port}
            unix_socket_directories = ''
            max_connections = 100
            shared_buffers = '2GB'
            max_wal_size = '16GB'
            checkpoint_timeout = '1h'
            autovacuum = off
            """));
        ConnectionString = FormattableString.Invariant($"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres;Command Timeout=600;Max Auto Prepare=20");
        Restart();
    }

    private void Run(string program, params string[] arguments)
    {
        var path = Path.Combine(programs, program);
        if (user is null)
        {
            Execute(path, arguments);
        }
        else
        {
            Execute("setpriv", [$"--reuid={user}", "--clear-groups", path, .. arguments]);
        }
    }

    private static void Execute(string program, string[] arguments)
    {
        // The server outlives pg_ctl and would hold a pipe open: so none is given to it.
        var start = new ProcessStartInfo("sh") { WorkingDirectory = Path.GetTempPath() };
        foreach (var argument in (string[])["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{Path.GetFileName(program)} {string.Join(' ', arguments.Take(4))} ended with exit code {process.ExitCode}");
        }
    }

    private static string? FindPrograms()
    {
        var versions = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => Path.Combine(d, "bin")) : [];
        return versions.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "pg_ctl")));
    }
}
