using System.Text.Json.Serialization;

namespace Keypace.Contracts;

/// <summary>A named model behind an API key, as the wire shows it.</summary>
/// <param name="ModelName">The hub's own name for the model; empty sends none.</param>
/// <param name="Status"><c>creating</c>, <c>active</c> or <c>archived</c>.</param>
/// <param name="HasApiKey">False when the key was deleted: queries answer 409 until another is chosen.</param>
public sealed record Agent(
    string Id,
    string AgentName,
    string ModelName,
    string? AgentUrl,
    string Hub,
    string? ApiKeyId,
    string? AgentSystemPrompt,
    IReadOnlyDictionary<string, string?>? HubConfig,
    string Status,
    long CreatedAt,
    string CreatedBy,
    string TeamId,
    long UpdatedAt = 0,
    bool HasApiKey = false,
    int Version = 1,
    [property: JsonConverter(typeof(DropParamsJson))] IReadOnlyList<string>? DropParams = null);

/// <summary>What <c>POST /v1/agent-configurations</c> takes. <see cref="ApiKey"/> makes a key with the agent in one step.</summary>
public sealed record NewAgent(
    string AgentName,
    string ModelName,
    string? Id = null,
    string? AgentUrl = null,
    string? Hub = null,
    string? ApiKeyId = null,
    string? AgentSystemPrompt = null,
    string? ApiKey = null,
    int? RateLimitRequestsPerMinute = null,
    IReadOnlyDictionary<string, string?>? HubConfig = null,
    [property: JsonConverter(typeof(DropParamsJson))] IReadOnlyList<string>? DropParams = null);

/// <summary>What <c>PUT /v1/agent-configurations/{id}</c> takes: absent members stay as they are.</summary>
public sealed record AgentChange(
    string? Status = null,
    string? AgentName = null,
    string? AgentUrl = null,
    string? ModelName = null,
    string? ApiKeyId = null,
    string? AgentSystemPrompt = null,
    int? Version = null,
    [property: JsonConverter(typeof(DropParamsJson))] IReadOnlyList<string>? DropParams = null);

/// <summary>One page of agents.</summary>
public sealed record AgentList(IReadOnlyList<Agent> Results, int Total, int Limit, int Offset);

/// <summary>What <c>POST /v1/api-keys/{id}/move-agents</c> takes.</summary>
/// <param name="To">Id or name of the key that the agents use from now on; one of the same hub.</param>
public sealed record AgentMove(string To);

/// <summary>Agents that were given another key.</summary>
/// <param name="Moved">Their names.</param>
public sealed record AgentsMoved(string FromApiKeyId, string ToApiKeyId, IReadOnlyList<string> Moved);
