using System.Collections.Immutable;
using Keypace.Domain.Access;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Domain.Protocols.Neutral;
using Keypace.Domain.Vault;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Pacing;
using Keypace.Server.People.SignIn;

namespace Keypace.Server.Snapshots;

/// <summary>
/// Everything that deciding a query needs, in memory and immutable: a query reads one snapshot from its first step to its last
/// and never the store. Swapped whole by <see cref="KeySnapshots"/> after a change was committed.
/// </summary>
internal sealed record KeySnapshot(
    ImmutableDictionary<Guid, ServedKey> Keys,
    ImmutableDictionary<NameInTeam, ServedKey> KeysByName,
    ImmutableDictionary<HubInTeam, ImmutableArray<ServedKey>> KeysByHub,
    ImmutableDictionary<Guid, ImmutableArray<ServedKey>> KeysByRateGroup,
    ImmutableDictionary<Guid, GroupRules> RulesByRateGroup,
    ImmutableDictionary<Guid, ServedAgent> Agents,
    ImmutableDictionary<NameInTeam, ServedAgent> AgentsByName,
    ImmutableDictionary<TokenId, ServedToken> Tokens)
{
    public static readonly KeySnapshot Empty = new(
        ImmutableDictionary<Guid, ServedKey>.Empty,
        ImmutableDictionary<NameInTeam, ServedKey>.Empty,
        ImmutableDictionary<HubInTeam, ImmutableArray<ServedKey>>.Empty,
        ImmutableDictionary<Guid, ImmutableArray<ServedKey>>.Empty,
        ImmutableDictionary<Guid, GroupRules>.Empty,
        ImmutableDictionary<Guid, ServedAgent>.Empty,
        ImmutableDictionary<NameInTeam, ServedAgent>.Empty,
        ImmutableDictionary<TokenId, ServedToken>.Empty);

    /// <summary>Limits that teams have set for new keys in place of the hubs' own defaults.</summary>
    public ImmutableDictionary<Guid, ImmutableDictionary<string, RateLimit>> HubDefaults { get; init; } = ImmutableDictionary<Guid, ImmutableDictionary<string, RateLimit>>.Empty;

    /// <summary>The same tokens as whoever shows one is found.</summary>
    public ImmutableDictionary<LookupDigest, ServedToken> TokensByDigest { get; private init; } = ImmutableDictionary<LookupDigest, ServedToken>.Empty;

    /// <summary>With these tokens, in the place of those of the same ids.</summary>
    public KeySnapshot With(params IReadOnlyList<ServedToken> tokens) => this with
    {
        Tokens = Tokens.SetItems(tokens.Select(token => KeyValuePair.Create(token.Grant.Id, token))),
        TokensByDigest = TokensByDigest
            .RemoveRange(tokens.Select(token => Tokens.GetValueOrDefault(token.Grant.Id)).OfType<ServedToken>().Where(IsFound).Select(DigestOf))
            .SetItems(tokens.Where(IsFound).Select(token => KeyValuePair.Create(DigestOf(token), token))),
    };

    private static bool IsFound(ServedToken token) => token.Digest.Length == LookupDigest.Bytes;

    private static LookupDigest DigestOf(ServedToken token) => LookupDigest.Of(token.Digest);

    /// <summary>Guards that teams have set for their keys that say none, in milliseconds.</summary>
    public ImmutableDictionary<Guid, int> Guards { get; init; } = ImmutableDictionary<Guid, int>.Empty;

    /// <summary>True when other keys go under this rate group too.</summary>
    public bool IsShared(Guid rateGroupId) => KeysByRateGroup.GetValueOrDefault(rateGroupId, []).Length > 1;

    /// <summary>What rules a group of these keys, at least one.</summary>
    public GroupRules RulesFor(ImmutableArray<ServedKey> keys)
    {
        var rules = GroupRuling.Of(keys);
        return rules.Guard is null && Guards.TryGetValue(keys[0].TeamId, out var guard) ? rules with { Guard = TimeSpan.FromMilliseconds(Math.Max(guard, rules.LeastGuard.TotalMilliseconds)) } : rules;
    }

    /// <summary>The team's own default for a hub; null when it has set none.</summary>
    public RateLimit? DefaultOf(Guid teamId, string hub) =>
        HubDefaults.TryGetValue(teamId, out var defaults) && defaults.TryGetValue(hub, out var limit) ? limit : null;

    /// <summary>A key by its name or its id, as paths, headers and contract queries give it.</summary>
    public ServedKey? FindKey(Guid teamId, string nameOrId)
    {
        var name = EntityName.KeyOf(nameOrId);
        if (KeysByName.TryGetValue(new NameInTeam(teamId, name), out var named))
            return named;
        return Guid.TryParse(nameOrId, out var id) && Keys.TryGetValue(id, out var key) && key.TeamId == teamId ? key : null;
    }

    public ServedAgent? FindAgent(Guid teamId, string nameOrId)
    {
        var name = EntityName.KeyOf(nameOrId);
        if (AgentsByName.TryGetValue(new NameInTeam(teamId, name), out var named))
            return named;
        return Guid.TryParse(nameOrId, out var id) && Agents.TryGetValue(id, out var agent) && agent.TeamId == teamId ? agent : null;
    }

    /// <summary>The limit that holds a rate group: the lowest of its keys'.</summary>
    public RateLimit? LimitOf(Guid rateGroupId) => RulesByRateGroup.TryGetValue(rateGroupId, out var rules) ? rules.Limit : null;

    /// <summary>What rules this key's rate group; for a key that is only being tested, its own rules.</summary>
    public GroupRules RulesOf(ServedKey key) => RulesByRateGroup.TryGetValue(key.RateGroupId, out var rules) ? rules : RulesFor([key]);
}

