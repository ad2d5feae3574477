namespace Keypace.Domain.Pacing;

/// <summary>When the turn of somebody comes, with all limits.</summary>
public sealed partial class Pacer
{
    /// <summary>Those before somebody are played one by one up to this many; the rest as if they used as much on average.</summary>
    private const int PlayedOut = 256;

    private readonly Queue<(long Until, long Amount)> _leaving = new();

    /// <summary>
    /// The latest of what each limit says, where it can be known: how long running queries take cannot. Exact when nobody cancels, passes or
    /// uses other than estimated, for the first <see cref="PlayedOut"/> in line.
    /// </summary>
    private long Foresee(int position, QuotaClaim[]? claims, long now)
    {
        var start = _window.Expected(position, now, PausedUntil);
        foreach (ref var claim in claims.AsSpan())
        {
            if (claim.Meter is not ConcurrencyMeter)
            {
                start = Math.Max(start, ForeseeBy(claim, position, now));
            }
        }

        return start;
    }

    /// <summary>Plays one quota forward: each that goes before takes its amount when the window and the quota let it.</summary>
    private long ForeseeBy(in QuotaClaim own, int position, long now)
    {
        var meter = own.Meter;
        _leaving.Clear();
        foreach (var counting in meter.Counting(now))
        {
            _leaving.Enqueue(counting);
        }

        var used = meter.Used(now);
        if (meter.Reserved > 0)
        {
            _leaving.Enqueue((meter.UntilOf(now), meter.Reserved));
        }

        var (at, index, sum) = (now, 0, 0L);
        foreach (var ticket in _queue.InOrder())
        {
            if (index == position || index == PlayedOut)
            {
                break;
            }

            var amount = AmountOn(ticket, meter);
            if (amount > 0)
            {
                at = Math.Max(at, _window.Expected(index, now, PausedUntil));
                Leave(ref used, ref at, amount);
                if (at == long.MaxValue)
                {
                    return at;
                }

                used += amount;
                sum += amount;
                _leaving.Enqueue((meter.UntilOf(at), amount));
            }

            index++;
        }

        if (index < position)
        {
            // Each whole limit that goes before takes one interval.
            var rest = (Int128)sum * (position - index) / index;
            at = AddSaturating(at, rest * (meter.UntilOf(at) - at) / meter.Quota.Limit);
        }

        Leave(ref used, ref at, Math.Min(own.Amount, meter.Quota.Limit));
        return at;

        void Leave(ref long used, ref long at, long amount)
        {
            while (used + amount > meter.Quota.Limit && _leaving.TryDequeue(out var first))
            {
                used -= first.Amount;
                at = Math.Max(at, first.Until);
            }
        }
    }

    private static long AmountOn(Ticket ticket, QuotaMeter meter)
    {
        foreach (ref var claim in ticket.Claims.AsSpan())
        {
            if (ReferenceEquals(claim.Meter, meter))
            {
                return Math.Min(claim.Amount, meter.Quota.Limit);
            }
        }

        return 0;
    }

    private static long AddSaturating(long tick, Int128 more) => more >= long.MaxValue - tick ? long.MaxValue : tick + (long)more;
}
