using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>
/// What one rate group has learned and not yet forgotten: keeps it where it outlives the process, ends it a day after its last confirmation, shows it, and takes
/// it back. Limit, bursts and pause that were learned here are the pacer's and its learner's, which bind the whole group; what came along with the keys of
/// one secret, and the models that its hub refuses, bind that secret's queries. Everything runs under the group's lock; one is made with the first lesson.
/// </summary>
internal sealed class GroupLessons(Guid groupId, MonotonicClock clock, ILessonStore store)
{
    private static readonly TimeSpan RememberedFor = MonotonicClock.SpanOf(LimitLearner.RememberedFor);

    private readonly Dictionary<Guid, KeptLessons> _kept = [];   // by secret
    private readonly List<SourceLessons> _apart = [];

    /// <summary>Refused to queries of the secret whose hub said so.</summary>
    public RefusedModels Circuits { get; } = new();

    /// <summary>The secret whose answers taught what binds the whole group; empty: nothing did, or nobody knows.</summary>
    public Guid Teacher { get; private set; }

    /// <summary>Something is known that a new group would not know.</summary>
    public bool Any(Pacer pacer, LimitLearner? learner, long now) =>
        learner?.Learned is not null || pacer.LearnedBursts is not null || pacer.PausedUntil > now || pacer.IsAsking || _apart.Count > 0 || Circuits.Matter(now);

    /// <summary>The limits of single secrets' queries.</summary>
    public IEnumerable<Quota> Quotas => _apart.SelectMany(lessons => lessons.Quotas);

    /// <summary>What binds only the queries of this secret, by the intervals of the limits under which it was taught; null: nothing.</summary>
    /// <param name="intervalSeconds">Of this interval only; null: the first.</param>
    public SourceLessons? Apart(Guid source, int? intervalSeconds = null)
    {
        foreach (var lessons in _apart)
        {
            if (lessons.Source == source && (intervalSeconds is null || lessons.IntervalSeconds == intervalSeconds))
                return lessons;
        }

        return null;
    }

    /// <summary>A query of the secret was sent. True when other limits bind its queries from now on.</summary>
    public bool Sent(Guid source, long now)
    {
        var isOther = false;
        foreach (var lessons in _apart)
            isOther |= lessons.Source == source && lessons.Sent(now);

        return isOther;
    }

    /// <summary>The limits, or the bursts, that bind only the queries of this secret are no longer believed.</summary>
    public void ForgetApart(Guid source, LessonKinds kinds, long now)
    {
        foreach (var lessons in _apart.Where(lessons => lessons.Source == source))
        {
            if (kinds.HasFlag(LessonKinds.Limit))
                lessons.ForgetLimit(now);

            if (kinds.HasFlag(LessonKinds.Bursts))
                lessons.ForgetBursts(now);
        }
    }

    /// <summary>What binds only the queries of this secret is no longer believed.</summary>
    public void ForgetApart(Guid source) => _apart.RemoveAll(lessons => lessons.Source == source);

    /// <summary>Takes up what was kept. Limits and bursts that the rules of today do not fit are left out.</summary>
    /// <param name="hasSeveralSources">Keys of several secrets are in the group: a pause holds that of its own.</param>
    public void Recall(KeptLessons kept, bool hasSeveralSources, Pacer pacer, LimitLearner learner, long now)
    {
        Teacher = kept.Source;
        var wall = clock.Time.GetUtcNow();
        if (kept.Limit is { } limit && wall - kept.LimitConfirmedAt < RememberedFor && (learner.Learned is null || limit.Effective < learner.Effective.Count))
            learner.Recall(limit, TickOf(kept.LimitConfirmedAt, now));

        if (kept.Bursts is { } bursts && wall - kept.BurstsConfirmedAt < RememberedFor && pacer.LearnedBursts is null)
        {
            learner.RecallRefusal(TickOf(kept.BurstsConfirmedAt, now));
            pacer.RecallBursts(bursts, now);
        }

        if (kept.Pause is not null && hasSeveralSources)
        {
            RecallPauseApart(kept, pacer, now);
        }
        else if (kept.Pause is { } pause && (pause.Until > wall || pause.AsksEverySeconds > 0))
        {
            if (pause.AsksEverySeconds > 0)
                pacer.PauseUntil(TickOf(pause.Until, now), pause.Why, pause.AsksEverySeconds * SendWindow.Second);
            else
                pacer.PauseUntil(TickOf(pause.Until, now), pause.Why);

            pacer.PausedFor = pacer.PausedUntil == TickOf(pause.Until, now) ? kept.Source : pacer.PausedFor;   // not where another pause is longer
        }

        RecallCircuits(kept, now);
    }

