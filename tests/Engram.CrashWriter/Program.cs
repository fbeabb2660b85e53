using System.Globalization;
using Engram.CrashWriter;
using Engram.Data;
using Microsoft.EntityFrameworkCore;

if (args[0] == "faults")
{
    return FaultWriter.Run(args[1], int.Parse(args[2], CultureInfo.InvariantCulture));
}

if (args[0] == "migrate")
{
    return Migrating.Run(args[1], stopsHalfway: args is [_, _, "stop"]);
}

// Writes until it is killed: arguments are the connection string, the number of threads, and the round, which keeps keys apart.
// Prints "opening" and "open" around the first opening, and "key revision" after SaveChanges has returned, that is: what the database has promised to keep.
var connectionString = args[0];
var threadCount = int.Parse(args[1], CultureInfo.InvariantCulture);
var round = int.Parse(args[2], CultureInfo.InvariantCulture);

using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = false };
using (var context = new ExperienceContext(connectionString))
{
    Print("opening");
    using (var connection = new EngramConnection(connectionString))
    {
        connection.Open();
        Print("open");
    }

    context.Database.EnsureCreated();
}

var threads = Enumerable.Range(0, threadCount).Select(thread => new Thread(() => Write(thread))).ToList();
threads.ForEach(t => t.Start());
threads.ForEach(t => t.Join());
return 0;

void Write(int thread)
{
    var first = ((long)(round * 16) + thread) << 32;
    for (var number = 1; ; number++)
    {
        var key = first + number;
        using var context = new ExperienceContext(connectionString);
        if (number % 5 == 0)
        {
            // An update of an earlier one, in the same SaveChanges as the insert.
            var earlier = context.Experiences.Single(e => e.Key == key - 3);
            earlier.Revise(earlier.Revision + 1);
            context.Add(Experience.Create(key));
            context.SaveChanges();
            Acknowledge(earlier.Key, earlier.Revision);
        }
        else
        {
            context.Add(Experience.Create(key));
            context.SaveChanges();
        }

        Acknowledge(key, 0);
        if (thread == 0 && number % 20 == 0)
        {
            context.Database.ExecuteSqlRaw("CHECKPOINT");
        }
    }
}

void Acknowledge(long key, int revision) => Print(string.Create(CultureInfo.InvariantCulture, $"{key} {revision}"));

void Print(string line)
{
    lock (output)
    {
        output.Write($"{line}\n");
        output.Flush();
    }
}
