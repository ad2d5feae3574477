using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>What a learner keeps: longer than a process, and not for ever.</summary>
public sealed partial class LimitLearner
{
    /// <summary>What was learned ends so long after the hub last confirmed it, in ticks.</summary>
    public const long RememberedFor = 24L * 3600 * SendWindow.Second;

    /// <summary>Tick at which the hub last confirmed what was learned.</summary>
    public long ConfirmedAt { get; private set; } = long.MinValue;

    /// <summary>Tick of the last refusal over a rate.</summary>
    public long RefusedAt { get; private set; } = long.MinValue;

    /// <summary>The last refusal was before this learner was made.</summary>
    public void RecallRefusal(long at) => RefusedAt = at;

    /// <summary>What another learner would not know; null when the limit is as it was set.</summary>
    public LearnedLimit? Learned => _headerLimit is null && _effective == Configured.Count
        ? null
        : new(Configured, _effective, _headerLimit?.Count, _wayBack.Found, _wayBack.IsFound);

    /// <summary>Takes up what a learner before this one knew; nothing where another limit is set now.</summary>
    /// <param name="confirmedAt">Tick; may be before this process.</param>
    public void Recall(LearnedLimit learned, long confirmedAt)
    {
        if (learned.Configured != Configured || learned.Effective < 1)
            return;

        var header = learned.Header is > 0 and var count && (MayRaise || count < Configured.Count) ? new RateLimit(count, Configured.Seconds) : (RateLimit?)null;
        (_headerLimit, ConfirmedAt) = (header, confirmedAt);
        _effective = Math.Min(learned.Effective, Ceiling.Count);
        _wayBack.Recall(learned.Found, learned.IsFound);
    }

    /// <summary>What was learned is no longer believed: the limit is as it was set.</summary>
    public void Forget() => Forget(Configured);

    /// <summary>The refusal that lowered the limit last said nothing of it: it is as it was before.</summary>
    public void TakeBack(int before)
    {
        if (before > _effective)
        {
            _effective = Math.Min(before, Ceiling.Count);
            _wayBack.Forget();
        }
    }

    /// <summary>True, and everything is forgotten, when the hub has not confirmed it for long.</summary>
    public bool Expire(long now)
    {
        if (Learned is null || now - ConfirmedAt < RememberedFor)
            return false;

        Forget();
        return true;
    }

    private void Forget(RateLimit configured)
    {
        (_headerLimit, _seenOnce, _effective) = (null, null, configured.Count);
        _wayBack.Forget();
    }
}
