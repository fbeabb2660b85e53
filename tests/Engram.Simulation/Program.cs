using Engram.Data.Tests.Storage.Simulation;

return await SimulationProgram.RunAsync(args, Console.Out);
