using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Shown;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>What is shown of a rate group.</summary>
/// <param name="unknownUntil">What a process before this one may have sent counts until then.</param>
internal sealed class GroupView(Guid groupId, Pacer pacer, MonotonicClock clock, GroupTerms terms, GroupLearning learning, GroupCredit credit, long unknownUntil)
{
    /// <summary>A disk that takes longer is worth telling, in ticks.</summary>
    private static readonly long StallShown = MonotonicClock.NanosecondsOf(TimeSpan.FromSeconds(1));

    private SendHistory? _history;
    private long _sent;

    /// <summary>Sends that are counted nowhere else yet. Readable without the lock.</summary>
    public long SentCount => Interlocked.Read(ref _sent);

    /// <summary>Everything that the hub's headers said last about limits; for people. Null when they said nothing yet.</summary>
    public HubReadings? Heard { get; set; }

    /// <summary>For the picture only: it decides nothing.</summary>
    /// <param name="past">What a group of this name kept of its sends.</param>
    public void Sent(Turn turn, long at, PastHistories past)
    {
        var interval = MonotonicClock.NanosecondsOf(TimeSpan.FromSeconds(pacer.Limit.Seconds));
        if (_history?.Interval != interval)
            _history = past.Take(groupId, interval) ?? new SendHistory(interval);
        _history.Note(turn.SenderToken, turn.Sender, at);
        _sent++;
    }

    /// <summary>The group is dropped: what can still be seen of it is kept. Its sends, to be counted elsewhere.</summary>
    public long Leave(PastHistories past, long now)
    {
        if (_history is { } history && !history.IsOver(now))
        {
            past.Keep(groupId, history);
            _history = null;
        }

        var sent = _sent;
        _sent = 0;
        return sent;
    }

    /// <summary>The few numbers that are shown for many groups once a second: no walk along the line.</summary>
    public GroupFigures Figures(long now)
    {
        var isPaused = pacer.PausedUntil > now;
        return new GroupFigures(
            pacer.Limit, pacer.Used(now), pacer.Waiting, isPaused ? clock.WallAt(pacer.PausedUntil, now) : null, isPaused ? pacer.PausedWhy : null)
        {
            PausesOfSecrets = [.. pacer.SourcePausesAt(now).Where(pause => pause.Until > now).Select(pause => (pause.Source, clock.WallAt(pause.Until, now), pause.Why))],
        };
    }

    /// <summary>What keeps the next query from going, or such a one by a pause of its own.</summary>
    public (BindingKind Kind, Quota? Quota) Binding(in QueryNeed need, long now)
    {
        if (pacer.IsHeldApart(need, now))
            return (BindingKind.Pause, null);

        var binding = pacer.BindingAt(now);
        return (KindAt(binding.Kind, now), binding.Quota);
    }

    public GroupStatus Status(long now)
    {
        var start = pacer.NextStart(now);
        var free = start == long.MaxValue ? (DateTimeOffset?)null : clock.WallAt(start, now);
        var isPaused = pacer.PausedUntil > now;
        var history = _history?.View(now);
        var binding = pacer.BindingAt(now, ofModels: true);
        var shape = pacer.Shape;
        return new GroupStatus(
            pacer.Limit,
            MonotonicClock.SpanOf(pacer.Guard),
            pacer.Used(now),
            pacer.Remaining(now),
            pacer.Outstanding,
            pacer.Waiting,
            free,
            isPaused ? clock.WallAt(pacer.PausedUntil, now) : null,
            isPaused ? pacer.PausedWhy : null,
            Waiting(now),
            unknownUntil > now ? clock.WallAt(unknownUntil, now) : null,
            history,
            history is null ? default : clock.WallAt(history.NewestAt, now))
        {
            Rules = terms.Rules,
            ModelPauses = [.. pacer.ModelPausesAt(now).Select(pause => new HeldModel(pause.Model, clock.WallAt(pause.Until, now), pause.Why))],
            Binding = KindAt(binding.Kind, now),
            BindingQuota = binding.Quota,
            Shape = shape,
            Slice = MonotonicClock.SpanOf(shape.Slice),
            Quotas = [.. pacer.QuotasAt(now).Where(use => use.Quota.Source is null).Select(use => new QuotaStatus(use.Quota, use.Used, use.FreeAt == long.MaxValue ? null : clock.WallAt(use.FreeAt, now)))],
            Events = learning.Events,
            Reported = learning.Reported,
            Heard = Heard,
            Lessons = terms.Lessons?.View(pacer, terms.Learner, now) ?? new KeptLessons(Guid.Empty, groupId),
            LessonsOfSecrets = terms.Lessons?.ViewsApart(pacer, now) ?? [],
        };
    }

    /// <summary>Callers in the order of their first turn.</summary>
    private List<WaitingCaller> Waiting(long now)
    {
        var waiting = new List<WaitingCaller>();
        var places = new Dictionary<(string Token, string Caller), int>();
        var position = 0;
        foreach (var ticket in pacer.InOrder())
        {
            if (places.TryGetValue((ticket.TokenId, ticket.Caller), out var place))
            {
                waiting[place] = waiting[place] with { Count = waiting[place].Count + 1 };
            }
            else
            {
                places.Add((ticket.TokenId, ticket.Caller), waiting.Count);
                waiting.Add(new(ticket.TokenId, ticket.Caller, 1, position, clock.WallAt(pacer.ExpectedStart(position, now), now)));
            }

            position++;
        }

        return waiting;
    }

    /// <summary>
    /// What is told to bind. The moment until the journal has a fresh group's first line is nothing to tell, a disk that does not answer is; and so is
    /// a window that an earlier process may have filled.
    /// </summary>
    private BindingKind KindAt(BindingKind kind, long now) =>
        kind is BindingKind.RateLimit && unknownUntil > now ? BindingKind.Journal
        : kind is BindingKind.Journal && !credit.HasHeldSince(now - StallShown) ? BindingKind.None
        : kind;
}
