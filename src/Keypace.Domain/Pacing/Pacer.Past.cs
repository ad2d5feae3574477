namespace Keypace.Domain.Pacing;

/// <summary>What counts of the time before this pacer was made.</summary>
public sealed partial class Pacer
{
    /// <summary>Of an answer of which nothing is known, not even its record.</summary>
    public const long UnknownAnswer = 4_096;

    /// <summary>Longer intervals know after a power failure what was noted: the host grants nothing that the disk does not have.</summary>
    public const int LongestForgetful = 600;

    /// <summary>
    /// Counts in the quotas what was used before this pacer was made; before anybody asks, and again when more is known: nothing of an earlier call
    /// stays. Records alone do not tell of everything: sends that the rate limit's window knows besides count as well, with the mean of the
    /// recorded tokens and no answer shorter than <see cref="UnknownAnswer"/>.
    /// </summary>
    /// <param name="wall">The wall clock at <paramref name="now"/>.</param>
    /// <param name="now">Ticks.</param>
    public void AssumeUsed(UsedBefore before, DateTimeOffset wall, long now)
    {
        if (_meters is null)
            return;

        _meters = Array.ConvertAll(_meters, Anew);
        TellWall(wall, now);
        long requests = 0, input = 0, recent = 0;
        foreach (var use in before.Uses)
        {
            var at = use.Tick ?? now - Math.Max(0, (wall - use.At).Ticks * 100);   // a clock that was set back since: as if just now
            (requests, input) = (requests + use.Requests, input + use.InputTokens);
            recent += at > now - Span ? use.Requests : 0;
            foreach (var meter in _meters)
            {
                if (Counts(meter, use))
                    meter.Recall(AmountOf(meter.Quota, use.Requests, use.InputTokens, use.OutputTokens), at, use.At, wall, now);
            }
        }

        recent += before.Unknown.Sum(unknown => unknown.At > now - Span ? unknown.Requests : 0);
        if (!before.IsComplete && _window.Counting(now).Length - recent is > 0 and var unrecorded)
        {
            var mean = input / Math.Max(1, requests);
            AssumeUnknown(new UnknownUse(now, wall, unrecorded, unrecorded * (mean + UnknownAnswer)), wall, now);
        }

        foreach (var unknown in before.Unknown)
            AssumeUnknown(unknown, wall, now);

        AssumeRunning(before.Running);
        _assumed = _meters.Where(meter => meter.Quota.Dimension is not QuotaDimension.Concurrent).ToDictionary(meter => meter, meter => meter.Held(now));
    }

    private static bool Counts(QuotaMeter meter, in PastUse use) => use.Breadth switch
    {
        UseBreadth.ModelOnly => meter.Quota.Model == use.Model && meter.Counts(new QueryNeed(use.Model, 0, 0, use.Source)),
        UseBreadth.AnyModel => meter.Counts(new QueryNeed(meter.Quota.Model, 0, 0, use.Source)),
        _ => meter.Counts(new QueryNeed(use.Model, 0, 0, use.Source)),
    };

    private void AssumeUnknown(in UnknownUse unknown, DateTimeOffset wall, long now)
    {
        foreach (var meter in _meters!)
        {
            var amount = meter.Quota.Dimension switch
            {
                QuotaDimension.Requests => unknown.Requests,
                QuotaDimension.Concurrent => 0,
                _ => unknown.Tokens,
            };
            if (unknown.IsLast && amount > 0 && meter.Quota is { Zone: null, Seconds: <= LongestForgetful })
                amount = meter.Quota.Limit;

            meter.Recall(Math.Min(amount, meter.Quota.Limit), unknown.At, unknown.WallAt, wall, now);
        }
    }

    private void AssumeRunning(IReadOnlyList<LeftRunning> running)
    {
        foreach (var meter in _meters!)
        {
            foreach (var left in meter is ConcurrencyMeter ? running : [])
            {
                if (left.IsUnknown || meter.Counts(new QueryNeed(left.Model, 0, 0, left.Source)))
                    ((ConcurrencyMeter)meter).AssumeRunning(left.Count, left.Until);
            }
        }
    }

    private static long AmountOf(Quota quota, long requests, long input, long output) => quota.Dimension switch
    {
        QuotaDimension.Requests => requests,
        QuotaDimension.Concurrent => 0,
        _ => quota.AmountOf(new QueryNeed(null, input, output)),
    };
}
