namespace Keypace.Domain.Pacing;

/// <summary>What a quota counts.</summary>
public enum QuotaDimension
{
    /// <summary>Sends, as the rate limit counts them; for a second interval or a day.</summary>
    Requests,

    /// <summary>Tokens in and out together.</summary>
    Tokens,

    InputTokens,

    OutputTokens,

    /// <summary>Queries that were granted and have not ended.</summary>
    Concurrent,
}

/// <summary>One more limit of a rate group beside its rate limit. A query goes when all of them allow it.</summary>
/// <param name="Limit">Requests, tokens or queries at once; 1 to <see cref="MostLimit"/>.</param>
/// <param name="Seconds">The interval, any window of that length; 1 to 86,400. 0 for <see cref="QuotaDimension.Concurrent"/> and with
/// <paramref name="Zone"/>.</param>
/// <param name="Zone">Counts by calendar day of this zone, from midnight; null: by interval.</param>
/// <param name="Model">Counts only this model, by the hub's own name; null: all of them together.</param>
/// <param name="Source">Counts only queries of this secret and destination (<see cref="QueryNeed.Source"/>); null: all of them together.</param>
public sealed record Quota(QuotaDimension Dimension, long Limit, int Seconds = 0, TimeZoneInfo? Zone = null, string? Model = null, Guid? Source = null)
{
    /// <summary>More than any hub gives; keeps sums far from overflow.</summary>
    public const long MostLimit = 1_000_000_000_000;

    /// <summary>Counts in a slice of this length, in ticks, its guard included, and not in <see cref="Seconds"/>, which are rounded up then; 0: it does not.</summary>
    internal long Slice { get; init; }

    /// <summary>What is wrong with it, in words; null when nothing is.</summary>
    public string? Fault() =>
        Limit is < 1 or > MostLimit ? "A limit is 1 to 1,000,000,000,000."
        : !Enum.IsDefined(Dimension) ? "There is no such dimension."
        : Model is { Length: 0 } ? "A model's name is not empty; leave it out to count all models."
        : Dimension == QuotaDimension.Concurrent
            ? Seconds != 0 || Zone is not null ? "A limit of concurrent requests has no interval and no zone." : null
        : Zone is not null
            ? Seconds != 0 ? "A limit counts by interval or by calendar day, not by both." : null
        : Seconds is < 1 or > Keys.RateLimit.MostSeconds ? "An interval is 1 to 86,400 seconds."
        : null;

    /// <summary>The same thing counted, whatever the limit: what was counted stays when only the limit changes.</summary>
    public bool CountsLike(Quota other) =>
        Dimension == other.Dimension && Seconds == other.Seconds && Slice == other.Slice && Model == other.Model && Source == other.Source && Zone?.Id == other.Zone?.Id;

    public bool CountsTokens => Dimension is QuotaDimension.Tokens or QuotaDimension.InputTokens or QuotaDimension.OutputTokens;

    /// <summary>How much a query takes of it.</summary>
    internal long AmountOf(in QueryNeed need) => Dimension switch
    {
        QuotaDimension.Tokens => need.InputTokens + need.OutputTokens,
        QuotaDimension.InputTokens => need.InputTokens,
        QuotaDimension.OutputTokens => need.OutputTokens,
        _ => 1,
    };
}

/// <summary>What a query is expected to use. Only looked at where a rate group has quotas.</summary>
/// <param name="Model">The hub's own name of the model; null when unknown, and then no limit of a model counts it.</param>
/// <param name="InputTokens">Estimate of what goes in; 0 or more.</param>
/// <param name="OutputTokens">Estimate of what comes out (<see cref="OutputEstimates"/>); 0 or more.</param>
/// <param name="Source">Names the secret and destination that it goes out with; empty when unknown, and then no limit or pause of a source
/// counts it.</param>
public readonly record struct QueryNeed(string? Model, long InputTokens, long OutputTokens, Guid Source = default);
