using System.Text;
using Keypace.Cli;
using Keypace.Server;
using Microsoft.Win32.SafeHandles;

// A server should not carry the command line's grammar and tables in memory: a well-formed `serve` never loads them.
if (KeypaceServer.WhatIsMissing(args) is { } missing)
{
    // The error stream as a file: Console would look for libicu itself.
    using var errors = new FileStream(new SafeFileHandle(2, ownsHandle: false), FileAccess.Write, bufferSize: 0);
    errors.Write(Encoding.UTF8.GetBytes(missing + "\n"));
    return ExitCodes.Refused;
}

if (args is ["serve", ..])
    KeypaceServer.PrepareProcess(args);   // before anything opens one
return ServeLine.TryParse(args, Environment.GetEnvironmentVariable, out var serve)
    ? await KeypaceServer.RunAsync(serve, CancellationToken.None)
    : await CommandLine.RunAsync(args, Terminal.OfThisProcess());
