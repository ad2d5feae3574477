using System.Text;
using Keypace.Contracts;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>What a hub's answer to one step of a test means, in the wire's words.</summary>
internal static class TestVerdicts
{
    private const int MostWords = 300;
    private const int MostLimits = 16;

    public static ApiKeyTestResult Of(ServedKey key, HubTest step, string? model, HubAnswer answer, byte[] body, DateTimeOffset now)
    {
        var hub = key.Hub.DisplayName;
        var limit = LimitSignals.ReportedRequestLimit(key.Hub, answer.HeaderOf);
        var (status, detail) = Say(key, step, answer, body, now);
        IReadOnlyList<string>? models = null;
        if (status == TestStatuses.Works && step.ListsModels)
        {
            models = key.OwnModels.Count > 0 ? key.OwnModels : ModelIds.Read(body);
            if (model is { Length: > 0 } && models?.Contains(model, StringComparer.Ordinal) == false)
                (status, detail) = (TestStatuses.NoAccess, $"{hub} accepts the key, but '{(model.Length > 100 ? model[..100] + "…" : model)}' is not among the {models.Count} models that it lists for it.");
        }

        return new ApiKeyTestResult(status, limit?.Count, limit?.Seconds, detail, Models: models, Limits: Limits(key.Hub, answer, now));
    }

    private static (string Status, string Detail) Say(ServedKey key, HubTest step, HubAnswer answer, byte[] body, DateTimeOffset now)
    {
        var hub = key.Hub.DisplayName;
        var words = WordsOf(answer, body);
        var signal = LimitSignals.Read(key.Hub, answer.Status, answer.HeaderOf, body, now);
        if (signal.Terminal is TerminalCause.NotOnPlan)
            return (TestStatuses.NoAccess, $"{hub} accepts the key, but its plan allows no requests to this model (a limit of 0){words}");
        if (signal.IsTerminal)
            return (TestStatuses.NoQuota, $"{hub} accepts the key, but its account has no quota or credit left: it answered {answer.Status}{words}");
        return step.Judge(answer.Status, body) switch
        {
            HubTestVerdict.Works => (TestStatuses.Works, $"{hub} accepts the key."),
            HubTestVerdict.Refused => (TestStatuses.Refused, $"{hub} does not accept the key: it answered {answer.Status}{words}"),
            HubTestVerdict.NoQuota => (TestStatuses.NoQuota, $"{hub} accepts the key, but its account has no quota or credit left: it answered {answer.Status}{words}"),
            HubTestVerdict.NoAccess => (TestStatuses.NoAccess, $"{hub} knows the key, but does not let it use this: it answered {answer.Status}{words}"),
            HubTestVerdict.WrongAddress => (TestStatuses.WrongAddress, $"What answers at {key.Destination} is not the interface of {hub}: it answered {answer.Status} on {step.Method} {step.Path}. Check the address."),
            _ when signal.IsLimit => (TestStatuses.Works, $"{hub} knows the key, which is at its limit now{words}"),
            _ when answer.Status >= 500 => (TestStatuses.Unreachable, $"{hub} has trouble of its own: it answered {answer.Status}{words}"),
            _ => (TestStatuses.Unknown, $"{hub} answered {answer.Status}, which does not tell whether it accepts the key{words}"),
        };
    }

    private static List<ReportedLimit>? Limits(HubProfile hub, HubAnswer answer, DateTimeOffset now)
    {
        Span<LimitReading> readings = stackalloc LimitReading[MostLimits];
        var count = LimitSignals.ReadAll(hub, answer.HeaderOf, now, readings);
        if (count == 0)
            return null;
        var limits = new List<ReportedLimit>();
        foreach (var reading in readings[..count])
            limits.Add(new ReportedLimit(LimitSignals.WordOf(reading.Dimension), reading.IntervalSeconds, reading.Limit, reading.Remaining, reading.ResetIn?.TotalSeconds));
        return limits;
    }

    /// <summary>The hub's own words, as far as they are text, without a piece of the secret.</summary>
    private static string WordsOf(HubAnswer answer, byte[] body)
    {
        var words = new StringBuilder();
        foreach (var rune in Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 4 * MostWords))).EnumerateRunes())
        {
            if (words.Length >= MostWords)
                break;
            words.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return words.ToString().Trim() is { Length: > 0 } text ? $": {answer.Scrub?.Sentence(text) ?? text}" : ".";
    }
}
