using System.CommandLine;
using System.Globalization;
using Keypace.Cli.Output;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace api-keys test</c>: a stored key by its name, or a secret that is not stored with <c>--hub</c>.</summary>
internal static class ApiKeyTesting
{
    public static Verb Test(Grammar grammar)
    {
        var name = new Argument<string?>("name")
        {
            Description = "Name or id of a stored key; leave it out to test a secret that is not stored",
            HelpName = "NAME",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var hub = Grammar.Text("--hub", "Test a secret of this hub that is not stored", "HUB");
        var model = Grammar.Text("--model", "A model to test with, where the hub needs one", "MODEL");
        var input = new KeyInput();
        var verb = new Verb(
            "test",
            "Ask the hub whether a key works; exit 0 if it does. Counts against the key's limit",
            "keypace api-keys test openai-main",
            "keypace api-keys test --hub openai --value-file ~/openai.key");
        return grammar.Does(verb, [name, hub, model, .. input.Options], async (session, parsed, ct) =>
        {
            var stored = parsed.GetValue(name);
            var unsavedHub = parsed.GetValue(hub);
            if (stored is null == unsavedHub is null)
                throw CommandFailure.Usage("Name a stored key, or give --hub to test a secret that is not stored.");

            var result = stored is not null
                ? await TestStoredAsync(session, stored, AnyGiven(parsed, input, model), ct)
                : await TestUnsavedAsync(session, parsed, input, unsavedHub!, parsed.GetValue(model), ct);
            session.Screen.Show(result, Screen.Printed.ApiKeyTestResult, screen => screen.Facts(
                ("status", result.Status),
                ("detail", result.Detail),
                ("limit", result is { RateLimit: { } count, Interval: { } seconds } ? Said.Limit(count, seconds) : null),
                ("answered in", result.LatencyMs is { } latencyMs ? Said.Duration(latencyMs) : null)));
            return result.Status == TestStatuses.Works ? Exit.Done : Exit.Failed;
        });
    }

    private static bool AnyGiven(ParseResult parsed, KeyInput input, Option<string?> model) =>
        input.ValueFile(parsed) is not null || input.Url(parsed) is not null || input.HasFields(parsed) || parsed.GetValue(model) is not null;

    private static async Task<ApiKeyTestResult> TestStoredAsync(Session session, string name, bool isMoreGiven, CancellationToken ct)
    {
        if (isMoreGiven)
            throw CommandFailure.Usage("A stored key is tested as it is stored; the other options go with --hub.");

        var key = await Lookup.ApiKeyAsync(session, name, ct);
        return await session.Keypace.ApiKeys.TestAsync(key.Id, ct);
    }

    private static async Task<ApiKeyTestResult> TestUnsavedAsync(
        Session session, ParseResult parsed, KeyInput input, string hubName, string? model, CancellationToken ct)
    {
        var hub = await Lookup.HubAsync(session, hubName, ct);
        var (value, config, url) = await input.ReadAllAsync(session, parsed, hub, ct);
        return await session.Keypace.ApiKeys.TestAsync(new ApiKeyTest(hub.Name, value, url, model, config), ct);
    }
}
