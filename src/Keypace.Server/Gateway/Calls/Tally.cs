using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Gateway.Calls;

/// <summary>What happened to one query, from its coming to its record.</summary>
internal sealed class Tally(string routeName, long startedAt, DateTimeOffset cameInAt)
{
    public string RouteName => routeName;

    /// <summary>Timestamp of the time provider.</summary>
    public long StartedAt => startedAt;

    public DateTimeOffset CameInAt => cameInAt;

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

    /// <summary>What went wrong with the key or its hub, in a sentence for the key's page; null when nothing did.</summary>
    public string? Trouble { get; set; }

    /// <summary>With <see cref="Trouble"/>: what it tells of the key.</summary>
    public KeyFault Fault { get; set; }

    /// <param name="choice">Null when it was refused before it was routed.</param>
    /// <param name="status">As the caller saw it.</param>
    public UsageRow ToRecord(ServedToken token, in QueueWish wish, ModelChoice? choice, int status, TimeSpan latency) => new()
    {
        TeamId = token.TeamId,
        At = cameInAt.ToUnixTimeMilliseconds(),
        ApiKeyId = choice?.Key.Id,
        AgentId = choice?.Agent?.Id,
        TokenId = token.Id,
        Caller = wish.Name is not { Length: > 0 } caller ? "" : TypedName.LooksSecret(caller) ? "***" : caller,   // none where the headers were refused
        Hub = choice?.Key.Hub.Name,
        Model = Named(choice?.Model),
        Route = routeName,
        Status = status,
        ErrorCode = ErrorCode,
        PromptTokens = Usage?.PromptTokens,
        CompletionTokens = Usage?.CompletionTokens,
        TotalTokens = Usage?.TotalTokens,
        WaitedMs = Milliseconds(Waited),
        LatencyMs = Milliseconds(latency),
        SentAt = SentAt?.ToUnixTimeMilliseconds(),
        Attempts = Attempts,
    };

    /// <summary>What a caller named, unless it is a secret in the wrong place: records are kept.</summary>
    private static string? Named(string? name) => name is not null && TypedName.HasKeyForm(name) ? "***" : name;

    public static int Milliseconds(TimeSpan span) => (int)Math.Min(int.MaxValue, Math.Max(0, span.TotalMilliseconds));
}