/// <param name="NameKey">The name as it is compared (<see cref="EntityName.Key"/>).</param>
internal readonly record struct NameInTeam(Guid TeamId, string NameKey);

internal readonly record struct HubInTeam(Guid TeamId, string Hub);

/// <param name="Access">The hub's way in that this key takes: how the secret is attached, which paths there are.</param>
/// <param name="Destination">Where its queries go; null while the hub is not served or the key has no address.</param>
/// <param name="Binding">What the envelope is bound to; null for a key without a secret.</param>
/// <param name="Trouble">Why its queries cannot be sent at all; null when they can.</param>
/// <param name="Pacing">How it paces beside its rate limit.</param>
internal sealed record ServedKey(
    Guid Id,
    Guid TeamId,
    EntityName Name,
    HubProfile Hub,
    HubAccess Access,
    Destination? Destination,
    byte[]? Envelope,
    SecretBinding? Binding,
    long SecretVersion,
    Guid RateGroupId,
    RateLimit Limit,
    bool IsDisabled,
    KeyTrouble? Trouble,
    KeyPacing Pacing)
{
    private string? _hubHost;
    private string? _nameInHeaders;

    /// <summary>Percent-encoded: headers are ASCII, names are not.</summary>
    public string NameInHeaders => _nameInHeaders ??= Uri.EscapeDataString(Name.Text);

    public KnownTargets Targets { get; } = new();

    /// <summary>What its hub has answered since the key is as it is.</summary>
    public LatestAnswered Answers { get; } = new();

    /// <summary>Whether its endpoint takes <c>stream_options</c>, as far as it has said.</summary>
    public UsageOptionRefusal UsageOption { get; } = new();

    /// <summary>Whether its endpoint has <c>/responses</c>, as far as it has said: a hub that may be anybody's endpoint is asked once.</summary>
    public RouteMissing Responses { get; } = new();

    /// <summary>Host and port that its connections lead to; null for a key without an address. Found out when first asked.</summary>
    public string? HubHost => _hubHost ??= Destination is { } destination && new Uri(destination.Address) is var uri ? $"{uri.IdnHost}:{uri.Port}" : null;

    /// <summary>Names its secret and destination: the same for every key of the team that has both; the key's own id where it has no secret.</summary>
    public Guid Source { get; init; } = Id;

    /// <summary>The public fields of its hub_config (masks may stand among them).</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = new Dictionary<string, string>();

    /// <summary>Callers' headers that pass: the hub's own list, and those that the key names.</summary>
    public HeaderList PassesToHub { get; init; } = Hub.PassesToHub;

    /// <summary>What of a query may be left out where the hub's language has no place for it.</summary>
    public DropList Drops { get; init; } = DropList.None;

    /// <summary>Models that the key lists itself, for hubs and endpoints that list none; empty where it lists none.</summary>
    public IReadOnlyList<string> OwnModels { get; init; } = [];
}

