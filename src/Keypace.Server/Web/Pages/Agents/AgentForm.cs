using Keypace.Contracts;

namespace Keypace.Server.Web.Pages.Agents;

/// <summary>What is typed into the agent's dialog, secrets excepted: those stay in the browser.</summary>
internal sealed class AgentForm
{
    public string Name { get; set; } = "";

    public string Model { get; set; } = "";

    /// <summary>Id of the stored key; empty for none.</summary>
    public string KeyId { get; set; } = "";

    /// <summary>The hub of a new key.</summary>
    public string Hub { get; set; } = "";

    public string Url { get; set; } = "";

    public string Prompt { get; set; } = "";

    /// <summary>Requests in any 60 s for a new key; empty for the hub's default.</summary>
    public string Requests { get; set; } = "";

    public Dictionary<string, string> Config { get; } = [];

    public static AgentForm Of(Agent agent) => new()
    {
        Name = agent.AgentName,
        Model = agent.ModelName,
        KeyId = agent.ApiKeyId ?? "",
        Hub = agent.Hub,
        Url = agent.AgentUrl ?? "",
        Prompt = agent.AgentSystemPrompt ?? "",
    };

    /// <param name="draft">Fields by their names in the request, as the browser kept them.</param>
    /// <param name="before">What the form began with: what it did not show is as it was there.</param>
    public static AgentForm OfDraft(IReadOnlyDictionary<string, string> draft, AgentForm before)
    {
        const string config = "hub_config.";
        var form = new AgentForm
        {
            Name = draft.GetValueOrDefault("agent_name", before.Name),
            Model = draft.GetValueOrDefault("model_name", before.Model),
            KeyId = draft.GetValueOrDefault("api_key_id", before.KeyId),
            Hub = draft.GetValueOrDefault("hub", before.Hub),
            Url = draft.GetValueOrDefault("agent_url", before.Url),
            Prompt = draft.GetValueOrDefault("agent_system_prompt", before.Prompt),
            Requests = draft.GetValueOrDefault("rate_limit_requests_per_minute", ""),
        };
        foreach (var (name, value) in draft.Where(field => field.Key.StartsWith(config, StringComparison.Ordinal)))
            form.Config[name[config.Length..]] = value;
        return form;
    }

    /// <summary>Only what differs, so that another person's change of the rest stays.</summary>
    public AgentChange ChangeSince(AgentForm before, int version) => new(
        AgentName: Differing(Name, before.Name),
        AgentUrl: Differing(Url, before.Url),
        ModelName: Differing(Model, before.Model),
        ApiKeyId: Differing(KeyId, before.KeyId),
        AgentSystemPrompt: Differing(Prompt, before.Prompt),
        Version: version);

    private static string? Differing(string mine, string before) => mine == before ? null : mine;
}
