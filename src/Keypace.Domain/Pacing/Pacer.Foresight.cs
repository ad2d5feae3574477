namespace Keypace.Domain.Pacing;

/// <summary>When the turn of somebody comes, with all limits.</summary>
public sealed partial class Pacer
{
    /// <summary>Those before somebody are played one by one up to this many; the rest as if they used as much on average.</summary>
    private const int PlayedOut = 256;

    private List<long>? _starts;   // scratch; most pacers never need it

    private List<long> Starts => _starts ??= [];

    /// <summary>
    /// The latest of what each limit says, where it can be known: how long running queries take cannot. Exact when nobody cancels, passes or
    /// uses other than estimated, for the first <see cref="PlayedOut"/> in line; <see cref="long.MaxValue"/> when nobody can know.
    /// </summary>
    private long Foresee(int position, QuotaClaim[]? claims, long now) =>
        claims is null ? _window.Expected(position, now, PausedUntil) : ForeseeWithQuotas(position, claims, now);

    private long ForeseeWithQuotas(int position, QuotaClaim[] claims, long now)
    {
        foreach (var meter in _meters ?? [])
        {
            meter.BeginForesight(now);
        }

        Starts.Clear();
        var sums = new long[claims.Length];
        foreach (var ticket in InOrder())
        {
            if (Starts.Count == position || Starts.Count == PlayedOut)
            {
                break;
            }

            Play(ticket.Claims, now);
            for (var i = 0; i < claims.Length; i++)
            {
                sums[i] += AmountOn(ticket.Claims, claims[i].Meter);
            }
        }

        var rest = position - Starts.Count;
        if (rest == 0)
        {
            return Play(claims, now);
        }

        var latest = _window.Expected(position, now, PausedUntil);
        for (var i = 0; i < claims.Length; i++)
        {
            var (meter, at) = (claims[i].Meter, Starts[^1]);
            if (meter is ConcurrencyMeter)
            {
                continue;
            }

            // Each whole limit that goes before takes one interval.
            var more = (Int128)sums[i] * rest / PlayedOut * (meter.UntilOf(at) - at) / meter.Quota.Limit;
            latest = Math.Max(latest, more >= long.MaxValue - at ? long.MaxValue : at + (long)more);
        }

        return latest;
    }

    /// <summary>One more goes when the window and all its quotas let it.</summary>
    private long Play(QuotaClaim[]? claims, long now)
    {
        var at = Math.Max(PausedUntil, _window.AllowsAfter(Starts, now));
        foreach (ref var claim in claims.AsSpan())
        {
            at = claim.Meter is ConcurrencyMeter ? at : claim.Meter.Foresee(ClampedAmount(claim), at);
        }

        foreach (ref var claim in claims.AsSpan())
        {
            if (claim.Meter is not ConcurrencyMeter)
            {
                claim.Meter.ForeseeSent(ClampedAmount(claim), at);
            }
        }

        Starts.Add(at);
        return at;
    }

    private static long AmountOn(QuotaClaim[]? claims, QuotaMeter meter)
    {
        foreach (ref var claim in claims.AsSpan())
        {
            if (ReferenceEquals(claim.Meter, meter))
            {
                return ClampedAmount(claim);
            }
        }

        return 0;
    }

    /// <summary>One larger than its limit, which was lowered since, goes when that is whole.</summary>
    private static long ClampedAmount(in QuotaClaim claim) => Math.Min(claim.Amount, claim.Meter.Quota.Limit);
}
