using Keypace.Domain.Keys;

namespace Keypace.Server.Storage.Rows;

internal sealed class ApiKeyRow
{
    public Guid Id { get; set; }
    public Guid TeamId { get; set; }
    public string Name { get; set; } = "";

    /// <summary>The name as it is compared: NFC, upper-case. Unique among the team's keys that are not deleted.</summary>
    public string NameKey { get; set; } = "";
    public string Hub { get; set; } = "";

    /// <summary>The base address as the person gave it; null when the hub's own is meant.</summary>
    public string? Url { get; set; }

    /// <summary>Canonical address that the secret is bound to; empty for hubs that are not served yet and have none.</summary>
    public string Destination { get; set; } = "";

    /// <summary>How the secret is attached; bound like the destination: <c>header:authorization:bearer</c>.</summary>
    public string Injection { get; set; } = "";

    /// <summary>The masked form, made when the secret was written.</summary>
    public string DisplayValue { get; set; } = "";

    /// <summary>JSON object of the hub's public fields and masks; null when there are none.</summary>
    public string? HubConfig { get; set; }

    /// <summary>The sealed secret; null for a key without one (a custom endpoint may need none).</summary>
    public byte[]? Envelope { get; set; }

    /// <summary>Counts secrets; part of the binding, so an old envelope cannot be put back.</summary>
    public long SecretVersion { get; set; }

    /// <summary>Keyed hash of the secret, to tell equal secrets without opening them.</summary>
    public byte[]? Fingerprint { get; set; }
    public Guid RateGroupId { get; set; }
    public int RateLimitPerInterval { get; set; }

    /// <summary>Seconds.</summary>
    public int RateLimitInterval { get; set; }

    /// <summary>True while the limit is the hub's default and was not chosen by a person.</summary>
    public bool LimitIsDefault { get; set; }

    /// <summary><c>auto</c>, <c>burst</c> or <c>smooth</c>.</summary>
    public string Pacing { get; set; } = "auto";

    /// <summary>Milliseconds added to every interval; null for the server's own measure.</summary>
    public int? GuardMs { get; set; }

    /// <summary>JSON list of the limits beside the rate limit; null when there are none.</summary>
    public string? Limits { get; set; }

    /// <summary>True when what the hub's answers say changes nothing.</summary>
    public bool LimitFrozen { get; set; }

    /// <summary>Callers' headers that pass to the hub beside its own list: lower-case names with a space between; null for none.</summary>
    public string? PassHeaders { get; set; }

    /// <summary>Members of queries that may be left out: names with a space between, a star for all; null for none.</summary>
    public string? DropParams { get; set; }

    /// <summary>The group that a person put the key into; null for the one that follows from secret and address.</summary>
    public Guid? ChosenRateGroupId { get; set; }

    public KeyStatus Status { get; set; }

    /// <summary>With <see cref="KeyStatus.Deleted"/>: it was disabled before, and is so again should it be restored.</summary>
    public bool DisabledBeforeDeletion { get; set; }

    /// <summary>Counts changes; a concurrency token.</summary>
    public int Version { get; set; } = 1;
    public Guid CreatedBy { get; set; }
    public long CreatedAt { get; set; }
    public long UpdatedAt { get; set; }
    public long? DeletedAt { get; set; }

    /// <summary>Written with usage, in batches.</summary>
    public long? LastUsedAt { get; set; }
}
