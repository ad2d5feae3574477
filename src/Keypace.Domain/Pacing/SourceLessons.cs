using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>
/// What the hub behind one secret taught while its keys were in another rate group, or under another limit: it binds that secret's queries only, as limits of
/// theirs beside those of all (<see cref="Quotas"/>), and it ends as it would have ended there.
/// </summary>
public sealed class SourceLessons
{
    private readonly LimitLearner _learner;
    private Shaper _shaper;
    private readonly long _guard;

    /// <param name="limit">Null: the limit is as it was set.</param>
    /// <param name="confirmedAt">Ticks at which the hub confirmed limit and bursts last; may be before this process.</param>
    /// <param name="guard">Of the group that it comes into, in ticks.</param>
    public SourceLessons(Guid source, LearnedLimit? limit, LearnedBursts? bursts, (long Limit, long Bursts) confirmedAt, long guard, long now)
    {
        (Source, _guard) = (source, guard);
        var configured = limit?.Configured ?? bursts?.Of ?? throw new ArgumentException("Nothing was learned.", nameof(limit));
        _learner = new LimitLearner(configured, mayRaise: false, source.GetHashCode());
        if (limit is not null)
            _learner.Recall(limit, confirmedAt.Limit);

        _shaper = new Shaper(PacingMode.Auto, startsSmooth: false, _learner.Effective, guard, now);
        if (bursts is not null)
        {
            _learner.RecallRefusal(confirmedAt.Bursts);
            _shaper.Recall(bursts, now);
        }
    }

    public Guid Source { get; }

    /// <summary>Null when the limit is as it was set.</summary>
    public LearnedLimit? Limit => _learner.Learned;

    /// <summary>Tick.</summary>
    public long ConfirmedAt => _learner.ConfirmedAt;

    /// <summary>Null when bursts are whole.</summary>
    public LearnedBursts? Bursts => _shaper.SliceMost > 0 ? _shaper.Learned : null;

    /// <summary>Tick.</summary>
    public long RefusedAt => _learner.RefusedAt;

    /// <summary>It binds nobody any more.</summary>
    public bool IsOver => Limit is null && Bursts is null;

    /// <summary>The limits that bind the secret's queries.</summary>
    public IEnumerable<Quota> Quotas
    {
        get
        {
            if (Limit is not null)
                yield return new Quota(QuotaDimension.Requests, _learner.Effective.Count, _learner.Effective.Seconds, Source: Source);

            if (Bursts is not null)
            {
                var span = _shaper.SliceSpan;
                var seconds = (int)Math.Clamp((span + SendWindow.Second - 1) / SendWindow.Second, 1, RateLimit.MostSeconds);
                yield return new Quota(QuotaDimension.Requests, _shaper.SliceMost, seconds, Source: Source) { Slice = span };
            }
        }
    }

    /// <summary>Wants to know how many of the secret's queries were sent in the interval before an answered one.</summary>
    public bool CountsSends => _learner.CountsSends;

    public int IntervalSeconds => _learner.Effective.Seconds;

    /// <summary>One of its queries was sent. True when other limits bind from now on.</summary>
    public bool Sent(long at) => _shaper.Sent(at);

    public void ForgetLimit(long now)
    {
        _learner.Forget();
        _shaper.ChangeLimit(_learner.Effective, _guard, now);
    }

    public void ForgetBursts(long now) => _shaper = new Shaper(PacingMode.Auto, startsSmooth: false, _learner.Effective, _guard, now);

    /// <summary>One of its queries was answered. What a pause or a refused model is for, the host does for this secret only.</summary>
    /// <param name="sentBefore">Of its queries, in the interval up to the answered one; 0: not known.</param>
    public Lesson Answered(in HubReport report, HubRefusal? refusal, long sentAt, int sentBefore, long now)
    {
        var own = new OwnView(IntervalSeconds, 0, 0, sentAt, _shaper.CanShrink) { SentBefore = sentBefore, ShapedAt = _shaper.Since };
        var lesson = refusal is { } refused ? _learner.Refused(refused, report, own, now) : _learner.Answered(report, own, now);
        if (lesson.ShrinkBursts)
            _shaper.Refused(sentAt, now);

        if (lesson.Limit is { } limit)
            _shaper.ChangeLimit(limit, _guard, now);

        if (lesson.ExcuseBursts)
            _shaper.Excuse();

        if (lesson.RestoreBursts)
            _shaper.Restore(now);

        return lesson;
    }

    /// <summary>What the hub has not confirmed for a day is over.</summary>
    public bool IsExpired(long now)
    {
        _learner.Expire(now);
        return Limit is null && (Bursts is null || _learner.RefusedAt == long.MinValue || now - _learner.RefusedAt >= LimitLearner.RememberedFor);
    }
}
