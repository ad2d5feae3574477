using Keypace.Domain.Hubs;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Shown;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Learning;

/// <summary>Step 6: what an answer says of the hub's limits, handed to the rate group, which decides what to do about it.</summary>
internal static class HubLearning
{
    /// <summary>Ticks (nanoseconds) of a span.</summary>
    private static long Ticks(TimeSpan span) => MonotonicClock.NanosecondsOf(span);

    /// <summary>An answer that is no refusal. Costs next to nothing when its headers say nothing of limits and nothing was learned before.</summary>
    /// <param name="report">What they say of requests.</param>
    /// <returns>True when it has headers of limits.</returns>
    public static bool Answered(PacedGroup group, Turn turn, HubAnswer answer, ServedKey key, string? model, TimeProvider time, out HubReport report)
    {
        var speaks = key.Hub.LimitHeaders.Count > 0 && (!key.Hub.AreLimitHeadersUsual || SpeaksOfLimits(answer));
        report = speaks ? ReportOf(group, answer, key, time.GetUtcNow()) : default;
        speaks &= key.Hub.AreLimitHeadersUsual || report != default;
        if (speaks)
            group.Learn(turn, report, null, model);
        else if (group.WantsAnswers && answer.Status < 500)
            group.Learn(turn, default, null, model);
        return speaks;
    }

    /// <summary>True when the answer is a refusal over limits (its body is read then); false for any other answer.</summary>
    /// <param name="isAmongAnswered">It was refused before, and others that were sent in between were answered.</param>
    /// <param name="signal">What it means for the next try.</param>
    /// <param name="scope">Whom it concerns, as far as the hub says or this query shows.</param>
    public static bool Refused(
        PacedGroup group, Turn turn, HubAnswer answer, ServedKey key, string? model, bool isAmongAnswered, DateTimeOffset now, out LimitSignal signal, out RefusalScope scope)
    {
        scope = RefusalScope.Unsaid;
        signal = LimitSignals.Read(key.Hub, answer.Status, answer.HeaderOf, answer.Small, now);
        answer.IsTerminal = signal.IsTerminal;
        if (!signal.IsLimit)
            return false;
        var kind = signal.Terminal is TerminalCause.NotOnPlan ? HubRefusalKind.NoQuota
            : signal.IsTerminal ? HubRefusalKind.Terminal
            : answer.Status is 503 or 529 ? HubRefusalKind.Overloaded
            : HubRefusalKind.RateLimited;
        scope = ScopeOf(answer, model, isAmongAnswered);
        group.Learn(turn, ReportOf(group, answer, key, now), new HubRefusal(kind, signal.Wait is { } wait ? Ticks(wait) : null) { Scope = scope }, model);
        return true;
    }

    /// <summary>What the hub's words say; else what this query shows by being refused while others are answered.</summary>
    private static RefusalScope ScopeOf(HubAnswer answer, string? model, bool isAmongAnswered)
    {
        var subject = RefusalSubjects.Of(answer.Small, model);
        if (subject is RefusalSubject.Query)
            return RefusalScope.Query;
        return subject is RefusalSubject.Model || NamesInLimits(answer, model) ? RefusalScope.Model : isAmongAnswered ? RefusalScope.Query : RefusalScope.Unsaid;
    }

    /// <summary>A header of limits names the model.</summary>
    private static bool NamesInLimits(HubAnswer answer, string? model)
    {
        foreach (var (name, values) in answer.Response.Headers.NonValidated)
        {
            if (name.Contains("ratelimit", StringComparison.OrdinalIgnoreCase) && RefusalSubjects.IsNamed(values.ToString(), model))
                return true;
        }

        return false;
    }

    /// <summary>Some header has to do with limits; one pass over the names is cheaper than asking for each that a hub may use.</summary>
    private static bool SpeaksOfLimits(HubAnswer answer)
    {
        foreach (var header in answer.Response.Headers.NonValidated)
        {
            if (header.Key.Length >= "ratelimit-limit".Length && header.Key.Contains("ratelimit", StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary>What the headers say of requests in the key's own interval; of the shortest, when none is. All that they say is kept for people to see.</summary>
    private static HubReport ReportOf(PacedGroup group, HubAnswer answer, ServedKey key, DateTimeOffset now)
    {
        var found = default(HubReport);
        if (key.Hub.LimitHeaders.Count == 0)
            return found;
        var readings = new LimitReading[key.Hub.LimitHeaders.Count];
        var count = LimitSignals.ReadAll(key.Hub, answer.HeaderOf, now, readings);
        if (count > 0)
            group.Heard = new HubReadings(new ArraySegment<LimitReading>(readings, 0, count), now);
        foreach (var reading in readings.AsSpan(0, count))
        {
            if (reading is not { Dimension: LimitDimension.Requests } or { Limit: null, Remaining: null })
                continue;
            var report = new HubReport(reading.IntervalSeconds, reading.Limit, reading.Remaining);
            if (reading.IntervalSeconds == key.Limit.Seconds)
                return report;
            found = found == default || reading.IntervalSeconds < found.IntervalSeconds ? report : found;
        }

        return found;
    }
}
