using Keypace.Contracts;

namespace Keypace.Server.Web.Pages.Keys;

/// <summary>A key as the list has it, with what stands around it.</summary>
/// <param name="HubName">For people: "OpenAI".</param>
/// <param name="Agents">Names of the agents that use it, archived ones left out.</param>
public sealed record KeyLine(ApiKey Key, Guid Id, string HubName, IReadOnlyList<string> Agents)
{
    public bool Matches(string search) =>
        search.Length == 0
        || Key.Name.Contains(search, StringComparison.OrdinalIgnoreCase)
        || HubName.Contains(search, StringComparison.OrdinalIgnoreCase)
        || Agents.Any(agent => agent.Contains(search, StringComparison.OrdinalIgnoreCase));
}

/// <summary>What a row's menu offers.</summary>
public enum KeyAction
{
    Edit,
    Test,
    Disable,
    Enable,
    ReplaceSecret,
    Delete,
}
