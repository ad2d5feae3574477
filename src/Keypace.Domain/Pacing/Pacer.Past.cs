namespace Keypace.Domain.Pacing;

/// <summary>What counts of the time before this pacer was made.</summary>
public sealed partial class Pacer
{
    /// <summary>
    /// Counts in the quotas what was used before this pacer was made; once, before anybody asks. Sends that the rate limit's window knows and of which there is no
    /// record yet count as well, with the mean of the recorded tokens.
    /// </summary>
    /// <param name="uses">Records, oldest first. Those that the window still counts tell their exact time.</param>
    /// <param name="wall">The wall clock at <paramref name="now"/>.</param>
    /// <param name="now">Ticks.</param>
    public void AssumeUsed(IReadOnlyList<PastUse> uses, DateTimeOffset wall, long now)
    {
        if (_meters is null)
        {
            return;
        }

        _meters = Array.ConvertAll(_meters, meter => QuotaMeter.Of(meter.Quota, Guard));
        TellWall(wall, now);
        long requests = 0, input = 0, output = 0, recent = 0;
        foreach (var use in uses)
        {
            var at = now - Math.Max(0, (wall - use.At).Ticks * 100);   // a clock that was set back since: as if just now
            (requests, input, output) = (requests + use.Requests, input + use.InputTokens, output + use.OutputTokens);
            recent += at > now - Span ? use.Requests : 0;
            foreach (var meter in _meters)
            {
                if (meter.Counts(new QueryNeed(use.Model, 0, 0)))
                {
                    meter.Recall(AmountOf(meter.Quota, use.Requests, use.InputTokens, use.OutputTokens), at, use.At, wall, now);
                }
            }
        }

        var unrecorded = _window.Counting(now).Length - recent;
        var share = (double)unrecorded / Math.Max(1, requests);
        foreach (var meter in unrecorded > 0 ? _meters : [])
        {
            meter.Assume(AmountOf(meter.Quota, unrecorded, (long)Math.Ceiling(input * share), (long)Math.Ceiling(output * share)), now);
        }
    }

    private static long AmountOf(Quota quota, long requests, long input, long output) => quota.Dimension switch
    {
        QuotaDimension.Requests => requests,
        QuotaDimension.Concurrent => 0,
        _ => quota.AmountOf(new QueryNeed(null, input, output)),
    };
}
