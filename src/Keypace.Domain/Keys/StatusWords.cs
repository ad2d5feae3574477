namespace Keypace.Domain.Keys;

/// <summary>What people have made of a stored key.</summary>
public enum KeyStatus
{
    Active,
    Disabled,

    /// <summary>Serves nobody; its row and secret are destroyed soon.</summary>
    Deleted,
}

/// <summary>What people have made of an agent.</summary>
public enum AgentStatus
{
    Creating,
    Active,
    Archived,
}

/// <summary>The words for statuses, on the wire and in the store.</summary>
public static class StatusWords
{
    public static string Word(this KeyStatus status) => status switch
    {
        KeyStatus.Active => "active",
        KeyStatus.Disabled => "disabled",
        KeyStatus.Deleted => "deleted",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    public static string Word(this AgentStatus status) => status switch
    {
        AgentStatus.Creating => "creating",
        AgentStatus.Active => "active",
        AgentStatus.Archived => "archived",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    /// <summary>A status that a person may give a key: not <see cref="KeyStatus.Deleted"/>, which has a route of its own.</summary>
    public static bool TryParse(string? word, out KeyStatus status)
    {
        (status, var known) = word switch
        {
            "active" => (KeyStatus.Active, true),
            "disabled" => (KeyStatus.Disabled, true),
            _ => (KeyStatus.Disabled, false),
        };
        return known;
    }

    public static bool TryParse(string? word, out AgentStatus status)
    {
        (status, var known) = word switch
        {
            "creating" => (AgentStatus.Creating, true),
            "active" => (AgentStatus.Active, true),
            "archived" => (AgentStatus.Archived, true),
            _ => (AgentStatus.Archived, false),
        };
        return known;
    }

    /// <summary>A key's status as the store has it.</summary>
    public static KeyStatus StoredKey(string word) => word == "deleted" ? KeyStatus.Deleted
        : TryParse(word, out KeyStatus status) ? status
        : throw new FormatException($"The store holds a key with the status '{word}', which this program does not know.");

    /// <summary>An agent's status as the store has it.</summary>
    public static AgentStatus StoredAgent(string word) => TryParse(word, out AgentStatus status) ? status
        : throw new FormatException($"The store holds an agent with the status '{word}', which this program does not know.");
}
