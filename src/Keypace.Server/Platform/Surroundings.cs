using System.Collections;
using Keypace.Domain.Vault;

namespace Keypace.Server.Platform;

/// <summary>What a process stands in. Given as an argument, so that tests can put it elsewhere.</summary>
/// <param name="IsTerminal">True when a person reads <paramref name="Output"/>: only then a secret may be printed there.</param>
internal sealed record Surroundings(
    TextWriter Output,
    TextWriter Errors,
    IReadOnlyDictionary<string, string> Variables,
    TimeProvider Time,
    RandomBytes Random,
    bool IsTerminal)
{
    /// <summary>How people's passwords are hashed: at full cost, except where a test is about something else.</summary>
    public Passwords Passwords { get; init; } = new(Passwords.Iterations);

    public string? Variable(string name) => Variables.GetValueOrDefault(name);

    public static Surroundings OfProcess() => new(
        Console.Out,
        Console.Error,
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.Ordinal),
        TimeProvider.System,
        SecureRandom.Fill,
        !Console.IsOutputRedirected);
}
