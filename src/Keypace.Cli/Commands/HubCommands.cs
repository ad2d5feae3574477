using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Contracts;
using Keypace.Server;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace hubs</c>.</summary>
internal static class HubCommands
{
    public static Command Build(Grammar grammar) => grammar.Noun("hubs", "See which model hubs there are and what a key of each needs", List(grammar), Show(grammar), SetDefault(grammar), Check(grammar), Schema(grammar));

    private static Verb List(Grammar grammar)
    {
        var verb = new Verb("list", "List the hubs with their default limits", "keypace hubs list", "keypace hubs list --json");
        return grammar.Does(verb, [], async (session, _, ct) =>
        {
            var hubs = await session.Keypace.Hubs.ListAsync(ct);
            session.Screen.Show(hubs, Screen.Printed.IReadOnlyListHub, screen => screen.Table(
                "The server knows no hubs.",
                ["NAME", "HUB", "DEFAULT LIMIT", "TIER", "AS OF", "CONFIDENCE", "QUERIES"],
                hubs.Select(hub => new[]
                {
                    hub.Name, hub.DisplayName, Said.Limit(hub.RateLimitPerInterval, hub.RateLimitInterval), hub.RateLimitTier, hub.RateLimitAsOf,
                    hub.RateLimitConfidence?.Split([",", ";", ":", " for ", " that "], 2, StringSplitOptions.TrimEntries)[0],
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

    private static Verb SetDefault(Grammar grammar)
    {
        var name = Grammar.Name("hub");
        var limit = new LimitText();
        var verb = new Verb("set-default", "Set the limit of the team's new keys on a hub; without a limit it is the hub's own default again",
            "keypace hubs set-default openai --limit 600/60", "keypace hubs set-default openai");
        return grammar.Does(verb, [name, .. limit.Options], async (session, parsed, ct) =>
        {
            var hub = await Lookup.HubAsync(session, parsed.GetRequiredValue(name), ct);
            var (requests, seconds) = limit.Read(parsed);
            if (requests is null && seconds is not null)
                throw CommandFailure.Usage("--seconds needs --requests.");
            var set = await session.Keypace.Hubs.SetDefaultAsync(hub.Name, requests, seconds, ct);
            session.Screen.Show(set, Screen.Printed.Hub, screen => screen.Line(
                $"New keys of {set.DisplayName} get {Said.Limit(set.RateLimitPerInterval, set.RateLimitInterval)}{(set.RateLimitIsTeams ? "" : ", the hub's own default")}. Stored keys keep theirs."));
            return Exit.Done;
        });
    }

    private static Verb Check(Grammar grammar)
    {
        var file = new Argument<string>("file") { Description = "A hub file, such as hubs/acme.json", HelpName = "FILE" };
        var verb = new Verb("check", "Check a hub file as the server would at its start; needs no server", "keypace hubs check hubs/acme.json");
        return grammar.Decides(verb, [file], (alone, parsed, _) =>
        {
            if (!HubFileCheck.Read(parsed.GetRequiredValue(file)).TryGet(out var hub, out var refusal))
                throw CommandFailure.Usage(refusal.Detail);
            var place = HubFileCheck.TakesThePlaceOfAnother(hub) ? $" It takes the place of Keypace's own {hub.Name}." : "";
            alone.Screen.Show(
                json =>
                {
                    json.WriteStartObject();
                    json.WriteString("name", hub.Name);
                    json.WriteBoolean("replaces_own", place.Length > 0);
                    json.WriteEndObject();
                },
                screen => screen.Line($"{hub.DisplayName} can be used: {(hub.UrlRequired ? "each key brings its address" : hub.BaseUrl)}, {hub.DefaultLimit.Limit}, {hub.DefaultLimit.Tier}.{place}"));
            return Task.FromResult(Exit.Done);
        });
    }

    private static Verb Schema(Grammar grammar)
    {
        var verb = new Verb("schema", "Print the JSON schema of hub files, for an editor; needs no server", "keypace hubs schema > hub.schema.json");
        return grammar.Decides(verb, [], (alone, _, _) =>
        {
            alone.Terminal.Out.Write(HubFileCheck.Schema());
            return Task.FromResult(Exit.Done);
        });
    }

    private static string? Fields(Hub hub) => hub.Fields is null ? null : string.Join(", ", hub.Fields.Select(field =>
        $"{field.Name} ({(field.Secret ? "secret, " : "")}{(field.Required ? "required" : "optional")})"));
}