    /// <summary>Takes up what was kept and binds the queries of its secret only.</summary>
    public void RecallApart(KeptLessons kept, Pacer pacer, long now)
    {
        var wall = clock.Time.GetUtcNow();
        var limit = wall - kept.LimitConfirmedAt < RememberedFor ? kept.Limit : null;
        var bursts = wall - kept.BurstsConfirmedAt < RememberedFor ? kept.Bursts : null;
        if ((limit?.Configured ?? bursts?.Of) is { } configured)
        {
            // One of the same interval is the same lesson; one of another binds beside it.
            var known = Apart(kept.Source, configured.Seconds);
            limit = known?.Limit is { } lower && (limit is null || lower.Effective <= limit.Effective) ? lower : limit;
            _apart.RemoveAll(lessons => ReferenceEquals(lessons, known));
            _apart.Add(new SourceLessons(
                kept.Source, limit, bursts, (TickOf(kept.LimitConfirmedAt, now), TickOf(kept.BurstsConfirmedAt, now)), pacer.Guard, now));
            _apart.RemoveAll(lessons => lessons.IsOver);   // nonsense
        }

        RecallPauseApart(kept, pacer, now);
        RecallCircuits(kept, now);
    }

    /// <summary>All of it is kept already.</summary>
    public void IsKept(KeptLessons kept) => _kept[kept.Source] = kept;

    private void RecallPauseApart(KeptLessons kept, Pacer pacer, long now)
    {
        if (kept.Pause is { } pause && (pause.Until > clock.Time.GetUtcNow() || pause.AsksEverySeconds > 0))
            pacer.PauseSource(kept.Source, TickOf(pause.Until, now), pause.Why, pause.AsksEverySeconds * SendWindow.Second);
    }

    /// <summary>Keeps what is known now, as far as that is something else than what is kept.</summary>
    /// <param name="teacher">The secret whose answer taught what binds the whole group; empty: the last one.</param>
    public void Keep(Guid teacher, Pacer pacer, LimitLearner? learner, long now)
    {
        Teacher = teacher == Guid.Empty ? Teacher : teacher;
        foreach (var next in Views(pacer, learner, now).ToArray())
        {
            if (next.Source != Guid.Empty && !next.IsLike(_kept.GetValueOrDefault(next.Source)) && !(next.IsEmpty && !_kept.ContainsKey(next.Source)))
                Write(next);
        }
    }

    /// <summary>The keys of this secret have come: what is kept of it is kept as that of another group.</summary>
    public void Come(Guid source) => _kept.Remove(source);

    /// <summary>The keys of this secret have left with what its hub taught: nothing of it is known here, and what is kept of it is kept elsewhere.</summary>
    public void Leave(Guid source)
    {
        _kept.Remove(source);
        ForgetApart(source);
        Circuits.Clear(source);
        Teacher = Teacher == source ? Guid.Empty : Teacher;
    }

    /// <summary>What binds the whole group now.</summary>
    public KeptLessons View(Pacer pacer, LimitLearner? learner, long now)
    {
        var limit = learner?.Learned;
        var bursts = pacer.LearnedBursts;
        return new KeptLessons(Teacher, groupId)
        {
            Limit = limit,
            LimitConfirmedAt = limit is null ? default : clock.WallAt(learner!.ConfirmedAt, now),
            Bursts = bursts,
            BurstsConfirmedAt = bursts is null ? default : clock.WallAt(learner is { RefusedAt: > long.MinValue } ? learner.RefusedAt : now, now),
            Pause = pacer.PausedUntil > now || pacer.IsAsking ? new KeptPause(WallOf(pacer.PausedUntil, now), pacer.PausedWhy ?? "", (int)(pacer.AskEvery / SendWindow.Second)) : null,
            Circuits = [.. CircuitsOf(Teacher, now), .. Teacher == Guid.Empty ? [] : CircuitsOf(Guid.Empty, now)],
        };
    }

    /// <summary>What binds only the queries of this secret now, besides.</summary>
    public KeptLessons ViewApart(Guid source, Pacer pacer, long now)
    {
        return (LimitsApart(source, now) ?? new KeptLessons(source, groupId)) with
        {
            BindsSourceOnly = true,
            Pause = PauseApart(source, pacer, now),
            Circuits = source == Teacher ? [] : CircuitsOf(source, now),
        };
    }

