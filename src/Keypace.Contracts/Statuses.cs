namespace Keypace.Contracts;

/// <summary>What <see cref="ApiKey.Status"/> may be.</summary>
public static class KeyStatuses
{
    /// <summary>Serves queries.</summary>
    public const string Active = "active";

    /// <summary>Somebody switched it off.</summary>
    public const string Disabled = "disabled";
}

/// <summary>What <see cref="Agent.Status"/> may be.</summary>
public static class AgentStatuses
{
    /// <summary>Being made; serves queries already.</summary>
    public const string Creating = "creating";

    /// <summary>Serves queries.</summary>
    public const string Active = "active";

    /// <summary>Kept for the records, and serves none.</summary>
    public const string Archived = "archived";
}

/// <summary>What <see cref="AccessToken.Status"/> may be.</summary>
public static class TokenStatuses
{
    /// <summary>Lets its holder in.</summary>
    public const string Active = "active";

    /// <summary>Its time is over.</summary>
    public const string Expired = "expired";

    /// <summary>Somebody took it back.</summary>
    public const string Revoked = "revoked";
}

/// <summary>What <see cref="ApiKey.State"/> may be besides one of <see cref="KeyStatuses"/>.</summary>
public static class KeyStates
{
    /// <summary>The hub takes the secret no more.</summary>
    public const string Refused = "refused";

    /// <summary>Nothing is left to spend at the hub.</summary>
    public const string SpendLimit = "spend_limit";

    /// <summary>Queries through it fail.</summary>
    public const string Failing = "failing";

    /// <summary>The hub wants nothing for a while.</summary>
    public const string Paused = "paused";

    /// <summary>The hub allows less than the key's limit.</summary>
    public const string Lowered = "lowered";

    /// <summary>Its hub is elsewhere now: the secret has to be given again.</summary>
    public const string SecretNeeded = "secret_needed";

    /// <summary>Its hub is not served yet.</summary>
    public const string StoredOnly = "stored_only";
}

/// <summary>What <see cref="ApiKeyTestResult.Status"/> may be.</summary>
public static class TestStatuses
{
    /// <summary>The hub accepts the key.</summary>
    public const string Works = "works";

    /// <summary>The hub does not accept the key.</summary>
    public const string Refused = "refused";

    /// <summary>Accepted, and nothing is left to spend.</summary>
    public const string NoQuota = "no_quota";

    /// <summary>Accepted, but not for this.</summary>
    public const string NoAccess = "no_access";

    /// <summary>Something else answers there.</summary>
    public const string WrongAddress = "wrong_address";

    /// <summary>No answer, or trouble of the hub's own.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>The hub's answer does not tell.</summary>
    public const string Unknown = "unknown";
}

/// <summary>What <see cref="ApiKey.RateLimitSource"/> may be.</summary>
public static class LimitSources
{
    /// <summary>The hub's default, until somebody chooses another.</summary>
    public const string Default = "default";

    /// <summary>Somebody chose it.</summary>
    public const string Set = "set";
}
