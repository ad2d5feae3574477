using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace api-keys delete|restore</c>.</summary>
internal static class ApiKeyRemoval
{
    public static Verb Delete(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var yes = new Option<bool>("--yes") { Description = "Do not ask; needed where there is no terminal" };
        var verb = new Verb(
            "delete",
            "Delete a key. Says which agents would break and asks for the key's name first",
            "keypace api-keys delete openai-old",
            "keypace api-keys delete openai-old --yes");
        return grammar.Does(verb, [name, yes], async (session, parsed, ct) =>
        {
            var isAgreed = parsed.GetValue(yes);
            if (!isAgreed && !session.Terminal.CanAsk)
                throw CommandFailure.Usage("Deleting needs --yes where there is no terminal to ask on.");

            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            if (!isAgreed)
                await AgreeAsync(session, key, ct);

            var deleted = await session.Keypace.ApiKeys.DeleteAsync(key.Id, ct);
            session.Screen.Show(deleted, Screen.Printed.ApiKeyDeleted, screen =>
            {
                screen.Line($"Deleted '{deleted.Name}'.");
                if (deleted.AgentsWithoutKey is { Count: > 0 } broken)
                    screen.Note($"Without a key now: {string.Join(", ", broken)}. Their queries answer 409 until they get another.");

                screen.Note($"For a few seconds it can be brought back: keypace api-keys restore {deleted.Id}");
            });
            return Exit.Done;
        });
    }

    public static Verb Restore(Grammar grammar)
    {
        var id = new Argument<string>("id") { Description = "Id of the deleted key, as `delete` printed it", HelpName = "ID" };
        var verb = new Verb("restore", "Bring a key back that was deleted a few seconds ago", "keypace api-keys restore 0199aa10-0000-7000-8000-000000000001");
        return grammar.Does(verb, [id], async (session, parsed, ct) =>
        {
            var key = await session.Keypace.ApiKeys.RestoreAsync(parsed.GetRequiredValue(id), ct);
            session.Screen.Show(key, Screen.Printed.ApiKey, screen => screen.Line($"Restored '{key.Name}'."));
            return Exit.Done;
        });
    }

    private static async Task AgreeAsync(Session session, ApiKey key, CancellationToken ct)
    {
        var agents = await session.Keypace.Agents.ListAsync([AgentStatuses.Creating, AgentStatuses.Active], ct);
        var broken = agents.Where(agent => agent.ApiKeyId == key.Id).Select(agent => agent.AgentName).ToArray();
        session.Screen.Note(broken.Length == 0
            ? $"No agent uses '{key.Name}'."
            : $"{broken.Length} {(broken.Length == 1 ? "agent breaks" : "agents break")} without '{key.Name}': {string.Join(", ", broken)}.");
        var typed = (await session.Terminal.Ask($"Type the key's name to delete it ({key.Name}):", ct)).Trim();
        if (!string.Equals(typed, key.Name, StringComparison.Ordinal))
            throw new CommandFailure(Exit.Failed, "not_agreed", "That is not its name; nothing was deleted.");
    }
}
