using Keypace.Contracts;

namespace Keypace.Cli;

/// <summary>From what a person typed to the thing itself; a typo gets the nearest name that exists.</summary>
internal static class Lookup
{
    public static async Task<ApiKey> ApiKeyAsync(Session session, string typed, CancellationToken ct) =>
        await session.Keypace.ApiKeys.FindAsync(Typed(typed), ct)
            ?? throw CommandFailure.NotFound("API key", typed, (await session.Keypace.ApiKeys.ListAsync(null, ct)).Select(key => key.Name));

    public static async Task<Agent> AgentAsync(Session session, string typed, CancellationToken ct) =>
        await session.Keypace.Agents.FindAsync(Typed(typed), ct)
            ?? throw CommandFailure.NotFound("agent", typed, (await session.Keypace.Agents.ListAsync(null, ct)).Select(agent => agent.AgentName));

    public static async Task<Hub> HubAsync(Session session, string typed, CancellationToken ct) =>
        await session.Keypace.Hubs.FindAsync(Typed(typed), ct)
            ?? throw CommandFailure.NotFound("hub", typed, (await session.Keypace.Hubs.ListAsync(ct)).Select(hub => hub.Name));

    private static string Typed(string typed) =>
        string.IsNullOrWhiteSpace(typed) ? throw CommandFailure.Usage("A name cannot be empty.") : typed;
}
