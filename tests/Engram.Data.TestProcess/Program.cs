using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engram.Data.TestProcess;

/// <summary>The other process of tests that need two: its first argument says what it does, its second is a connection string.</summary>
/// <remarks>It talks by lines on its standard output and waits for lines on its standard input; when that ends it closes and goes.</remarks>
public static class Program
{
    public static int Main(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        using var connection = new EngramConnection(args[1]);
        connection.Open();
        switch (args[0])
        {
            case "hold":
                Console.WriteLine("open");
                break;
            case "hold-with-child":
                using (var child = Process.Start(new ProcessStartInfo("sleep", "600") { RedirectStandardOutput = true })!)
                {
                    Console.WriteLine(child.Id.ToString(CultureInfo.InvariantCulture));
                }

                break;
            case "nearest":
                Console.WriteLine($"vnni {AvxVnni.IsSupported} 512 {Vector512.IsHardwareAccelerated} avx512 {Avx512BW.IsSupported} avx2 {Avx2.IsSupported} avx {Avx.IsSupported}");
                Console.WriteLine(VectorKernels.Check());
                Nearest(connection);
                return 0;
            case "write":
                Write(connection);
                return 0;
            default:
                throw new ArgumentException($"'{args[0]}' is nothing that this program does.");
        }

        Console.ReadLine();
        connection.Close();
        EngramConnection.ClearAllPools();
        Console.WriteLine("closed");
        Console.ReadLine();
        return 0;
    }

    /// <summary>Commits rows two by two, and prints how many commits were acknowledged. Updates, deletes and checkpoints in between, in a tight loop.</summary>
    private static void Write(EngramConnection connection)
    {
        Execute(connection, "CREATE TABLE t (id bigint PRIMARY KEY, twin bigint NOT NULL, version bigint NOT NULL); INSERT INTO t VALUES (0, 0, 0)");
        for (var number = 1L; ; number++)
        {
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"""
                BEGIN;
                INSERT INTO t VALUES ({number}, {-number}, 0), ({-number}, {number}, 0);
                UPDATE t SET version = version + 1 WHERE id IN ({number / 2}, {-(number / 2)});
                UPDATE t SET twin = {number} WHERE id = 0;
                COMMIT
                """));
            Console.WriteLine(number.ToString(CultureInfo.InvariantCulture));
            if (number % 5 == 0)
            {
                Execute(connection, "CHECKPOINT");
            }
        }
    }

    /// <summary>Prints the nearest rows and the bits of their distances, for every operator and some numbers of dimensions.</summary>
    private static void Nearest(EngramConnection connection)
    {
        foreach (var dimensions in (int[])[1, 3, 17, 64, 129, 768])
        {
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"CREATE TABLE v{dimensions} (id bigint PRIMARY KEY, embedding vector({dimensions}))"));
            var random = new Random(dimensions);
            float[] Draw() => [.. Enumerable.Range(0, dimensions).Select(_ => random.NextSingle() - 0.3f)];
            using var copy = new EngramBulkCopy(connection) { DestinationTableName = $"v{dimensions}" };
            copy.WriteToServer(Enumerable.Range(0, 3000).Select(i => new object?[] { (long)i, Draw() }));
            foreach (var symbol in (string[])["<=>", "<->", "<#>", "<+>"])
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"SELECT id, embedding {symbol} $1 FROM v{dimensions} WHERE id % 3 > 0 ORDER BY embedding {symbol} $1 LIMIT 20";
                command.Parameters.Add(new EngramParameter { Value = Draw() });
                using var reader = command.ExecuteReader();
                while (reader.Read())
                {
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{dimensions} {symbol} {reader.GetInt64(0)} {BitConverter.DoubleToInt64Bits(reader.GetDouble(1)):X}"));
                }
            }
        }
    }

    private static void Execute(EngramConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
