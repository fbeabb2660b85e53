using Engram.Data.Tests.Query.Vectors;
using Engram.Data.Tests.Storage.Isolation;
using Engram.Data.Tests.Storage.Model;
using Engram.Data.Tests.Storage.Simulation;
using Engram.Simulation;

try
{
    return args.FirstOrDefault() switch
    {
        "kill" => KillCommand.Run(args[1..], Console.Out),
        "full" => FullDiskCommand.Run(args[1..], Console.Out),
        "syscalls" => SystemCallCommand.Run(args[1..], Console.Out),
        "isolation" => await IsolationProgram.RunAsync(Arguments.Number(args, 1, 60), Arguments.Number(args, 2, 1), Console.Out),
        "model" => ModelProgram.Run(Arguments.Number(args, 1, 60), Arguments.Number(args, 2, 1), Console.Out),
        "vectors" => VectorProgram.Run(Arguments.Number(args, 1, 100_000), Arguments.Number(args, 2, 1), Console.Out),
        "vector-chaos" => VectorChaosProgram.Run(Arguments.Number(args, 1, 600), Arguments.Number(args, 2, 1), Console.Out),
        _ => await SimulationProgram.RunAsync(args, Console.Out),
    };
}
catch (FormatException)
{
    // Without arguments it says what it takes.
    return await SimulationProgram.RunAsync([], Console.Out);
}
