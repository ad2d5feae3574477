namespace Keypace.Domain.Keys;

/// <summary>A limit of a key beside its rate limit. A query goes when all of them allow.</summary>
/// <param name="Count">Most of it: tokens, requests, or queries under way at one time.</param>
/// <param name="Seconds">Interval; null for concurrency and for calendar days.</param>
/// <param name="Zone">Time zone whose midnight begins the count anew; null unless the hub counts calendar days.</param>
/// <param name="Model">The hub's own name of the only model that it holds for; null for all.</param>
public readonly record struct KeyLimit(KeyLimitKind Kind, long Count, int? Seconds = null, string? Zone = null, string? Model = null)
{
    public const long MostTokens = 1_000_000_000_000;
    public const int MostConcurrent = 100_000;

    /// <summary>Interval of tokens when none is given, in seconds.</summary>
    public const int DefaultSeconds = 60;

    /// <summary>More limits than this on one key are somebody's mistake.</summary>
    public const int MostOnOneKey = 32;

    public long MostCount => Kind switch
    {
        KeyLimitKind.Concurrent => MostConcurrent,
        KeyLimitKind.Requests => RateLimit.MostCount,
        _ => MostTokens,
    };

    /// <summary>Two limits of the same thing, of which the lower rules.</summary>
    public bool IsOfSameThing(KeyLimit other) => Kind == other.Kind && Seconds == other.Seconds && Zone == other.Zone && Model == other.Model;

    public override string ToString()
    {
        var what = Kind switch
        {
            KeyLimitKind.Concurrent => $"{Count} at once",
            _ when Zone is not null => $"{Count} {Kind.Said()} a day ({Zone})",
            _ => $"{Count} {Kind.Said()} / {Seconds} s",
        };
        return Model is null ? what : $"{what} of {Model}";
    }
}

public enum KeyLimitKind
{
    /// <summary>Tokens of query and answer together.</summary>
    Tokens,

    /// <summary>Tokens of the query.</summary>
    InputTokens,

    /// <summary>Tokens of the answer.</summary>
    OutputTokens,

    /// <summary>Queries under way, from the send to the last byte of the answer.</summary>
    Concurrent,

    /// <summary>Sends, like the rate limit's.</summary>
    Requests,
}

/// <summary>The words for limits on the wire.</summary>
public static class KeyLimitWords
{
    public static readonly string All = "'tokens', 'input_tokens', 'output_tokens', 'concurrent' or 'requests'";

    public static bool TryParse(string? word, out KeyLimitKind kind)
    {
        (kind, var known) = word switch
        {
            "tokens" => (KeyLimitKind.Tokens, true),
            "input_tokens" => (KeyLimitKind.InputTokens, true),
            "output_tokens" => (KeyLimitKind.OutputTokens, true),
            "concurrent" => (KeyLimitKind.Concurrent, true),
            "requests" => (KeyLimitKind.Requests, true),
            _ => (KeyLimitKind.Requests, false),
        };
        return known;
    }

    public static string Word(this KeyLimitKind kind) => kind switch
    {
        KeyLimitKind.Tokens => "tokens",
        KeyLimitKind.InputTokens => "input_tokens",
        KeyLimitKind.OutputTokens => "output_tokens",
        KeyLimitKind.Concurrent => "concurrent",
        KeyLimitKind.Requests => "requests",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>As a sentence says it.</summary>
    public static string Said(this KeyLimitKind kind) => kind.Word().Replace('_', ' ');
}
