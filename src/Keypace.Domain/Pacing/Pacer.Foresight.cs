namespace Keypace.Domain.Pacing;

/// <summary>When the turn of somebody comes, with all limits.</summary>
public sealed partial class Pacer
{
    /// <summary>Up to so many in line what is to come is played; with more it is reckoned from what they need together.</summary>
    public const int PlayedOut = 64;

    /// <summary>
    /// How many go before such an arrival, and when it starts, as far as that can be known: how long running queries take cannot. Exact with the rate
    /// limit alone; with other limits exact up to <see cref="PlayedOut"/> in line when nobody comes, cancels or uses other than estimated.
    /// <see cref="long.MaxValue"/> when nobody can know.
    /// </summary>
    private (int Position, long Start) Foresee(in Arrival arrival, QuotaClaim[]? claims, long now)
    {
        if (!IsPlain && Waiting <= PlayedOut)
        {
            var play = new LinePlay(this, now);
            return play.Run(play.Enter(arrival, claims));
        }

        var position = Waiting == 0 ? 0 : Line.PositionOf(arrival);
        return IsPlain || _lines is null ? (position, _window.Expected(position, now, PausedUntil)) : Reckon(position, arrival, claims, now);
    }

    /// <summary>When the first of those in line goes, whoever it is then.</summary>
    private long FirstStart(long now)
    {
        var play = new LinePlay(this, now);
        return play.Next() is null ? long.MaxValue : play.At;
    }

    /// <summary>As if those in line needed all the same of each limit.</summary>
    private (int Position, long Start) Reckon(int position, in Arrival arrival, QuotaClaim[]? claims, long now)
    {
        var at = GateOn(arrival.Need) is { } gate ? Math.Max(now, gate.Until) : now;
        foreach (ref var claim in claims.AsSpan())
        {
            var before = claim.Meter.Queuing == 0 ? 0 : (long)((Int128)claim.Meter.Queued * Math.Min(position, claim.Meter.Queuing) / claim.Meter.Queuing);
            at = Math.Max(at, claim.Meter.EarliestAfter(before, ClampedAmount(claim), now));
        }

        // Those whose limit has room only later do not go before it.
        position = Math.Min(position, _lines!.WaitingBy(at));
        return (position, Math.Max(at, _window.Expected(position, now, PausedUntil)));
    }

    private static long AmountOn(QuotaClaim[]? claims, QuotaMeter meter)
    {
        foreach (ref var claim in claims.AsSpan())
        {
            if (ReferenceEquals(claim.Meter, meter))
                return ClampedAmount(claim);
        }

        return 0;
    }

    /// <summary>One larger than its limit, which was lowered since, goes when that is whole.</summary>
    private static long ClampedAmount(in QuotaClaim claim) => Math.Min(claim.Amount, claim.Meter.Quota.Limit);
}