    /// <summary>Limits and bursts that bind only the queries of this secret, one beside the other; null: none.</summary>
    private KeptLessons? LimitsApart(Guid source, long now) =>
        _apart.Where(lessons => lessons.Source == source && !lessons.IsOver).Aggregate((KeptLessons?)null, (besides, apart) => new KeptLessons(source, groupId)
        {
            BindsSourceOnly = true,
            Limit = apart.Limit,
            LimitConfirmedAt = apart.Limit is null ? default : clock.WallAt(apart.ConfirmedAt, now),
            Bursts = apart.Bursts,
            BurstsConfirmedAt = apart.Bursts is null ? default : clock.WallAt(apart.RefusedAt, now),
            Besides = besides,
        });

    private KeptPause? PauseApart(Guid source, Pacer pacer, long now) =>
        pacer.SourcePausesAt(now).FirstOrDefault(each => each.Source == source) is { Why: not null } pause
            ? new KeptPause(WallOf(pause.Until, now), pause.Why, (int)(pause.AskEvery / SendWindow.Second))
            : null;

    /// <summary>What goes along when the keys of this secret leave: all that is not known to be another's.</summary>
    public KeptLessons Carried(Guid source, Pacer pacer, LimitLearner? learner, long now)
    {
        var own = ViewApart(source, pacer, now);
        var all = View(pacer, learner, now) with { Source = source };
        return Teacher != source && Teacher != Guid.Empty
            ? own
            : all with
            {
                Pause = all.Pause ?? own.Pause,
                Circuits = [.. all.Circuits.Union(own.Circuits)],
                Besides = LimitsApart(source, now),
            };
    }

    /// <summary>Ends what the hub has not confirmed for a day. True when something ended.</summary>
    public bool Expire(Pacer pacer, LimitLearner? learner, long now)
    {
        var hasEnded = learner?.Expire(now) == true | _apart.RemoveAll(lessons => lessons.IsOver || lessons.IsExpired(now)) > 0;
        if (pacer.LearnedBursts is not null && (learner is null || learner.RefusedAt == long.MinValue || now - learner.RefusedAt >= LimitLearner.RememberedFor))
        {
            pacer.ForgetBursts(now);
            hasEnded = true;
        }

        return hasEnded;
    }

    /// <summary>What is shown of single secrets.</summary>
    public IReadOnlyList<KeptLessons> ViewsApart(Pacer pacer, long now) =>
        [.. SourcesApart(pacer, now).SelectMany(source => ViewApart(source, pacer, now).Parts()).Where(view => !view.IsEmpty)];

    private IEnumerable<KeptLessons> Views(Pacer pacer, LimitLearner? learner, long now) =>
        SourcesApart(pacer, now).Union(_kept.Keys).Where(source => source != Teacher).Select(source => ViewApart(source, pacer, now)).Append(TeachersView(pacer, learner, now));

    /// <summary>One secret has one row: what binds the whole group, and beside it what binds that secret's queries only.</summary>
    private KeptLessons TeachersView(Pacer pacer, LimitLearner? learner, long now)
    {
        var view = View(pacer, learner, now);
        return view with { Pause = view.Pause ?? PauseApart(Teacher, pacer, now), Besides = Teacher == Guid.Empty ? null : LimitsApart(Teacher, now) };
    }

    private IEnumerable<Guid> SourcesApart(Pacer pacer, long now) =>
        _apart.Select(lessons => lessons.Source).Union(Circuits.Sources).Union(pacer.SourcePausesAt(now).Select(pause => pause.Source));

    private void Write(KeptLessons next)
    {
        _kept.Remove(next.Source);
        if (!next.IsEmpty)
            _kept[next.Source] = next;

        store.Keep(next);
    }

    private IReadOnlyList<KeptCircuit> CircuitsOf(Guid source, long now) =>
        [.. Circuits.Of(source, now).Select(each => new KeptCircuit(each.Model, WallOf(each.Until, now)))];

    private void RecallCircuits(KeptLessons kept, long now)
    {
        var wall = clock.Time.GetUtcNow();
        foreach (var circuit in kept.Circuits)
        {
            if (circuit.Until > wall)
                Circuits.Add(kept.Source, circuit.Model, TickOf(circuit.Until, now));
        }
    }

    private long TickOf(DateTimeOffset at, long now) => now + ((at - clock.Time.GetUtcNow()).Ticks * 100);

    /// <summary>Whole seconds up: the same pause is the same however the clocks tick.</summary>
    private DateTimeOffset WallOf(long tick, long now) => DateTimeOffset.FromUnixTimeSeconds((clock.WallAt(tick, now).ToUnixTimeMilliseconds() + 999) / 1000);
}
