using Keypace.Domain.Keys;

namespace Keypace.Cli;

/// <summary>Exit codes that scripts rely on.</summary>
internal static class Exit
{
    public const int Done = 0;

    public const int Failed = 1;

    public const int WrongUsage = 2;

    /// <summary>The command was right, but the state of things forbids it (409, 412).</summary>
    public const int Refused = 3;
}

/// <summary>A command that ends with a sentence for the person who typed it. Caught in one place, <see cref="CommandLine"/>.</summary>
internal sealed class CommandFailure(int exitCode, string code, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public string Code { get; } = code;

    public static CommandFailure Usage(string message) => new(Exit.WrongUsage, "wrong_usage", message);

    /// <summary>Nothing has that name; names the nearest one that exists.</summary>
    public static CommandFailure NotFound(string noun, string typed, IEnumerable<string> there) =>
        new(Exit.Failed, "not_found", $"There is no {noun} {TypedName.Said(typed)}.{NearestName.Hint(typed, there)}");
}
