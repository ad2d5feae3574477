using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace api-keys modify|rename|disable|enable</c>.</summary>
internal static class ApiKeyChanges
{
    public static Verb Modify(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var limit = new LimitText();
        var pacing = new PacingText();
        var input = new KeyInput();
        var replace = new Option<bool>("--replace-secret") { Description = "Ask for a new secret, or read it from standard input" };
        var version = Grammar.Number("--if-version", "Only if nobody changed it since this version; otherwise exit 3", "VERSION");
        var verb = new Verb(
            "modify",
            "Change a key's limit, secret, address or fields; what is not named stays",
            "keypace api-keys modify openai-main --limit 5/1",
            "keypace api-keys modify openai-main --replace-secret",
            PacingText.Example,
            "keypace api-keys modify openai-main --value-file ~/new.key --requests 1000");
        return grammar.Does(verb, [name, .. limit.Options, .. pacing.OptionsOfChange, .. input.OptionsOfStored, replace, version], async (session, parsed, ct) =>
        {
            var (requests, seconds) = limit.Read(parsed);
            var wanted = pacing.Into(new ApiKeyChange(Version: parsed.GetValue(version), PassHeaders: input.PassHeaders(parsed)), parsed);
            var file = input.ValueFile(parsed);
            var newSecret = file is not null || parsed.GetValue(replace);
            if (requests is null && seconds is null && !newSecret && input.Url(parsed) is null && !input.HasFields(parsed) && wanted with { Version = null } == new ApiKeyChange())
            {
                throw CommandFailure.Usage("Nothing to change. Name a limit, --pacing, --guard-ms, --also, --freeze-limit, --replace-secret, --value-file, --url, --config, --config-file or --pass-header.");
            }

            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            var config = input.HasFields(parsed) ? await input.ReadFieldsAsync(session, parsed, await Lookup.HubAsync(session, key.Hub, ct), ct) : null;
            var value = newSecret ? await session.Secrets.ReadAsync($"New secret of '{key.Name}'", file, "--value-file", ct) : null;
            var changed = await session.Keypace.ApiKeys.ModifyAsync(
                key.Id,
                wanted with { Value = value, RateLimitPerInterval = requests, RateLimitInterval = seconds, HubConfig = config, Url = input.Url(parsed) },
                ct);
            return Done(session, changed, $"Changed '{changed.Name}': {changed.DisplayValue}, at most {Said.Limit(changed.RateLimitPerInterval, changed.RateLimitInterval)}.");
        });
    }

    public static Verb Rename(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var newName = new Argument<string>("new-name") { Description = "Its new name", HelpName = "NEW-NAME" };
        var verb = new Verb("rename", "Give a key another name; agents and usage stay with it", "keypace api-keys rename openai-main openai-production");
        return grammar.Does(verb, [name, newName], async (session, parsed, ct) =>
        {
            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            var renamed = await session.Keypace.ApiKeys.RenameAsync(key.Id, parsed.GetRequiredValue(newName), ct);
            return Done(session, renamed, $"Renamed '{key.Name}' to '{renamed.Name}'.");
        });
    }

    public static Verb Disable(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var verb = new Verb("disable", "Keep a key but send nothing with it", "keypace api-keys disable openai-main");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            return Done(session, await session.Keypace.ApiKeys.DisableAsync(key.Id, ct), $"Disabled '{key.Name}'. Queries through it now answer 409.");
        });
    }

    public static Verb Enable(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var verb = new Verb("enable", "Let a disabled key be used again", "keypace api-keys enable openai-main");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            return Done(session, await session.Keypace.ApiKeys.EnableAsync(key.Id, ct), $"Enabled '{key.Name}'.");
        });
    }

    public static Verb Unpause(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var verb = new Verb("unpause", "Send again at once, although the hub asked to wait or said that waiting does not help", "keypace api-keys unpause openai-main");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            var now = await session.Keypace.ApiKeys.UnpauseAsync(key.Id, ct);
            session.Screen.Show(now, Screen.Printed.ApiKeyStatus, screen => screen.Line($"'{now.Name}' sends again."));
            return Exit.Done;
        });
    }

    public static Verb Forget(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var kind = Grammar.Text("--kind", "limit, bursts, pause or circuit [default: all of it]", "KIND").FromAmong("limit", "bursts", "pause", "circuit");
        var verb = new Verb("forget", "Take back what the hub taught: a lower limit, smaller bursts, a pause, refused models", "keypace api-keys forget openai-main --kind limit");
        return grammar.Does(verb, [name, kind], async (session, parsed, ct) =>
        {
            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            var now = await session.Keypace.ApiKeys.ForgetAsync(key.Id, parsed.GetValue(kind), ct);
            session.Screen.Show(now, Screen.Printed.ApiKeyStatus, screen => screen.Line($"'{now.Name}' sends at most {Said.Limit(now.EffectiveLimit, now.RateLimitInterval)} now."));
            return Exit.Done;
        });
    }

    public static Verb TakeLimit(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var verb = new Verb("take-limit", "Make the limit that the hub's answers reported the key's own", "keypace api-keys take-limit openai-main");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            var changed = await session.Keypace.ApiKeys.TakeReportedLimitAsync(key.Id, ct);
            return Done(session, changed, $"'{changed.Name}' now sends at most {Said.Limit(changed.RateLimitPerInterval, changed.RateLimitInterval)}.");
        });
    }

    private static int Done(Session session, ApiKey key, string sentence)
    {
        session.Screen.Show(key, Screen.Printed.ApiKey, screen =>
        {
            screen.Line(sentence);
            ApiKeyCreation.Notice(screen, key);
        });
        return Exit.Done;
    }
}
