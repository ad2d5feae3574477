using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>
/// What one rate group has learned and not yet forgotten: keeps it where it outlives the process, ends it a day after its last confirmation, shows it, and takes
/// it back. Everything runs under the group's lock; one is made with the first lesson.
/// </summary>
internal sealed class GroupLessons(PacedGroup group, MonotonicClock clock, ILessonStore store)
{
    private static readonly TimeSpan RememberedFor = MonotonicClock.SpanOf(LimitLearner.RememberedFor);

    private readonly Dictionary<string, long> _circuits = new(StringComparer.Ordinal);   // by model, "" for queries that name none: closed again at that tick
    private KeptLessons? _kept;
    private Guid _source;
    private long _circuitsMatterUntil = long.MinValue;

    /// <summary>Something is known that a new group would not know.</summary>
    public bool Any(Pacer pacer, LimitLearner? learner, long now) =>
        learner?.Learned is not null || pacer.LearnedBursts is not null || pacer.PausedUntil > now || pacer.IsAsking || now < _circuitsMatterUntil;

    /// <summary>Models, "" for queries that name none, and the ticks until which they are refused without being sent.</summary>
    public IEnumerable<KeyValuePair<string, long>> Circuits => _circuits;

    /// <summary>Queries of this model are refused without being sent; one that is refused for longer already stays so.</summary>
    public void Open(string? model, long until)
    {
        _circuits[model ?? ""] = Math.Max(until, _circuits.GetValueOrDefault(model ?? ""));
        // How often it was refused counts as well: the next circuit is longer.
        _circuitsMatterUntil = Math.Max(_circuitsMatterUntil, until + LimitLearner.LongestCircuit);
    }

    /// <summary>How long queries of this model are refused without being sent; null when they are not.</summary>
    public TimeSpan? CircuitOf(string? model, long now)
    {
        if (_circuits.Count == 0 || !_circuits.TryGetValue(model ?? "", out var until))
        {
            return null;
        }

        if (until > now)
        {
            return MonotonicClock.SpanOf(until - now);
        }

        _circuits.Remove(model ?? "");   // the next query finds out
        return null;
    }

    public void CloseCircuits()
    {
        _circuits.Clear();
        _circuitsMatterUntil = long.MinValue;
    }

    /// <summary>Takes up what was kept. Limits and bursts that the rules of today do not fit are left out.</summary>
    public void Recall(KeptLessons kept, Pacer pacer, LimitLearner learner, long now)
    {
        (_source, _kept) = (kept.Source, kept);
        var wall = clock.Time.GetUtcNow();
        if (kept.Limit is { } limit && wall - kept.LimitConfirmedAt < RememberedFor)
        {
            learner.Recall(limit, TickOf(kept.LimitConfirmedAt));
        }

        if (kept.Bursts is { } bursts && wall - kept.BurstsConfirmedAt < RememberedFor)
        {
            learner.RecallRefusal(TickOf(kept.BurstsConfirmedAt));
            pacer.RecallBursts(bursts, now);
        }

        if (kept.Pause is { } pause && (pause.Until > wall || pause.AsksEverySeconds > 0))
        {
            if (pause.AsksEverySeconds > 0)
            {
                pacer.PauseUntil(TickOf(pause.Until), pause.Why, pause.AsksEverySeconds * SendWindow.Second);
            }
            else
            {
                pacer.PauseUntil(TickOf(pause.Until), pause.Why);
            }
        }

        foreach (var circuit in kept.Circuits)
        {
            if (circuit.Until > wall)
            {
                Open(circuit.Model, TickOf(circuit.Until));
            }
        }

        long TickOf(DateTimeOffset at) => now + ((at - wall).Ticks * 100);
    }

    /// <summary>Keeps what is known now, if that is something else than what is kept.</summary>
    /// <param name="source">The secret whose answer taught it; empty: the last one.</param>
    public void Keep(Guid source, Pacer pacer, LimitLearner? learner, long now)
    {
        _source = source == Guid.Empty ? _source : source;
        var next = View(pacer, learner, now);
        if (next.IsLike(_kept) || (_kept is null && next.IsEmpty) || _source == Guid.Empty)
        {
            return;
        }

        if (_kept is { } before && before.Source != next.Source)
        {
            store.Keep(new KeptLessons(before.Source, before.GroupId));   // it is kept under the secret that taught last
        }

        _kept = next.IsEmpty ? null : next;
        store.Keep(next);
    }

    /// <summary>What is known now.</summary>
    public KeptLessons View(Pacer pacer, LimitLearner? learner, long now)
    {
        var limit = learner?.Learned;
        var bursts = pacer.LearnedBursts;
        return new KeptLessons(_source, group.Id)
        {
            Limit = limit,
            LimitConfirmedAt = limit is null ? default : clock.WallAt(learner!.ConfirmedAt, now),
            Bursts = bursts,
            BurstsConfirmedAt = bursts is null ? default : clock.WallAt(learner is { RefusedAt: > long.MinValue } ? learner.RefusedAt : now, now),
            Pause = pacer.PausedUntil > now || pacer.IsAsking ? new KeptPause(WallOf(pacer.PausedUntil), pacer.PausedWhy ?? "", (int)(pacer.AskEvery / SendWindow.Second)) : null,
            Circuits = _circuits.Count == 0 ? [] : [.. _circuits.Where(circuit => circuit.Value > now).OrderBy(circuit => circuit.Key, StringComparer.Ordinal)
                .Select(circuit => new KeptCircuit(circuit.Key, WallOf(circuit.Value)))],
        };

        // Whole seconds up: the same pause is the same however the clocks tick.
        DateTimeOffset WallOf(long tick) => DateTimeOffset.FromUnixTimeSeconds((clock.WallAt(tick, now).ToUnixTimeMilliseconds() + 999) / 1000);
    }

    /// <summary>Ends what the hub has not confirmed for a day. True when something ended.</summary>
    public static bool Expire(Pacer pacer, LimitLearner? learner, long now)
    {
        var hasEnded = learner?.Expire(now) == true;
        if (pacer.LearnedBursts is not null && (learner is null || learner.RefusedAt == long.MinValue || now - learner.RefusedAt >= LimitLearner.RememberedFor))
        {
            pacer.ForgetBursts(now);
            hasEnded = true;
        }

        return hasEnded;
    }
}
