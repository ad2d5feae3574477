using System.Globalization;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Storage.Rows;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway;

/// <summary>One query on its way: what was decided about it so far, and what will be settled at the end.</summary>
internal sealed class Query(string routeName, long startedAt, DateTimeOffset cameInAt) : IDisposable
{
    /// <summary>Says which limit held the query up.</summary>
    public const string BindingHeader = "x-keypace-binding";

    /// <summary>Timestamp of the time provider.</summary>
    public long StartedAt { get; } = startedAt;

    public ServedToken? Token { get; set; }

    public QueueWish Wish { get; set; }

    public ModelChoice? Choice { get; set; }

    public Uri? Target { get; set; }

    public HttpMethod Method { get; set; } = HttpMethod.Post;

    public RequestBody? Body { get; set; }

    /// <summary>The caller's headers, of which some go on; null for queries made here.</summary>
    public IHeaderDictionary? Headers { get; set; }

    public bool Streams { get; set; }

    /// <summary>True on the routes of OpenAI, where an answer that is none (a page, nothing, an error under a 200) becomes an error of ours.</summary>
    public bool ChecksAnswer { get; set; }

    /// <summary>What went wrong with the key or its hub, in a sentence for the key's page; null when nothing did.</summary>
    public string? Trouble { get; set; }

    /// <summary>True when the stream holds a chunk of token counts that only the gateway asked for, and that the caller does not get.</summary>
    public bool DropsUsageChunk { get; set; }

    /// <summary>The query in the hub's own language, where that is not OpenAI's; <see cref="Body"/> and <see cref="Target"/> are its then.</summary>
    public NativeChat? Native { get; set; }

    /// <summary>False where the hub answers with no text of a model's, as embeddings are.</summary>
    public bool HasAnswerTokens => routeName != "embeddings" && Method == HttpMethod.Post;

    /// <summary>True for a key's test: a hub's 401, 403 or 429 is the answer, not a failure and not worth another try.</summary>
    public bool WantsRefusals { get; init; }

    /// <summary>All turns' waiting together.</summary>
    public TimeSpan Waited { get; set; }

    public int Attempts { get; set; }

    /// <summary>Its place in the line, from 1, when it was refused one; 0 otherwise.</summary>
    public int RefusedAt { get; set; }

    /// <summary>The limit that kept it waiting or that it was refused over; null when none did.</summary>
    public string? Binding { get; set; }

    public DateTimeOffset? SentAt { get; set; }

    public UsageScanner? Usage { get; set; }

    public string? ErrorCode { get; set; }

    public UsageRow ToRecord(int status, TimeSpan latency) => new()
    {
        TeamId = Token?.TeamId ?? default,
        At = cameInAt.ToUnixTimeMilliseconds(),
        ApiKeyId = Choice?.Key.Id,
        AgentId = Choice?.Agent?.Id,
        TokenId = Token?.Id ?? "",
        Caller = Wish.Name ?? "",
        Hub = Choice?.Key.Hub.Name,
        Model = Choice?.Model,
        Route = routeName,
        Status = status,
        ErrorCode = ErrorCode,
        PromptTokens = Usage?.PromptTokens,
        CompletionTokens = Usage?.CompletionTokens,
        TotalTokens = Usage?.TotalTokens,
        WaitedMs = Ms(Waited),
        LatencyMs = Ms(latency),
        SentAt = SentAt?.ToUnixTimeMilliseconds(),
        Attempts = Attempts,
    };

    /// <summary>What happened, on every answer whose key is known.</summary>
    public void WriteHeaders(IHeaderDictionary headers, int remaining)
    {
        if (Choice is null)
            return;
        headers["x-keypace-key"] = Choice.Key.NameInHeaders;
        headers["x-keypace-waited-ms"] = Ms(Waited).ToString(CultureInfo.InvariantCulture);
        headers["x-keypace-remaining"] = remaining.ToString(CultureInfo.InvariantCulture);
        if (RefusedAt > 0)
            headers["x-keypace-position"] = RefusedAt.ToString(CultureInfo.InvariantCulture);
        if (Binding is not null)
            headers[BindingHeader] = LimitText.Header(Binding);
    }

    public void Dispose() => Body?.Dispose();

    private static int Ms(TimeSpan span) => (int)Math.Min(int.MaxValue, Math.Max(0, span.TotalMilliseconds));
}
