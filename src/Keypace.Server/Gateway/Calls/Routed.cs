using Keypace.Domain.Protocols;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Calls;

/// <summary>What was decided about a query: which key, where to, with which bytes. It never changes; a query that is routed anew gets another.</summary>
/// <param name="Body">As it goes to the hub; null for none.</param>
internal sealed record Routed(ModelChoice Choice, Uri Target, HttpMethod Method, RequestBody? Body) : IDisposable
{
    public ServedKey Key => Choice.Key;

    /// <summary>True on the routes of OpenAI, where an answer that is none (a page, nothing, an error under a 200) becomes an error of ours.</summary>
    public bool ChecksAnswer { get; init; }

    /// <summary>True when the stream holds a chunk of token counts that only the gateway asked for, and that the caller does not get.</summary>
    public bool DropsUsageChunk { get; init; }

    /// <summary>The endpoint may have no such route; then the query is asked in the words of another.</summary>
    public bool MayBeMissing { get; init; }

    /// <summary>True when the hub is asked for token counts by an option that the caller did not send, and that the hub may not know.</summary>
    public bool AddsUsageOption => DropsUsageChunk || Native is { AsksForUsage: true };

    /// <summary>How many tokens the query holds, as far as can be told here; null where the hub is asked. Such an answer takes no permit, and nothing is sent.</summary>
    public long? Estimate { get; init; }

    /// <summary>The query in the hub's language, where that is not the caller's; <see cref="Body"/> and <see cref="Target"/> are its then.</summary>
    public NativeChat? Native { get; init; }

    /// <summary>Gives a translated body's memory back; the caller's own body is the query's.</summary>
    public void Dispose()
    {
        if (Native is not null)
            Body?.Dispose();
    }
}
