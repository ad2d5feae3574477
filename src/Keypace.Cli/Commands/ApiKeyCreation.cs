using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace api-keys create</c>. The options of a secret and its destination are shared with modify and test.</summary>
internal static class ApiKeyCreation
{
    public static Verb Create(Grammar grammar)
    {
        var name = new Argument<string>("name") { Description = "Name of the new key, unique in the team", HelpName = "NAME" };
        var hub = new Option<string>("--hub") { Description = "The model hub: see `keypace hubs list`", HelpName = "HUB", Required = true };
        var limit = new LimitText();
        var pacing = new PacingText();
        var input = new KeyInput();
        var verb = new Verb(
            "create",
            "Store a key. Its secret is asked for, read from a file, or from standard input; without a limit the hub's default applies",
            "keypace api-keys create openai-main --hub openai --limit 600/60",
            "keypace api-keys create openai-main --hub openai --value-file ~/openai.key",
            "pass show openai | keypace api-keys create openai-main --hub openai",
            "keypace api-keys create local --hub custom --url http://10.2.0.7:8000/v1");
        return grammar.Does(verb, [name, hub, .. limit.Options, .. pacing.Options, .. input.OptionsOfStored], async (session, parsed, ct) =>
        {
            var (requests, seconds) = limit.Read(parsed);
            var wanted = pacing.Into(new NewApiKey(parsed.GetRequiredValue(name), ""), parsed);
            var known = await Lookup.HubAsync(session, parsed.GetRequiredValue(hub), ct);
            var (value, config, url) = await input.ReadAllAsync(session, parsed, known, ct);
            var key = await session.Keypace.ApiKeys.CreateAsync(
                wanted with { Hub = known.Name, Value = value, RateLimitPerInterval = requests, RateLimitInterval = seconds, HubConfig = config, Url = url, PassHeaders = input.PassHeaders(parsed) }, ct);
            session.Screen.Show(key, Screen.Printed.ApiKey, screen =>
            {
                screen.Line($"Stored '{key.Name}': {key.Hub}, {key.DisplayValue}, at most {Said.Limit(key.RateLimitPerInterval, key.RateLimitInterval)}.");
                Notice(screen, key);
                if (requests is null && known.RateLimitSource is not null)
                    screen.Note($"The limit is the default of {known.DisplayName} ({known.RateLimitTier}, {known.RateLimitAsOf}); change it with: keypace api-keys modify '{key.Name}' --limit N/T");
            });
            return Exit.Done;
        });
    }

    public static void Notice(Screen screen, ApiKey key)
    {
        if (key.Notice is not null)
            screen.Note(key.Notice);
    }
}

/// <summary>The options that bring a secret, a hub's fields and an address, and how they are read.</summary>
internal sealed class KeyInput
{
    private readonly Option<string?> _valueFile = Grammar.Text("--value-file", "File of the secret; - for standard input", "FILE");
    private readonly Option<string?> _url = Grammar.Text("--url", "Base address of the hub for this key, where it has one of its own", "URL");
    private readonly Option<string[]> _config = Grammar.Several("--config", "A public field of the hub; may be repeated", "NAME=VALUE");
    private readonly Option<string[]> _configFile = Grammar.Several("--config-file", "A secret field of the hub, read from a file; may be repeated", "NAME=FILE");

    private readonly Option<string[]> _passHeaders = Grammar.Several(
        "--pass-header", "A header of the callers that passes to the hub, beside those that pass for every key; x-team-* for all that begin so; may be repeated, replaces all of them", "NAME");

    public IEnumerable<Option> Options => [_valueFile, _url, _config, _configFile];

    /// <summary>Those that only a stored key has.</summary>
    public IEnumerable<Option> OptionsOfStored => [.. Options, _passHeaders];

    /// <summary>Null when none is named; an empty name takes all away.</summary>
    public string[]? PassHeaders(ParseResult parsed) =>
        parsed.GetValue(_passHeaders) is { Length: > 0 } named ? Array.FindAll(named, name => name.Length > 0) : null;

    public string? Url(ParseResult parsed) => parsed.GetValue(_url);

    public string? ValueFile(ParseResult parsed) => parsed.GetValue(_valueFile);

    public bool HasFields(ParseResult parsed) => parsed.GetValue(_config) is { Length: > 0 } || parsed.GetValue(_configFile) is { Length: > 0 };

    public Task<Dictionary<string, string?>?> ReadFieldsAsync(Session session, ParseResult parsed, Hub hub, CancellationToken ct) =>
        HubFields.ReadAsync(session, hub, parsed.GetValue(_config) ?? [], parsed.GetValue(_configFile) ?? [], ct);

    /// <summary>Everything that a new or unsaved key needs; asks for what is missing where it can.</summary>
    public async Task<(string? Value, Dictionary<string, string?>? Config, string? Url)> ReadAllAsync(Session session, ParseResult parsed, Hub hub, CancellationToken ct)
    {
        var config = await HubFields.CompleteAsync(session, hub, await ReadFieldsAsync(session, parsed, hub, ct), ct);
        var url = Url(parsed);
        if (url is null && hub.UrlRequired)
        {
            url = session.Terminal.CanAsk
                ? (await session.Terminal.Ask($"Base URL of {hub.DisplayName}:", ct)).Trim()
                : throw CommandFailure.Usage($"{hub.DisplayName} has no address of its own; give it with --url.");
        }

        var file = ValueFile(parsed);
        var (what, wish) = ($"API key of {hub.DisplayName}", HubFields.ValueOf(hub, config));
        var value = file is not null || wish == "required" ? await session.Secrets.ReadAsync(what, file, "--value-file", ct)
            : wish == "optional" ? await session.Secrets.ReadOptionalAsync($"{what} (empty for none)", ct)
            : null;
        return (value, config, url);
    }
}
