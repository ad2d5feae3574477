using System.Runtime.CompilerServices;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Auth;

/// <summary>
/// Credentials that are access tokens: Google's for a refresh token or a service account, Microsoft Entra's for a client. A token is fetched
/// when a query first needs it, once however many queries wait, and kept in memory until shortly before it ends.
/// </summary>
/// <remarks>
/// What is kept hangs on the <see cref="ServedKey.Config"/> of the key that it was fetched for: that object is made anew whenever somebody
/// changes the key in any way, so no token outlives a change, and what is kept goes with the key.
/// </remarks>
internal sealed class AccessTokens(Envelopes envelopes, TokenEndpoint endpoint, TimeProvider time) : ICredentialSource
{
    /// <summary>So long before its end a token is no longer used: it must still be good when the hub looks at it.</summary>
    private static readonly TimeSpan SpareTime = TimeSpan.FromMinutes(1);

    /// <summary>So long before that the next one is fetched while the old one serves.</summary>
    private static readonly TimeSpan AheadTime = TimeSpan.FromMinutes(4);

    /// <summary>So long a refusal stands: waiting queries and impatient callers do not ask for it once each.</summary>
    private static readonly TimeSpan RefusalStands = TimeSpan.FromSeconds(5);

    private readonly ConditionalWeakTable<IReadOnlyDictionary<string, string>, Slot> _slots = [];

    public IReadOnlyList<HubAuthKind> Kinds { get; } = [HubAuthKind.GoogleToken, HubAuthKind.GoogleServiceAccount, HubAuthKind.ClientCredentials];

    public async ValueTask<Refusal?> PrepareAsync(ServedKey key, CancellationToken ct) =>
        (await GetAsync(key, ct)).TryGet(out _, out var refusal) ? null : refusal;

    public async ValueTask<Outcome<Credential>> OpenAsync(ServedKey key, CancellationToken ct) =>
        (await GetAsync(key, ct)).TryGet(out var token, out var refusal) ? HeaderCredential.Of(key.Access.Auth, token.Text, token.UsableUntil) : refusal;

    public bool Rejected(ServedKey key, in HubRejection rejection)
    {
        if (rejection.Status == 401 && _slots.TryGetValue(key.Config, out var slot))
            slot.Token = null;
        return false;
    }

    private ValueTask<Outcome<FetchedToken>> GetAsync(ServedKey key, CancellationToken ct)
    {
        var slot = _slots.GetValue(key.Config, static _ => new Slot());
        var now = time.GetUtcNow();
        if (slot.Token is { } token && now < token.UsableUntil)
        {
            if (now >= token.RefreshAt)
                _ = FetchOnce(key, slot);
            return ValueTask.FromResult<Outcome<FetchedToken>>(token);
        }

        return new ValueTask<Outcome<FetchedToken>>(FetchOnce(key, slot).WaitAsync(ct));
    }

    /// <summary>The fetch that runs, or a new one. It is nobody's own: a caller who leaves does not end it.</summary>
    private Task<Outcome<FetchedToken>> FetchOnce(ServedKey key, Slot slot)
    {
        TaskCompletionSource<Outcome<FetchedToken>> mine;
        lock (slot.Gate)
        {
            if (slot.Fetch is { } running && (!running.IsCompleted || time.GetElapsedTime(slot.EndedAt) < RefusalStands))
            {
                if (!running.IsCompleted || slot.Refused)
                    return running;
            }

            // Many wait on it: none of them may run on the socket's thread.
            mine = new TaskCompletionSource<Outcome<FetchedToken>>(TaskCreationOptions.RunContinuationsAsynchronously);
            (slot.Fetch, slot.Refused) = (mine.Task, false);
        }

        _ = RunAsync(key, slot, mine);
        return mine.Task;
    }

    private async Task RunAsync(ServedKey key, Slot slot, TaskCompletionSource<Outcome<FetchedToken>> fetch)
    {
        Outcome<FetchedToken> end;
        try
        {
            end = envelopes.OpenFields(key).TryGet(out var secrets, out var refusal) ? await endpoint.FetchAsync(key, secrets, Bounds) : refusal;
        }
        catch (Exception failure)
        {
            fetch.SetException(failure);   // a bug, which the queries report
            return;
        }

        lock (slot.Gate)
        {
            var isThere = end.TryGet(out var token, out _);
            if (isThere)
                slot.Token = token;
            (slot.Refused, slot.EndedAt) = (!isThere, time.GetTimestamp());
        }

        fetch.SetResult(end);
    }

    /// <summary>A token of so many seconds, fetched now. Short ones are used for half their life.</summary>
    private FetchedToken Bounds(string text, TimeSpan life)
    {
        var now = time.GetUtcNow();
        var usable = life > 2 * SpareTime ? life - SpareTime : life / 2;
        return new FetchedToken(text, now + usable, now + (usable > 2 * AheadTime ? usable - AheadTime : usable));
    }

    private sealed class Slot
    {
        private volatile FetchedToken? _token;

        public Lock Gate { get; } = new();

        public FetchedToken? Token
        {
            get => _token;
            set => _token = value;
        }

        public Task<Outcome<FetchedToken>>? Fetch { get; set; }

        public bool Refused { get; set; }

        /// <summary>Timestamp of the last fetch's end.</summary>
        public long EndedAt { get; set; }
    }
}

/// <summary>An access token in memory. Prints as ***.</summary>
internal sealed record FetchedToken(string Text, DateTimeOffset UsableUntil, DateTimeOffset RefreshAt)
{
    public override string ToString() => "***";
}
