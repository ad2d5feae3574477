using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace agents</c>.</summary>
internal static class AgentCommands
{
    public static Command Build(Grammar grammar) => grammar.Noun(
        "agents",
        "Name a model behind an API key, so that callers ask for agent/NAME",
        List(grammar),
        Create(grammar),
        Show(grammar),
        Modify(grammar),
        Archive(grammar),
        Restore(grammar));

    private static Verb List(Grammar grammar)
    {
        var status = Grammar.Several("--status", "Only agents of this status; may be repeated", "STATUS").FromAmong(AgentStatuses.Creating, AgentStatuses.Active, AgentStatuses.Archived);
        var verb = new Verb("list", "List the agents, archived ones too", "keypace agents list", "keypace agents list --status active");
        return grammar.Does(verb, [status], async (session, parsed, ct) =>
        {
            var statuses = parsed.GetValue(status) ?? [];
            var agents = await session.Keypace.Agents.ListAsync(statuses.Length == 0 ? null : statuses, ct);
            var keys = session.Screen.Json || agents.Count == 0 ? [] : await KeyNamesAsync(session, ct);
            session.Screen.Show(new AgentList(agents, agents.Count, agents.Count, 0), Screen.Printed.AgentList, screen => screen.Table(
                "No agents. Make one: keypace agents create NAME --key KEY --model MODEL",
                ["NAME", "MODEL", "HUB", "KEY", "STATUS"],
                agents.Select(agent => new[] { agent.AgentName, agent.ModelName, agent.Hub, KeyOf(agent, keys), agent.Status })));
            return Exit.Done;
        });
    }

