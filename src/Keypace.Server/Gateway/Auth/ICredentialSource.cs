using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Auth;

/// <summary>
/// Makes credentials of the kinds that are more than a secret in a header. One instance for the whole server; any thread, many at once.
/// Register it in <see cref="GatewayFeature"/> as <c>ICredentialSource</c>, and let the hub file's <c>auth.kind</c> lead to its kind.
/// </summary>
internal interface ICredentialSource
{
    /// <summary>What it serves; no two sources serve the same kind.</summary>
    IReadOnlyList<HubAuthKind> Kinds { get; }

    /// <summary>
    /// Called before a query takes its place in the line, and without a permit: the moment to fetch an access token. A source that
    /// fetches nothing returns null at once.
    /// </summary>
    /// <returns>Why the query cannot be sent; null when it can.</returns>
    ValueTask<Refusal?> PrepareAsync(ServedKey key, CancellationToken ct);

    /// <summary>
    /// Called when the query is about to be sent, at most about a second before its turn. Opens what it needs with
    /// <see cref="Envelopes.OpenFields"/> and returns what <see cref="Credential.Attach"/> will put on the finished request. It should
    /// complete at once: the query's permit may be waiting.
    /// </summary>
    ValueTask<Outcome<Credential>> OpenAsync(ServedKey key, CancellationToken ct);

    /// <summary>The hub answered 401 or 403 to what was made here: what is kept of it and may be the cause is not used again.</summary>
    /// <returns>True when the next credential differs in what the hub seems to have minded: then the query is worth sending once more.</returns>
    bool Rejected(ServedKey key, in HubRejection rejection);
}

/// <summary>A hub's refusal of a credential.</summary>
/// <param name="Status">401 or 403.</param>
/// <param name="HubsClock">The answer's <c>Date</c> header; null when it has none that can be read.</param>
/// <param name="SentAt">When the request left, by this machine's clock.</param>
internal readonly record struct HubRejection(int Status, DateTimeOffset? HubsClock, DateTimeOffset SentAt);
