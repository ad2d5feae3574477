using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace hubs</c>.</summary>
internal static class HubCommands
{
    public static Command Build(Grammar grammar) => grammar.Noun("hubs", "See which model hubs there are and what a key of each needs", List(grammar), Show(grammar));

    private static Verb List(Grammar grammar)
    {
        var verb = new Verb("list", "List the hubs with their default limits", "keypace hubs list", "keypace hubs list --json");
        return grammar.Does(verb, [], async (session, _, ct) =>
        {
            var hubs = await session.Keypace.Hubs.ListAsync(ct);
            session.Screen.Show(hubs, Screen.Printed.IReadOnlyListHub, screen => screen.Table(
                "The server knows no hubs.",
                ["NAME", "HUB", "DEFAULT LIMIT", "TIER", "AS OF", "QUERIES"],
                hubs.Select(hub => new[]
                {
                    hub.Name, hub.DisplayName, Said.Limit(hub.RateLimitPerInterval, hub.RateLimitInterval), hub.RateLimitTier, hub.RateLimitAsOf,
                    hub.Served ? "served" : "not yet",
                })));
            return Exit.Done;
        });
    }

    private static Verb Show(Grammar grammar)
    {
        var name = Grammar.Name("hub");
        var verb = new Verb("show", "Show one hub: its limit and where that number is from, its address, the fields of its keys", "keypace hubs show openai");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var hub = await Lookup.HubAsync(session, parsed.GetRequiredValue(name), ct);
            session.Screen.Show(hub, Screen.Printed.Hub, screen => screen.Facts(
                ("name", hub.Name),
                ("hub", hub.DisplayName),
                ("default limit", Said.Limit(hub.RateLimitPerInterval, hub.RateLimitInterval)),
                ("tier", hub.RateLimitTier),
                ("source", hub.RateLimitSource),
                ("as of", hub.RateLimitAsOf),
                ("confidence", hub.RateLimitConfidence),
                ("address", hub.UrlRequired ? "each key names its own (--url)" : hub.BaseUrl),
                ("get a key at", hub.KeyPage),
                ("fields", Fields(hub)),
                ("queries", hub.Served ? "served" : "not served yet; keys can be stored")));
            return Exit.Done;
        });
    }

    private static string? Fields(Hub hub) => hub.Fields is null ? null : string.Join(", ", hub.Fields.Select(field =>
        $"{field.Name} ({(field.Secret ? "secret, " : "")}{(field.Required ? "required" : "optional")})"));
}
