using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain.Access;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Domain.Protocols.Neutral;
using Keypace.Domain.Vault;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Snapshots;

/// <summary>
/// The one place where a row of the store becomes what queries are decided by. Used for the whole store at start, and for each
/// thing that changed after its commit, so the two can never differ.
/// </summary>
internal sealed class RowMapping(HubCatalogue hubs, SecretVault vault)
{
    public ServedKey Key(ApiKeyRow row)
    {
        var hub = HubOf(row.Hub);
        var config = ConfigOf(row.HubConfig);
        var access = hub.AccessFor(config);
        var current = hub.DestinationOf(row.Url, config).TryGet(out var now, out _) ? now : null;
        var stored = current?.Address == row.Destination ? current : Parsed(row.Destination);
        var hasMoved = row.Envelope is not null && !StillOpens(row, hub, access, stored, current, config);
        return new ServedKey(
            row.Id,
            row.TeamId,
            NameOf(row.Name),
            hub,
            access,
            // An address that the hub moved to, and that its own file vouches for, is opened with the old one and sent to the new one.
            hasMoved ? stored : current ?? stored,
            row.Envelope,
            row.Envelope is null ? null : BindingOf(row),
            row.SecretVersion,
            row.RateGroupId,
            new RateLimit(row.RateLimitPerInterval, row.RateLimitInterval),
            row.Status is KeyStatus.Disabled,
            !hub.Served ? KeyTrouble.HubNotServed : hasMoved ? KeyTrouble.DestinationChanged : null,
            new KeyPacing(
                PacingWords.TryParseMode(row.Pacing, out var mode) ? mode : PacingHint.Auto,
                row.GuardMs, LimitsOf(row.Limits), row.LimitIsDefault, row.LimitFrozen))
        {
            Config = config,
            Source = SourceOf(row),
            PassesToHub = row.PassHeaders is { } names ? hub.PassesToHub.And(new HeaderList(names.Split(' ').Where(HeaderNames.MayPass))) : hub.PassesToHub,
            Drops = DropsOf(row.DropParams),
            OwnModels = access.ModelsField is { } field && config.TryGetValue(field, out var models) ? FieldForms.ReadList(models) : [],
        };
    }

    /// <summary>The same name for the same secret at the same address, whatever keys, groups or restarts lie between; says nothing of the secret.</summary>
    private static Guid SourceOf(ApiKeyRow row)
    {
        if (row.Fingerprint is not { } fingerprint)
            return row.Id;
        byte[] named = [.. row.TeamId.ToByteArray(), .. fingerprint, .. Encoding.UTF8.GetBytes(row.Destination)];
        return new Guid(SHA256.HashData(named).AsSpan(0, 16));
    }

    /// <summary>A row's limits beside its rate limit.</summary>
    public static ImmutableArray<KeyLimit> LimitsOf(string? json)
    {
        if (json is null)
            return [];
        var limits = ImmutableArray.CreateBuilder<KeyLimit>();
        foreach (var limit in JsonSerializer.Deserialize(json, KeypaceJson.Default.IReadOnlyListApiKeyLimit) ?? [])
        {
            if (KeyLimitWords.TryParse(limit.Dimension, out var kind))
                limits.Add(new KeyLimit(kind, limit.Limit, limit.IntervalSeconds, limit.CalendarZone, limit.Model));
        }

        return limits.ToImmutable();
    }

    /// <param name="key">The key behind the agent; null when it has none that may be used.</param>
    public static ServedAgent Agent(AgentRow row, ServedKey? key) => new(
        row.Id,
        row.TeamId,
        NameOf(row.Name),
        row.ModelName,
        row.ApiKeyId,
        row.SystemPrompt,
        // A key's secret never travels outside the key's own destination, also when the key moved after the agent was made.
        key?.Destination is { } destination && AgentAddress.Of(row.AgentUrl, key.Access) is { } own && destination.Covers(own) ? own : null,
        row.Status is AgentStatus.Archived) { Drops = DropsOf(row.DropParams) };

