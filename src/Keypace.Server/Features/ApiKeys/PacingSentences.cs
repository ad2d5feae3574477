using System.Globalization;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Shown;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>What a key's pacer does, and what it changed by itself, in sentences for people.</summary>
internal static class PacingSentences
{
    public static string Why(GroupStatus status, string hub, DateTimeOffset now)
    {
        var shape = status.Shape;
        var what = status.Slice == TimeSpan.Zero
            ? $"Up to {Number(status.Limit.Count)} go at once"
            : $"At most {Number(shape.Burst)} go in any {Number(status.Slice.TotalSeconds, "0.##")} s{(shape.IsSmooth(status.Limit) ? $", which spreads {status.Limit} evenly" : "")}";
        var why = shape.Cause switch
        {
            ShapeCause.HubHint => $"{hub} is known to enforce its limit in short slices",
            ShapeCause.Refused => $"{hub} refused a query although the limit was kept, so it seems to enforce in slices",
            ShapeCause.CleanWindows => "nothing was refused for a while, so bursts grow again",
            ShapeCause.Chosen => status.Rules is { IsFrozen: true, Mode: PacingMode.Auto } ? "the limit is frozen" : "somebody chose it for this key",
            _ => "nothing is known that speaks against it",
        };
        var cost = shape.Use < 0.9995 ? $" The guard in each slice leaves {Number(shape.Use * 100, "0.#")} % of the limit to be used." : "";
        var learned = status.Limit != status.Rules.Limit ? $" The limit is {status.Limit} for now, not the {status.Rules.Limit} that is set: see the events." : "";
        var paused = status.PausedUntil is { } until ? $" Nothing goes for another {Number((until - now).TotalSeconds, "0.#")} s: {status.PausedWhy}. If you know better: keypace api-keys unpause." : "";
        var models = string.Concat(status.ModelPauses.Select(pause => $" Queries for {Model(pause.Model)} wait another {Number((pause.Until - now).TotalSeconds, "0.#")} s: {pause.Why}; others go."));
        return $"{what}: {why}.{cost}{learned}{paused}{models}";
    }

    public static Contracts.PacingEvent Of(GroupEvent one)
    {
        var what = one.What;
        return new Contracts.PacingEvent(one.At.ToUnixTimeMilliseconds() / 1000.0, Word(what.Kind), Sentence(what), what.Before, what.After);
    }

    private static string Word(PacingEventKind kind) => kind switch
    {
        PacingEventKind.LimitLowered => "limit_lowered",
        PacingEventKind.LimitRaised => "limit_raised",
        PacingEventKind.ForeignTraffic => "foreign_traffic",
        PacingEventKind.Paused => "paused",
        PacingEventKind.BurstsShrunk => "bursts_shrunk",
        PacingEventKind.BurstsGrown => "bursts_grown",
        PacingEventKind.CircuitOpened => "circuit_opened",
        PacingEventKind.ModelPaused => "model_paused",
        _ => "changed",
    };

    private static string Sentence(PacingEvent what) => what.Model is { } model ? $"{Cause(what)} It concerns {Model(model)} only." : Cause(what);

    private static string Cause(PacingEvent what) => what.Cause switch
    {
        PacingCause.LimitHeader => "The hub's headers say another limit.",
        PacingCause.RemainingHeader => "The hub's headers say that less is left than was sent from here: somebody else uses the account.",
        PacingCause.RefusedWithWait => "The hub answered 429 and said how long to wait.",
        PacingCause.RefusedWithoutWait => "The hub answered 429 and did not say how long to wait.",
        PacingCause.CleanWindows => "Nothing was refused for a while.",
        PacingCause.NoQuota => "The hub reports a limit of 0: this account has no quota.",
        PacingCause.TerminalRefusal => "The hub refused, and waiting does not help: spend limit, billing or plan.",
        PacingCause.Overloaded => "The hub is overloaded.",
        _ => "",
    };

    /// <summary>A model's name as a caller typed it, unless it is a secret in the wrong place.</summary>
    private static string Model(string typed) => TypedName.HasKeyForm(typed) ? "the model ***" : $"the model '{typed[..Math.Min(typed.Length, 100)]}'";

    private static string Number(double number, string format = "N0") => number.ToString(format, CultureInfo.InvariantCulture);
}
