using System.Diagnostics.CodeAnalysis;
using Keypace.Server;

namespace Keypace.Cli;

/// <summary>
/// Reads <c>keypace serve …</c> without the parser of the other commands, which would cost start-up time and memory.
/// Whatever it does not understand (a typo, <c>--help</c>) is left to that parser, which explains it.
/// </summary>
internal static class ServeLine
{
    public static bool TryParse(string[] args, Func<string, string?> environment, [NotNullWhen(true)] out ServeOptions? options)
    {
        options = null;
        if (args is not ["serve", ..])
            return false;

        string? data = null;
        string? kekFile = null;
        var urls = new List<string>();
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var at = 1; at < args.Length; at++)
        {
            var (flag, value) = Split(args, ref at);
            var understood = !string.IsNullOrEmpty(value) && flag switch
            {
                "--data" when data is null => (data = value) is not null,
                "--kek-file" when kekFile is null => (kekFile = value) is not null,
                "--urls" => AddUrls(value, urls),
                "--set" => TryAddSetting(value, settings),
                _ => false,
            };
            if (!understood)
                return false;
        }

        options = new ServeOptions(data ?? DataFolder.Default(environment), kekFile, [.. urls], settings);
        return true;
    }

    /// <summary>Takes <c>Name=value</c> apart; the value may contain <c>=</c>, the name may not be empty or set twice.</summary>
    public static bool TryAddSetting(string text, Dictionary<string, string> settings)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && settings.TryAdd(text[..equals], text[(equals + 1)..]);
    }

    public static bool AddUrls(string text, List<string> urls)
    {
        urls.AddRange(text.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return true;
    }

    private static (string Flag, string? Value) Split(string[] args, ref int at)
    {
        var equals = args[at].IndexOf('=', StringComparison.Ordinal);
        if (equals > 0)
            return (args[at][..equals], args[at][(equals + 1)..]);

        var flag = args[at];
        return at + 1 < args.Length && !args[at + 1].StartsWith("--", StringComparison.Ordinal) ? (flag, args[++at]) : (flag, null);
    }
}
