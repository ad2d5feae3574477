using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;

namespace Keypace.Server.Snapshots;

/// <summary>Where an agent's own URL leads: the same reading whether it is judged when it is stored or followed by a query.</summary>
internal static class AgentAddress
{
    /// <summary>Null for no URL and for one that is none.</summary>
    public static Destination? Of(string? agentUrl, HubAccess access)
    {
        agentUrl = WholeEndpoint.In(agentUrl, access)?.Base ?? agentUrl;
        if (string.IsNullOrWhiteSpace(agentUrl) || !Destination.Parse(agentUrl.Trim(), "agent_url").TryGet(out var given, out _))
            return null;
        // As with a key's own address: one without a path means the hub's usual path there.
        return given.Prefix == "/" && access.DefaultPrefix is { } prefix && Destination.Parse(given.Origin + prefix).TryGet(out var under, out _)
            ? under
            : given;
    }
}
