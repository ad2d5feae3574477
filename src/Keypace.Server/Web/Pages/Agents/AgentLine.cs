using Keypace.Contracts;

namespace Keypace.Server.Web.Pages.Agents;

internal enum AgentState
{
    Active,
    KeyDisabled,
    NoKey,
    Archived,
}

/// <param name="KeyName">Null when the agent has no key.</param>
/// <param name="Queries">In the last 24 hours.</param>
internal sealed record AgentLine(Agent Agent, string? KeyName, bool IsKeyDisabled, long Queries)
{
    public bool IsArchived => Agent.Status == AgentStatuses.Archived;

    public AgentState State => IsArchived ? AgentState.Archived
        : KeyName is null ? AgentState.NoKey
        : IsKeyDisabled ? AgentState.KeyDisabled : AgentState.Active;

    public bool Matches(string search) => search.Length == 0
        || Agent.AgentName.Contains(search, StringComparison.OrdinalIgnoreCase)
        || Agent.ModelName.Contains(search, StringComparison.OrdinalIgnoreCase)
        || Agent.Hub.Contains(search, StringComparison.OrdinalIgnoreCase)
        || KeyName?.Contains(search, StringComparison.OrdinalIgnoreCase) == true;
}