    private static Verb Show(Grammar grammar)
    {
        var name = Grammar.Name("agent");
        var verb = new Verb("show", "Show one agent", "keypace agents show support-bot");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var agent = await Lookup.AgentAsync(session, parsed.GetRequiredValue(name), ct);
            var keys = session.Screen.Json ? [] : await KeyNamesAsync(session, ct);
            session.Screen.Show(agent, Screen.Printed.Agent, screen => screen.Facts(
                ("name", agent.AgentName),
                ("id", agent.Id),
                ("model", agent.ModelName),
                ("hub", agent.Hub),
                ("key", KeyOf(agent, keys)),
                ("url", agent.AgentUrl),
                ("system prompt", agent.AgentSystemPrompt),
                ("status", agent.Status),
                ("created", Said.Minute(agent.CreatedAt, session.Terminal.Clock)),
                ("changed", Said.Minute(agent.UpdatedAt, session.Terminal.Clock))));
            return Exit.Done;
        });
    }

    private static Verb Create(Grammar grammar)
    {
        var name = new Argument<string>("name") { Description = "Name of the new agent, unique in the team", HelpName = "NAME" };
        var key = new Option<string>("--key") { Description = "Name or id of the stored key that it uses", HelpName = "KEY", Required = true };
        var input = new AgentInput();
        var verb = new Verb(
            "create",
            "Make an agent with a stored key",
            "keypace agents create support-bot --key openai-main --model gpt-4o-mini",
            "keypace agents create support-bot --key openai-main --model gpt-4o-mini --system-prompt-file prompt.txt");
        return grammar.Does(verb, [name, key, .. input.Options], async (session, parsed, ct) =>
        {
            var prompt = await input.PromptAsync(parsed, ct);
            var used = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(key), ct);
            var agent = await session.Keypace.Agents.CreateAsync(
                new NewAgent(parsed.GetRequiredValue(name), input.Model(parsed) ?? "", null, input.Url(parsed), used.Hub, used.Id, prompt), ct);
            return Done(session, agent, $"Made agent '{agent.AgentName}' on {agent.Hub}. Ask it with \"model\": \"agent/{agent.AgentName}\".");
        });
    }

    private static Verb Modify(Grammar grammar)
    {
        var name = Grammar.Name("agent");
        var newName = Grammar.Text("--name", "A new name", "NEW-NAME");
        var key = Grammar.Text("--key", "Name or id of another stored key", "KEY");
        var version = Grammar.Number("--if-version", "Only if nobody changed it since this version; otherwise exit 3", "VERSION");
        var input = new AgentInput();
        var verb = new Verb(
            "modify",
            "Change an agent; what is not named stays",
            "keypace agents modify support-bot --model gpt-4o",
            "keypace agents modify support-bot --key openai-backup --name support");
        return grammar.Does(verb, [name, newName, key, .. input.Options, version], async (session, parsed, ct) =>
        {
            var prompt = await input.PromptAsync(parsed, ct);
            var keyName = parsed.GetValue(key);
            var change = new AgentChange(null, parsed.GetValue(newName), input.Url(parsed), input.Model(parsed), null, prompt);
            if (change == new AgentChange() && keyName is null)
                throw CommandFailure.Usage("Nothing to change. Name --name, --key, --model, --url, --system-prompt or --system-prompt-file.");

            var agent = await Lookup.AgentAsync(session, parsed.GetRequiredValue(name), ct);
            var keyId = keyName is null ? null : (await Lookup.ApiKeyAsync(session, keyName, ct)).Id;
            var changed = await session.Keypace.Agents.ModifyAsync(agent.Id, change with { ApiKeyId = keyId, Version = parsed.GetValue(version) }, ct);
            return Done(session, changed, $"Changed agent '{changed.AgentName}'.");
        });
    }

    private static Verb Archive(Grammar grammar)
    {
        var name = Grammar.Name("agent");
        var verb = new Verb("archive", "Put an agent away; queries through it answer 409", "keypace agents archive support-bot");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var agent = await Lookup.AgentAsync(session, parsed.GetRequiredValue(name), ct);
            return Done(session, await session.Keypace.Agents.ArchiveAsync(agent.Id, ct), $"Archived agent '{agent.AgentName}'.");
        });
    }

    private static Verb Restore(Grammar grammar)
    {
        var name = Grammar.Name("agent");
        var verb = new Verb("restore", "Take an archived agent back into use", "keypace agents restore support-bot");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var agent = await Lookup.AgentAsync(session, parsed.GetRequiredValue(name), ct);
            return Done(session, await session.Keypace.Agents.RestoreAsync(agent.Id, ct), $"Agent '{agent.AgentName}' is active again.");
        });
    }

    private static int Done(Session session, Agent agent, string sentence)
    {
        session.Screen.Show(agent, Screen.Printed.Agent, screen => screen.Line(sentence));
        return Exit.Done;
    }

    private static string KeyOf(Agent agent, Dictionary<string, string> names) =>
        agent.ApiKeyId is null ? "none" : names.GetValueOrDefault(agent.ApiKeyId, agent.ApiKeyId);

    /// <summary>Names for the ids, as far as the token may see them: a token bound to agents sees no keys, and its table shows ids.</summary>
    private static async Task<Dictionary<string, string>> KeyNamesAsync(Session session, CancellationToken ct)
    {
        try
        {
            return (await session.Keypace.ApiKeys.ListAsync(null, ct)).ToDictionary(key => key.Id, key => key.Name, StringComparer.Ordinal);
        }
        catch (KeypaceException failure) when (failure.Status is 403 or 404)
        {
            return [];
        }
    }
}

/// <summary>The options that describe an agent.</summary>
internal sealed class AgentInput
{
    private readonly Option<string?> _model = Grammar.Text("--model", "The hub's own name for the model", "MODEL");
    private readonly Option<string?> _url = Grammar.Text("--url", "Address of the agent, under its key's address", "URL");
    private readonly Option<string?> _prompt = Grammar.Text("--system-prompt", "Put in front of every query; empty for none", "TEXT");
    private readonly Option<string?> _promptFile = Grammar.Text("--system-prompt-file", "File of the system prompt", "FILE");

    public IEnumerable<Option> Options => [_model, _url, _prompt, _promptFile];

    public string? Model(ParseResult parsed) => parsed.GetValue(_model);

    public string? Url(ParseResult parsed) => parsed.GetValue(_url);

    public async Task<string?> PromptAsync(ParseResult parsed, CancellationToken ct) =>
        (parsed.GetValue(_prompt), parsed.GetValue(_promptFile)) switch
        {
            (not null, not null) => throw CommandFailure.Usage("Give the system prompt either as text or as a file."),
            (null, { } file) => await SecretInput.ReadFileAsync(file, ct),
            var (text, _) => text,
        };
}
