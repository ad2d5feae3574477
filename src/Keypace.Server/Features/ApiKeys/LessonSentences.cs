using System.Globalization;
using Keypace.Contracts;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>What a hub taught, in sentences for people, and the words by which it is taken back.</summary>
internal static class LessonSentences
{
    private static readonly TimeSpan RememberedFor = MonotonicClock.SpanOf(LimitLearner.RememberedFor);

    /// <summary>Null when there is no such kind; everything for null.</summary>
    public static LessonKinds? KindOf(string? word) => word switch
    {
        null or "" => LessonKinds.All,
        "limit" => LessonKinds.Limit,
        "bursts" => LessonKinds.Bursts,
        "pause" => LessonKinds.Pause,
        "circuit" => LessonKinds.Circuits,
        _ => null,
    };

    public static IReadOnlyList<HubLesson> Of(KeptLessons kept, RateLimit rules, string hub)
    {
        var lessons = new List<HubLesson>();
        if (kept.Limit is { } limit)
        {
            var how = limit.Header == limit.Effective ? $"{hub}'s headers say so" : limit.IsFound ? $"{hub} refused more twice" : $"{hub} refused more";
            lessons.Add(new("limit", $"The limit is {rules}, not the {limit.Configured} that is set: {how}.", null, Seconds(kept.LimitConfirmedAt), Seconds(kept.LimitConfirmedAt + RememberedFor)));
        }

        if (kept.Bursts is { } bursts)
        {
            var what = $"At most {bursts.Burst.ToString("N0", CultureInfo.InvariantCulture)} of {bursts.Of} go at once: {hub} refused {(bursts.IsFound ? "more twice" : "more")}.";
            lessons.Add(new("bursts", what, null, Seconds(kept.BurstsConfirmedAt), Seconds(kept.BurstsConfirmedAt + RememberedFor)));
        }

        if (kept.Pause is { } pause)
            lessons.Add(new("pause", $"Nothing goes: {pause.Why}.", null, null, Seconds(pause.Until)));
        foreach (var circuit in kept.Circuits)
        {
            var queries = circuit.Model.Length == 0 ? "Queries that name no model" : $"Queries of {circuit.Model}";
            lessons.Add(new("circuit", $"{queries} are refused without being sent: {hub} said that waiting does not help.", circuit.Model.Length == 0 ? null : circuit.Model, null, Seconds(circuit.Until)));
        }

        return lessons;
    }

    /// <summary>What holds only the queries of the key's own secret in a rate group of several.</summary>
    public static IReadOnlyList<HubLesson> OfSecret(KeptLessons kept, string hub) =>
    [
        .. Of(kept, kept.Limit is { } limit ? limit.Configured with { Count = limit.Effective } : default, hub)
            .Select(lesson => lesson.Kind == "circuit" || !kept.BindsSourceOnly ? lesson : lesson with { What = $"For this key's secret only: {lesson.What}" }),
    ];

    private static double Seconds(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds() / 1000.0;
}