    public static ServedToken? Token(AccessTokenRow row)
    {
        if (!TokenId.TryParse(row.Id, out var id)
            || !AccessWords.TryParseRole(row.Role, out var role)
            || !AccessWords.TryParseScopes(row.Scopes.Split(' '), out var scopes))
        {
            return null;   // a row that nobody of us wrote opens nothing
        }

        return new ServedToken(
            new TokenGrant(
                id, row.TeamId, row.MemberId, role, scopes, IdsOf(row.ApiKeyIds), IdsOf(row.AgentIds), row.Weight,
                DateTimeOffset.FromUnixTimeMilliseconds(row.ExpiresAt),
                row.RevokedAt is { } revokedAt ? DateTimeOffset.FromUnixTimeMilliseconds(revokedAt) : null),
            row.Digest,
            row.Name,
            PacingWords.TryParseClass(row.Priority, out var best) ? best : QueryClass.Background);
    }

    /// <summary>What the secret of this row is bound to, as the row is now.</summary>
    public SecretBinding BindingOf(ApiKeyRow row) => new(
        vault.InstanceId, row.TeamId, VaultPurposes.ApiKeySecret, row.Id, (ulong)row.SecretVersion, row.Hub, row.Destination, row.Injection);

    /// <summary>The hub of a row; a stand-in that serves nothing when its file is no longer there.</summary>
    public HubProfile HubOf(string name) => hubs.TryGet(name, out var hub) ? hub : Gone(name);

    /// <summary>A row's public fields and masks.</summary>
    public static IReadOnlyDictionary<string, string> ConfigOf(string? json)
    {
        if (json is null)
            return ReadOnlyDictionary<string, string>.Empty;
        var config = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in JsonSerializer.Deserialize(json, KeypaceJson.Default.DictionaryStringString) ?? [])
        {
            if (value is not null)
                config[name] = value;
        }

        return config;
    }

    /// <summary>A team's own default limits.</summary>
    public static ImmutableDictionary<string, RateLimit> DefaultsOf(string? json)
    {
        var defaults = ImmutableDictionary.CreateBuilder<string, RateLimit>(StringComparer.Ordinal);
        foreach (var (hub, text) in ConfigOf(json))
        {
            if (text.Split('/') is [var count, var seconds] && int.TryParse(count, CultureInfo.InvariantCulture, out var n) && int.TryParse(seconds, CultureInfo.InvariantCulture, out var t)
                && new RateLimit(n, t) is { IsWithinBounds: true } limit)
            {
                defaults[hub] = limit;
            }
        }

        return defaults.ToImmutable();
    }

    private static DropList DropsOf(string? names) => names switch
    {
        null => DropList.None,
        DropParamsJson.All => DropList.All,
        _ => DropList.Of(names.Split(' ')),
    };

    private static bool StillOpens(
        ApiKeyRow row, HubProfile hub, HubAccess access, Destination? stored, Destination? current, IReadOnlyDictionary<string, string> config) =>
        row.Injection == access.Auth.Injection && stored is not null && current is not null && hub.StillOpens(stored, current, config);

    private static EntityName NameOf(string text) => EntityName.Parse(text).TryGet(out var name, out var refusal)
        ? name
        : throw new InvalidOperationException($"The store holds a name that was never accepted: {refusal.Detail}");

    private static Destination? Parsed(string address) =>
        address.Length > 0 && Destination.Parse(address).TryGet(out var destination, out _) ? destination : null;

    private static HashSet<Guid>? IdsOf(string? text) =>
        text?.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse).ToHashSet();

    private static HubProfile Gone(string name) => new()
    {
        Name = name,
        DisplayName = name,
        Served = false,
        Fields = [],
        Access = new HubAccess(),
        Variants = [],
        Models = [],
        DefaultLimit = new DefaultLimit(new RateLimit(1, RateLimit.DefaultSeconds), "", "", "", "", null),
        Pacing = PacingHint.Auto,
        LimitHeaders = [],
        TerminalCodes = [],
        KeyPage = null,
        NeedsUsageOption = false,
        ModelList = ModelListShape.None,
        FileName = "",
    };
}
