using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Management.Requests;

namespace Keypace.Server.Features.Agents;

/// <summary>Bodies of agent calls into wire records: right types, nothing else.</summary>
internal static class AgentParsing
{
    public static Outcome<NewAgent> New(BodyFields body, HubCatalogue hubs)
    {
        var agent = new NewAgent(
            body.RequiredText("agent_name"),
            body.RequiredText("model_name"),
            body.Text("id"),
            body.Text("agent_url"),
            body.Text("hub"),
            body.Text("api_key_id"),
            body.Text("agent_system_prompt"),
            body.Text("api_key"),
            body.Whole("rate_limit_requests_per_minute"),
            HubConfigOf(body, hubs),
            body.ListOrAll("drop_params"));
        return body.Refusal is { } refusal ? refusal : agent;
    }

    public static Outcome<AgentChange> Change(BodyFields body)
    {
        var change = new AgentChange(
            body.Text("status"),
            body.Text("agent_name"),
            body.Text("agent_url"),
            body.Text("model_name"),
            body.Text("api_key_id"),
            body.Text("agent_system_prompt"),
            body.Whole("version"),
            body.ListOrAll("drop_params"));
        return body.Refusal is { } refusal ? refusal : change;
    }

    private static IReadOnlyDictionary<string, string?>? HubConfigOf(BodyFields body, HubCatalogue hubs)
    {
        var known = hubs.All.SelectMany(hub => hub.Fields).Select(field => field.Name).ToHashSet(StringComparer.Ordinal);
        return body.Texts("hub_config", known.Contains);
    }
}
