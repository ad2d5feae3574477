using Keypace.Cli;
using Keypace.Server;

// A server should not carry the command line's grammar and tables in memory: a well-formed `serve` never loads them.
if (args is ["serve", ..])
    KeypaceServer.PrepareProcess(args);   // before anything opens one
return ServeLine.TryParse(args, Environment.GetEnvironmentVariable, out var serve)
    ? await KeypaceServer.RunAsync(serve, CancellationToken.None)
    : await CommandLine.RunAsync(args, Terminal.OfThisProcess());
