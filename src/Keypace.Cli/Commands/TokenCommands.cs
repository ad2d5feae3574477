using System.CommandLine;
using System.Globalization;
using Keypace.Cli.Output;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace tokens create|list</c>; revoking is in <see cref="TokenRevocation"/>.</summary>
internal static class TokenCommands
{
    public static Command Build(Grammar grammar) => grammar.Noun(
        "tokens", "Make and revoke the access tokens that callers present to Keypace", Create(grammar), List(grammar), TokenRevocation.Revoke(grammar));

    private static Verb List(Grammar grammar)
    {
        var verb = new Verb("list", "List the access tokens; their text is never shown again", "keypace tokens list");
        return grammar.Does(verb, [], async (session, _, ct) =>
        {
            var tokens = await session.Keypace.AccessTokens.ListAsync(ct);
            var clock = session.Terminal.Clock;
            session.Screen.Show(tokens, Screen.Printed.IReadOnlyListAccessToken, screen => screen.Table(
                "No tokens.",
                ["NAME", "ID", "ROLE", "SCOPES", "WEIGHT#", "EXPIRES", "LAST USED", "STATUS"],
                tokens.Select(token => new[]
                {
                    token.Name, token.Id, token.Role, string.Join(", ", token.Scopes), token.Weight.ToString(CultureInfo.InvariantCulture),
                    Said.Minute(token.ExpiresAt, clock), Said.Minute(token.LastUsedAt, clock) ?? "never", token.Status,
                })));
            return Exit.Done;
        });
    }

    private static Verb Create(Grammar grammar)
    {
        var name = new Argument<string>("name") { Description = "What it is for", HelpName = "NAME" };
        var role = Grammar.Text("--role", "admin, member or viewer [default: the server's]", "ROLE").FromAmong("admin", "member", "viewer");
        var scope = Grammar.Several("--scope", "manage or query; may be repeated [default: both]", "SCOPE").FromAmong("manage", "query");
        var key = Grammar.Several("--key", "Bind it to this key, by name or id; may be repeated", "KEY");
        var agent = Grammar.Several("--agent", "Bind it to this agent, by name or id; may be repeated", "AGENT");
        var weight = Grammar.Number("--weight", "Its share in the queue against other tokens, 1 to 100 [default: 1]", "WEIGHT");
        var priority = Grammar.Text("--priority", "The best class of its queries: interactive, batch or background [default: interactive]", "CLASS").FromAmong("interactive", "batch", "background");
        var expires = Grammar.Text("--expires", "When it ends: 30d, 2027-01-31, Unix seconds [default: 90 days]", "WHEN");
        var output = Grammar.Text("--output", "Write the token to this new file (0600) instead of standard output", "FILE");
        var verb = new Verb(
            "create",
            "Make an access token; its text is printed once",
            "keypace tokens create notebook --scope query --agent support-bot",
            "keypace tokens create ci --expires 30d --output ~/ci.token",
            "export OPENAI_API_KEY=$(keypace tokens create me --scope query)");
        return grammar.Does(verb, [name, role, scope, key, agent, weight, priority, expires, output], async (session, parsed, ct) =>
        {
            var expiresAt = Instant.Future(parsed.GetValue(expires), "--expires", session.Terminal.Clock)?.ToUnixTimeSeconds();
            var asked = new NewAccessToken(
                parsed.GetRequiredValue(name), parsed.GetValue(role), Given(parsed, scope), Given(parsed, key), Given(parsed, agent), parsed.GetValue(weight), expiresAt,
                parsed.GetValue(priority));

            // The file is made first: where it cannot be written, no token is made that nobody ever sees.
            using var file = parsed.GetValue(output) is { } path ? new NewSecretFile(path) : null;
            var made = await session.Keypace.AccessTokens.CreateAsync(asked, ct);
            if (file is not null)
                await file.WriteAsync(made.Token ?? "", ct);

            session.Screen.Show(file is null ? made : made with { Token = null }, Screen.Printed.AccessToken, _ =>
            {
                if (file is null)
                    session.Terminal.Out.WriteLine(made.Token);
            });
            session.Screen.Note(
                $"Token '{made.Name}' ({made.Role}: {string.Join(", ", made.Scopes)}) ends {Said.Minute(made.ExpiresAt, session.Terminal.Clock)}. "
                + (file is null ? "It is shown this once; keep it now." : $"It is in {file.Path}."));
            return Exit.Done;
        });
    }

    private static string[]? Given(ParseResult parsed, Option<string[]> option) => parsed.GetValue(option) is { Length: > 0 } given ? given : null;
}
