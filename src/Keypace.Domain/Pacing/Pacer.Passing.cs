namespace Keypace.Domain.Pacing;

/// <summary>Who goes while somebody in front waits for a quota.</summary>
public sealed partial class Pacer
{
    private static bool QuotasAllow(Ticket ticket, long now) => Blocking(ticket, now) is null;

    /// <summary>The first of its quotas that does not allow it now.</summary>
    private static QuotaMeter? Blocking(Ticket ticket, long now)
    {
        foreach (ref var claim in ticket.Claims.AsSpan())
        {
            if (!claim.Meter.Allows(ClampedAmount(claim), now))
            {
                return claim.Meter;
            }
        }

        return null;
    }

    /// <summary>Takes the first out of the line that its quotas allow; null when there is none as far as one looks.</summary>
    private Ticket? TakeAllowed(long now)
    {
        TokensWanted = 0;
        if (_line?.Peek() is { } head && QuotasAllow(head, now))
        {
            return TokensAllow(head) ? _line?.Dequeue() : null;
        }

        Blocked.Clear();
        var looked = 0;
        foreach (var ticket in InOrder())
        {
            if (++looked > LookAhead)
            {
                break;
            }

            if (Blocking(ticket, now) is { } meter)
            {
                ticket.BoundBy = meter.BoundQuota;
                Blocked.Add((ticket, meter));
            }
            else if (!IsKept(ticket))
            {
                if (!TokensAllow(ticket))
                {
                    return null;   // only for moments: the next block is being written
                }

                foreach (var (passed, meterOf) in Blocked)
                {
                    passed.Passed += DrawsOn(ticket, meterOf) ? 1 : 0;
                }

                Line.Remove(ticket);
                return ticket;
            }
        }

        return null;
    }

    /// <summary>What it draws on is kept for one before it that was passed often enough.</summary>
    private bool IsKept(Ticket ticket)
    {
        foreach (var (blocked, meter) in Blocked)
        {
            if (blocked.Passed >= MostPasses && DrawsOn(ticket, meter))
            {
                return true;
            }
        }

        return false;
    }

    private static bool DrawsOn(Ticket ticket, QuotaMeter meter)
    {
        foreach (ref var claim in ticket.Claims.AsSpan())
        {
            if (ReferenceEquals(claim.Meter, meter))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The tick from which somebody in line may go as far as quotas are concerned, <paramref name="now"/> or later.</summary>
    private long WhenQuotasAllowAny(long now)
    {
        var soonest = long.MaxValue;
        Blocked.Clear();
        var looked = 0;
        foreach (var ticket in InOrder())
        {
            if (++looked > LookAhead || soonest <= now)
            {
                break;
            }

            if (!IsKept(ticket))
            {
                soonest = Math.Min(soonest, WhenAllowed(ticket.Claims, now));
            }

            if (Blocking(ticket, now) is { } meter)
            {
                Blocked.Add((ticket, meter));
                if (ticket.Passed >= MostPasses)
                {
                    // When this quota has room for it and another one blocks it instead, this one is kept no longer.
                    soonest = Math.Min(soonest, meter.Earliest(AmountOn(ticket.Claims, meter), now));
                }
            }
        }

        return soonest;
    }

    private static long WhenAllowed(QuotaClaim[]? claims, long now)
    {
        var when = now;
        foreach (ref var claim in claims.AsSpan())
        {
            when = Math.Max(when, claim.Meter.Earliest(ClampedAmount(claim), now));
        }

        return when;
    }
}
