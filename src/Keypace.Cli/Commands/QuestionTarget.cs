using System.CommandLine;
using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary>The options that say who is asked: an agent, or a model with or without a key. Shared by query, run and env.</summary>
internal sealed class QuestionTarget
{
    private readonly Option<string?> _agent = Grammar.Text("--agent", "Ask this agent, by name or id", "AGENT");
    private readonly Option<string?> _model = Grammar.Text("--model", "Ask this model: HUB/MODEL, or with --key the hub's own name for it", "MODEL");
    private readonly Option<string?> _key = Grammar.Text("--key", "Ask with this stored key, by name or id", "KEY");

    public IEnumerable<Option> Options => [_agent, _model, _key];

    /// <param name="isModelNeeded">False where each question can name its own model.</param>
    public Asked Read(ParseResult parsed, bool isModelNeeded)
    {
        var (agent, model, key) = (Text(parsed, _agent), Text(parsed, _model), Text(parsed, _key));
        if (agent is not null && (model is not null || key is not null))
            throw CommandFailure.Usage("An agent has its own model and key: give --agent, or --model with or without --key.");

        return agent is null && model is null && isModelNeeded
            ? throw CommandFailure.Usage("Say who is asked: --agent NAME, --model HUB/MODEL, or --key KEY --model MODEL.")
            : new Asked(agent, model, key);
    }

    private static string? Text(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
}

/// <summary>Who is asked.</summary>
internal sealed record Asked(string? Agent, string? Model, string? Key)
{
    /// <summary>What stands as <c>model</c> in a body; null when each question names its own.</summary>
    public string? BodyModel => Agent is not null ? "agent/" + Agent : Model;

    /// <summary>Looks whether the agent or key is there, before anything is begun; a token that may not look is told by its first query.</summary>
    /// <exception cref="CommandFailure">It is not; names the nearest.</exception>
    public async Task MustExistAsync(KeypaceClient keypace, CancellationToken ct)
    {
        try
        {
            if (Agent is not null && await keypace.Agents.FindAsync(Agent, ct) is null)
                throw CommandFailure.NotFound("agent", Agent, (await keypace.Agents.ListAsync([AgentStatuses.Active], ct)).Select(agent => agent.AgentName));

            if (Key is not null && await keypace.ApiKeys.FindAsync(Key, ct) is null)
                throw CommandFailure.NotFound("API key", Key, (await keypace.ApiKeys.ListAsync(null, ct)).Select(key => key.Name));
        }
        catch (KeypaceException cannotLook) when (cannotLook.Status is not (null or 401))
        {
            return;
        }
    }

    /// <summary>The same refusal with the nearest name that exists, when it is a name that is not there and the token may see the names.</summary>
    public async Task<Exception> WithHintAsync(KeypaceException refusal, KeypaceClient keypace, CancellationToken ct)
    {
        try
        {
            return refusal.Code switch
            {
                "agent_not_found" when Agent is not null => CommandFailure.NotFound("agent", Agent, (await keypace.Agents.ListAsync([AgentStatuses.Active], ct)).Select(agent => agent.AgentName)),
                "key_not_found" when Key is not null => CommandFailure.NotFound("API key", Key, (await keypace.ApiKeys.ListAsync(null, ct)).Select(key => key.Name)),
                _ => refusal,
            };
        }
        catch (KeypaceException)
        {
            return refusal;
        }
    }
}
