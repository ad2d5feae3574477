using System.CommandLine;
using System.Text.RegularExpressions;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace tokens revoke</c>, by id or name, or for tokens that a scanner found, by their text.</summary>
internal static partial class TokenRevocation
{
    public static Verb Revoke(Grammar grammar)
    {
        var names = new Argument<string[]>("name") { Description = "Ids or names of tokens", HelpName = "NAME", Arity = ArgumentArity.ZeroOrMore };
        var fromIn = new Option<bool>("--stdin") { Description = "Read ids, names or leaked token texts from standard input, one a line" };
        var verb = new Verb(
            "revoke",
            "End access tokens at once and for good",
            "keypace tokens revoke notebook",
            "grep -rhoE 'kpa_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}' logs/ | keypace tokens revoke --stdin");
        return grammar.Does(verb, [names, fromIn], async (session, parsed, ct) =>
        {
            var asked = (parsed.GetValue(names) ?? []).ToList();
            if (parsed.GetValue(fromIn))
                asked.AddRange(await LinesAsync(session.Terminal, ct));

            if (asked.Count == 0)
                throw CommandFailure.Usage("Name a token by its id or name, or give --stdin.");

            // All are looked up before the first is revoked, so that a typo leaves everything as it was.
            var all = await session.Keypace.AccessTokens.ListAsync(ct);
            var found = asked.Select(text => Find(all, text)).DistinctBy(token => token.Id).ToArray();
            foreach (var token in found)
                await session.Keypace.AccessTokens.RevokeAsync(token.Id, ct);

            var revoked = found.Select(token => token with { Status = TokenStatuses.Revoked }).ToArray();
            session.Screen.Show(revoked, Output.Screen.Printed.IReadOnlyListAccessToken, screen =>
            {
                foreach (var token in revoked)
                    screen.Line($"Revoked '{token.Name}' ({token.Id}).");
            });
            return Exit.Done;
        });
    }

    private static AccessToken Find(IReadOnlyList<AccessToken> all, string text)
    {
        // Of a token's text only its public part is used; the secret part goes nowhere, not even into a message.
        if (TokenText().Match(text) is { Success: true } match)
        {
            var id = match.Groups["id"].Value;
            return all.FirstOrDefault(token => token.Id == id || token.Id == match.Groups["head"].Value)
                ?? throw new CommandFailure(Exit.Failed, "not_found", $"This server has no token with the id '{id}'; nothing was revoked.");
        }

        if (all.FirstOrDefault(token => token.Id == text) is { } byId)
            return byId;

        var named = all.Where(token => token.Status != TokenStatuses.Revoked && string.Equals(token.Name, text, StringComparison.OrdinalIgnoreCase)).ToArray();
        return named switch
        {
            [var one] => one,
            [] => throw CommandFailure.NotFound("access token", text, all.Select(token => token.Name)),
            _ => throw CommandFailure.Usage($"{named.Length} tokens are named '{text}'; say which by id: {string.Join(", ", named.Select(token => token.Id))}."),
        };
    }

    private static async Task<IEnumerable<string>> LinesAsync(Terminal terminal, CancellationToken ct)
    {
        using var reader = new StreamReader(terminal.OpenIn());
        var text = await reader.ReadToEndAsync(ct);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    [GeneratedRegex("(?<head>kp[a-z]_(?<id>[0-9A-Za-z]{12}))_[0-9A-Za-z]{49}", RegexOptions.CultureInvariant)]
    private static partial Regex TokenText();
}
