using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Auth;

/// <summary>
/// Step 4: what a query shows the hub to be let in. A secret that stands in a header is opened here; every kind that needs more
/// (an access token to be fetched, a signature to be made) has an <see cref="ICredentialSource"/> of its own.
/// </summary>
internal sealed class Credentials
{
    private readonly Envelopes _envelopes;
    private readonly ICredentialSource?[] _byKind;

    public Credentials(Envelopes envelopes, IEnumerable<ICredentialSource> sources)
    {
        _envelopes = envelopes;
        _byKind = new ICredentialSource?[Enum.GetValues<HubAuthKind>().Length];
        foreach (var source in sources)
        {
            foreach (var kind in source.Kinds)
                _byKind[(int)kind] = source;
        }
    }

    /// <summary>Before a query enters the line: has fetched, when it returns, what must be fetched. Null when the query may enter; at once for keys whose secret stands in a header.</summary>
    public ValueTask<Refusal?> PrepareAsync(ServedKey key, CancellationToken ct) =>
        key.Access.Auth.Kind is HubAuthKind.Header || _byKind[(int)key.Access.Auth.Kind] is not { } source
            ? ValueTask.FromResult<Refusal?>(null)
            : source.PrepareAsync(key, ct);

    /// <summary>The credential for one sending. Dispose it when the answer is through.</summary>
    public ValueTask<Outcome<Credential>> OpenAsync(ServedKey key, CancellationToken ct)
    {
        if (key.Access.Auth.Kind is HubAuthKind.Header)
            return ValueTask.FromResult(_envelopes.OpenForHeader(key));
        return _byKind[(int)key.Access.Auth.Kind] is { } source
            ? source.OpenAsync(key, ct)
            : ValueTask.FromResult<Outcome<Credential>>(new Refusal(RefusalReason.NotServed, "hub_not_served",
                $"Keys of {key.Hub.DisplayName} can be stored, but queries through it are not built yet."));
    }

    /// <summary>The hub answered 401 or 403; true when the query is worth sending once more with another credential.</summary>
    public bool Rejected(ServedKey key, in HubRejection rejection) => _byKind[(int)key.Access.Auth.Kind]?.Rejected(key, rejection) == true;
}