/// <summary>When that query of a key was sent that was sent last of those that were answered and not refused.</summary>
internal sealed class LatestAnswered
{
    private long _sentAt = long.MinValue;

    /// <summary>Tick of the rate group; <see cref="long.MinValue"/>: none was.</summary>
    public long SentAt => Volatile.Read(ref _sentAt);

    /// <summary>Two at once may leave the earlier one, which costs nothing: the next comes.</summary>
    public void Add(long sentAt)
    {
        if (sentAt > Volatile.Read(ref _sentAt))
            Volatile.Write(ref _sentAt, sentAt);
    }
}

/// <summary>An endpoint that refused <c>stream_options</c> is never sent them unasked again, while its key is as it is.</summary>
internal sealed class UsageOptionRefusal
{
    private volatile bool _isRefused;

    public bool IsRefused => _isRefused;

    public void Note() => _isRefused = true;
}

/// <summary>An endpoint that has no such route is asked in the words of the one that it has, while its key is as it is.</summary>
internal sealed class RouteMissing
{
    private volatile bool _isNoted;

    public bool IsNoted => _isNoted;

    public void Note() => _isNoted = true;
}

/// <param name="GuardMs">Milliseconds; null for the server's own measure.</param>
/// <param name="LimitIsDefault">True while the rate limit is the hub's default: only then may an answer raise it.</param>
/// <param name="IsFrozen">True when what the hub's answers say changes nothing.</param>
internal sealed record KeyPacing(PacingHint Mode, int? GuardMs, ImmutableArray<KeyLimit> Limits, bool LimitIsDefault, bool IsFrozen);

internal enum KeyTrouble
{
    /// <summary>Queries through this hub are not built yet.</summary>
    HubNotServed,

    /// <summary>The hub's address is another than the one the secret was stored for.</summary>
    DestinationChanged,
}

/// <param name="Destination">The agent's own address under the key's, when it has one.</param>
internal sealed record ServedAgent(
    Guid Id,
    Guid TeamId,
    EntityName Name,
    string ModelName,
    Guid? ApiKeyId,
    string? SystemPrompt,
    Destination? Destination,
    bool IsArchived)
{
    /// <summary>What of a query may be left out, beside what its key says.</summary>
    public DropList Drops { get; init; } = DropList.None;
}

/// <param name="Digest">HMAC of the whole token; the token itself is nowhere.</param>
/// <param name="BestClass">The best class that its queries may ask for, and the one they have without asking.</param>
internal sealed record ServedToken(TokenGrant Grant, byte[] Digest, string Name, QueryClass BestClass = QueryClass.Interactive)
{
    /// <summary>The public handle, as records and the pacer name it.</summary>
    public string Id { get; } = Grant.Id.ToString();

    public Guid TeamId => Grant.TeamId;

    /// <summary>Members at a browser share this handle in queues and usage; it is no token's, for a token's id is drawn.</summary>
    private static readonly TokenId _browser = TokenId.TryParse("Browser00000", out var id) ? id : throw new InvalidOperationException();

    /// <summary>True for a member at a browser, who has no token.</summary>
    public bool IsMember => Grant.Id.Equals(_browser);

    /// <summary>The session that asks; null for a token, and for the server itself.</summary>
    public Session? Session { get; private init; }

    /// <summary>The stand-in for a member.</summary>
    public static ServedToken OfMember(Guid memberId, Guid teamId, Role role, string name) => new(
        new TokenGrant(_browser, teamId, memberId, role, Scopes.All, null, null, TokenGrant.LeastWeight, DateTimeOffset.MaxValue), [], name);

    /// <summary>The stand-in for a member who is signed in.</summary>
    /// <param name="opener">The token whose link opened the session, of which it has no more than role, scopes, keys, agents and class; null for none.</param>
    public static ServedToken OfSession(Session session, ServedToken? opener)
    {
        var member = OfMember(session.MemberId, session.TeamId, session.Role, session.Email) with { Session = session };
        return opener is null ? member : member with
        {
            BestClass = opener.BestClass,
            Grant = member.Grant with
            {
                Role = opener.Grant.Role < session.Role ? opener.Grant.Role : session.Role,
                Scopes = opener.Grant.Scopes,
                ApiKeyIds = opener.Grant.ApiKeyIds,
                AgentIds = opener.Grant.AgentIds,
            },
        };
    }
}
