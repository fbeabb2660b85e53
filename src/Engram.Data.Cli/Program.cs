// The command line of Engram.Data: `engram <command> <database> …`. docs/cli.md describes it.

return await Engram.Data.Cli.CommandLine.RunAsync(args);
