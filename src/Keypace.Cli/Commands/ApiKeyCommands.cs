using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace api-keys</c>: the verbs that look, and the group itself.</summary>
internal static class ApiKeyCommands
{
    public static Command Build(Grammar grammar) => grammar.Noun(
        "api-keys",
        "Store, change and watch the API keys of model hubs",
        List(grammar),
        ApiKeyCreation.Create(grammar),
        Show(grammar),
        ApiKeyChanges.Modify(grammar),
        ApiKeyChanges.Rename(grammar),
        ApiKeyChanges.Disable(grammar),
        ApiKeyChanges.Enable(grammar),
        ApiKeyChanges.Unpause(grammar),
        ApiKeyChanges.Forget(grammar),
        ApiKeyChanges.TakeLimit(grammar),
        ApiKeyRemoval.Delete(grammar),
        ApiKeyRemoval.Restore(grammar),
        ApiKeyTesting.Test(grammar),
        Status(grammar),
        Models(grammar));

    public static void Facts(Screen screen, ApiKey key, TimeProvider clock)
    {
        var config = key.HubConfig is null ? null : string.Join(", ", key.HubConfig.Select(field => $"{field.Key}={field.Value}"));
        screen.Facts(
            ("name", key.Name),
            ("id", key.Id),
            ("hub", key.Hub),
            ("secret", key.DisplayValue),
            ("limit", Said.Limit(key.RateLimitPerInterval, key.RateLimitInterval) + (key.RateLimitSource == LimitSources.Default ? " (the hub's default)" : "") + (key.LimitFrozen ? ", frozen" : "")),
            ("other limits", key.Limits is { Count: > 0 } limits ? string.Join("  ", limits.Select(PacingText.Said)) : null),
            ("pacing", key.Pacing),
            ("guard", key.GuardMs is { } guard ? $"{Said.Count(guard)} ms" : null),
            ("state", key.State),
            ("url", key.Url),
            ("hub config", config),
            ("passes", key.PassHeaders is { Count: > 0 } passes ? string.Join(", ", passes) : null),
            ("rate group", key.RateGroupId),
            ("created", Said.Minute(key.CreatedAt, clock)),
            ("changed", Said.Minute(key.UpdatedAt, clock)),
            ("last used", Said.Minute(key.LastUsedAt, clock)),
            ("version", key.Version.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("notice", key.Notice));
    }

    private static Verb List(Grammar grammar)
    {
        var hub = Grammar.Several("--hub", "Only keys of this hub; may be repeated", "HUB");
        var verb = new Verb("list", "List the stored keys", "keypace api-keys list", "keypace api-keys list --hub openai --json");
        return grammar.Does(verb, [hub], async (session, parsed, ct) =>
        {
            var hubs = parsed.GetValue(hub) ?? [];
            var keys = await session.Keypace.ApiKeys.ListAsync(hubs.Length == 0 ? null : hubs, ct);
            session.Screen.Show(keys, Screen.Printed.IReadOnlyListApiKey, screen => screen.Table(
                "No keys. Store one: keypace api-keys create NAME --hub openai",
                ["NAME", "HUB", "SECRET", "LIMIT", "STATUS", "LAST USED"],
                keys.Select(key => new[]
                {
                    key.Name, key.Hub, key.DisplayValue, Said.Limit(key.RateLimitPerInterval, key.RateLimitInterval), key.Status,
                    Said.Minute(key.LastUsedAt, session.Terminal.Clock) ?? "never",
                })));
            foreach (var key in session.Screen.Json ? [] : keys.Where(key => key.Notice is not null))
                session.Screen.Note($"{key.Name}: {key.Notice}");

            return Exit.Done;
        });
    }

    private static Verb Show(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var verb = new Verb("show", "Show one key; its secret stays masked", "keypace api-keys show openai-main");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            session.Screen.Show(key, Screen.Printed.ApiKey, screen => Facts(screen, key, session.Terminal.Clock));
            return Exit.Done;
        });
    }

    private static Verb Status(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var verb = new Verb("status", "Show what a key's limit is doing now: used, waiting, paused", "keypace api-keys status openai-main");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            var now = await session.Keypace.ApiKeys.StatusAsync(key.Id, ct);
            session.Screen.Show(now, Screen.Printed.ApiKeyStatus, screen => StatusFacts(screen, now, session.Terminal.Clock));
            return Exit.Done;
        });
    }

    /// <summary>"4,999 of 5,000 requests / 60 s left".</summary>
    private static string Reported(ReportedLimit limit) => limit.Remaining is { } left
        ? $"{Said.Count(left)}{(limit.Limit is { } of ? $" of {Said.Count(of)}" : "")} {limit.Dimension.Replace('_', ' ')} / {limit.IntervalSeconds} s left"
        : $"{(limit.Limit is { } all ? Said.Count(all) : "?")} {limit.Dimension.Replace('_', ' ')} / {limit.IntervalSeconds} s";

    private static void StatusFacts(Screen screen, ApiKeyStatus now, TimeProvider clock)
    {
        screen.Facts(
            ("name", now.Name),
            ("used now", $"{Said.Count(now.UsedNow)} of {Said.Limit(now.EffectiveLimit, now.RateLimitInterval)}"),
            ("waiting", Said.Count(now.Waiting)),
            ("next free", Said.Second(now.NextFreeAt, clock) ?? "now"),
            ("binding", now.Binding),
            ("pacing", now.PacingWhy ?? now.PacingNow),
            ("other limits", now.Limits is { Count: > 0 } limits ? string.Join("  ", limits.Select(limit =>
                $"{Said.Count(limit.Used)} of {PacingText.Said(new ApiKeyLimit(limit.Dimension, limit.Limit, limit.IntervalSeconds, limit.CalendarZone, limit.Model))}")) : null),
            ("hub reports", now.ReportedLimits is { Count: > 0 } reported ? string.Join("  ", reported.Select(Reported)) : null),
            ("waiting out the past", Said.Second(now.UnknownPastUntil, clock)),
            ("paused until", Said.Second(now.PausedUntil, clock)),
            ("paused because", now.PausedWhy),
            ("guard", $"{Said.Count(now.GuardMs)} ms"),
            ("shares its limit with", now.RateGroupKeys.Count > 1 ? string.Join(", ", now.RateGroupKeys.Where(other => other != now.Name && other != now.Id)) : null));
        if (now.Lessons is { Count: > 0 } lessons)
        {
            screen.Line("");
            screen.Table("", ["LEARNED", "WHAT", "ENDS"], lessons.Select(one => new[] { one.Kind, one.What, Said.Second(one.EndsAt, clock) }));
            screen.Line($"If you know better: keypace api-keys forget {now.Name}");
        }

        if (now.Events is { Count: > 0 } events)
        {
            screen.Line("");
            screen.Table("", ["AT", "EVENT", "BEFORE#", "AFTER#", "CAUSE"], events.Select(one => new[]
            {
                Said.Second(one.At, clock), one.Kind.Replace('_', ' '), one.Before?.ToString(System.Globalization.CultureInfo.InvariantCulture), one.After?.ToString(System.Globalization.CultureInfo.InvariantCulture), one.Cause,
            }));
        }

        if (now.WaitingByCaller.Count > 0)
        {
            screen.Line("");
            screen.Table("", ["CALLER", "TOKEN", "WAITING#", "FIRST IN LINE#", "EXPECTED START"], now.WaitingByCaller.Select(caller => new[]
            {
                caller.Caller, caller.Token, Said.Count(caller.Waiting), Said.Count(caller.FirstPosition), Said.Second(caller.ExpectedStart, clock),
            }));
        }
    }

    private static Verb Models(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var verb = new Verb("models", "List the models that a key's hub offers to it", "keypace api-keys models openai-main");
        return grammar.Does(verb, [name], async (session, parsed, ct) =>
        {
            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            var models = await session.Keypace.ApiKeys.ModelsAsync(key.Id, ct);
            session.Screen.Show(models, Screen.Printed.ApiKeyModels, screen =>
            {
                foreach (var model in models.Models ?? [])
                    screen.Line(model);

                if (models.Models is null or { Count: 0 })
                    screen.Note($"{key.Hub} gives no list of models for this key; use a model's own name.");
            });
            return Exit.Done;
        });
    }
}
