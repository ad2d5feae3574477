namespace Keypace.Demo;

/// <summary>How a pretend hub behaves. The default answers everything at once with a short answer.</summary>
internal sealed record PretendHubOptions
{
    /// <summary>0 takes any free port.</summary>
    public int Port { get; init; }

    /// <summary>The only credential that is answered; anything else gets 401 in OpenAI's shape. Null takes everything.</summary>
    public string? RequiredKey { get; init; }

    /// <summary>Where the credential has to be: <c>authorization</c> (as a bearer token), <c>x-api-key</c>, <c>api-key</c>, …</summary>
    public string KeyHeader { get; init; } = "authorization";

    /// <summary>Enforced as a true sliding window; requests over it get 429 and do not count. Null enforces nothing.</summary>
    public HubLimit? Limit { get; init; }

    /// <summary>How <see cref="Limit"/> is enforced.</summary>
    public HubEnforcement Enforcement { get; init; }

    /// <summary>Length of a slice for <see cref="HubEnforcement.Slices"/>: 600 a minute in slices of 1 s are 10 a second.</summary>
    public int SliceSeconds { get; init; } = 1;

    /// <summary>Share of the limit that somebody else on the account uses, evenly; 0 to 1.</summary>
    public double ForeignShare { get; init; }

    /// <summary>In which headers every answer says the limit and what is left of it.</summary>
    public HubDialect Dialect { get; init; }

    /// <summary>The limit that the headers say; null for the one that is enforced.</summary>
    public int? SaidLimit { get; init; }

    /// <summary>What the headers say is left, by the number of the arrival; null for the truth. For hubs that talk nonsense.</summary>
    public Func<int, string>? SaidRemaining { get; init; }

    /// <summary>Share of requests whose connection is cut before an answer; 0 to 1.</summary>
    public double DropShare { get; init; }

    /// <summary>Whether a 429 says when to come back.</summary>
    public bool SaysRetryAfter { get; init; } = true;

    /// <summary>Milliseconds before an answer starts: uniform between the two.</summary>
    public (int Least, int Most) DelayMs { get; init; }

    /// <summary>Of the delays; the same seed gives the same delays in order of arrival.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Pieces of text in a streamed answer.</summary>
    public int Chunks { get; init; } = 8;

    public int ChunkIntervalMs { get; init; }

    /// <summary>Called before each event of a stream with its number from 0: a test can hold the stream there.</summary>
    public Func<int, CancellationToken, Task>? BeforeEvent { get; init; }

    /// <summary>Length of the answer's text in bytes; 0 is a short sentence.</summary>
    public int AnswerBytes { get; init; }

    /// <summary>The text of the answer is the request as it arrived, headers (and so the credential) included.</summary>
    public bool Echo { get; init; }

    public HubFault Fault { get; init; }

    /// <summary>The fault strikes so many requests, then all is well.</summary>
    public int FaultTimes { get; init; } = int.MaxValue;

    /// <summary>Seconds that a <see cref="HubFault.TooManyRequests"/> asks to wait.</summary>
    public int FaultRetryAfterSeconds { get; init; } = 1;

    /// <summary>Where <see cref="HubFault.Redirect"/> points.</summary>
    public string? RedirectTo { get; init; }
}

/// <summary>At most <paramref name="Requests"/> in any <paramref name="Seconds"/>.</summary>
internal readonly record struct HubLimit(int Requests, int Seconds)
{
    public long WindowNs => Seconds * 1_000_000_000L;

    /// <summary>Reads <c>60/10</c>.</summary>
    public static HubLimit Parse(string text)
    {
        var parts = text.Split('/');
        return new HubLimit(int.Parse(parts[0], Wire.Culture), int.Parse(parts[1], Wire.Culture));
    }
}

/// <summary>How a hub holds its callers to its limit.</summary>
internal enum HubEnforcement
{
    /// <summary>A true sliding window.</summary>
    Window,

    /// <summary>The limit's share of each slice, as a sliding window of the slice's length: 600 a minute as 10 a second.</summary>
    Slices,

    /// <summary>A token bucket that holds one second's worth.</summary>
    BucketOfASecond,
}

/// <summary>Headers in which hubs speak of limits.</summary>
internal enum HubDialect
{
    None,

    /// <summary><c>x-ratelimit-limit-requests</c>, <c>-remaining-</c>, <c>-reset-</c> with a duration.</summary>
    OpenAi,

    /// <summary><c>ratelimit-limit</c>, … with seconds.</summary>
    Draft,

    /// <summary><c>x-ratelimit-limit</c>, … with Unix seconds.</summary>
    Plain,

    /// <summary><c>anthropic-ratelimit-requests-limit</c>, … with RFC 3339.</summary>
    Anthropic,
}

/// <summary>What real hubs have been seen to do to their callers.</summary>
internal enum HubFault
{
    None,

    /// <summary>The connection ends before any byte of an answer.</summary>
    CloseBeforeAnswer,

    /// <summary>The same, but only on a connection that has answered before.</summary>
    CloseWhenReused,

    /// <summary>A stream ends without its last half.</summary>
    CloseMidStream,

    /// <summary>The request is taken and nothing ever comes.</summary>
    HangBeforeFirstByte,

    /// <summary>A stream stops after two events and stays open.</summary>
    StallBetweenChunks,

    /// <summary>500 with an error in OpenAI's shape.</summary>
    ServerError,

    /// <summary>502 with a page for people, as a content network in front of a hub gives.</summary>
    Html,

    /// <summary>307 to another address.</summary>
    Redirect,

    /// <summary>A compressed answer to a request that asked for none.</summary>
    GzipDespiteIdentity,

    /// <summary>429 with Retry-After.</summary>
    TooManyRequests,

    /// <summary>401, with the refused credential in its message.</summary>
    Unauthorized,

    /// <summary>429 that no waiting cures: the account's money is spent.</summary>
    SpendLimit,
}
