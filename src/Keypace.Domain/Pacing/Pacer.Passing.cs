namespace Keypace.Domain.Pacing;

/// <summary>Who goes while others wait for a quota or a pause of their source or model.</summary>
public sealed partial class Pacer
{
    private LimitLines? _lines;   // null while only the rate limit can be in the way of anybody in line

    /// <summary>The first of its limits that does not allow it now.</summary>
    private QuotaMeter? Blocking(Ticket ticket, long now, bool isForeseen = false)
    {
        if (_gates is not null && GateOn(ticket.Need) is { } gate && !gate.Allows(0, now))
            return gate;

        foreach (ref var claim in ticket.Claims.AsSpan())
        {
            var amount = ClampedAmount(claim);
            if (isForeseen ? !claim.Meter.AllowsForeseen(amount, now) : !claim.Meter.Allows(amount, now))
                return claim.Meter;
        }

        return null;
    }

    private Ticket? FirstAllowed(long now) => FirstAllowed(_line!, _lines!, now);

    /// <summary>The first in line that all its limits allow now; null when there is none.</summary>
    private Ticket? FirstAllowed(FairQueue line, LimitLines lines, long now)
    {
        lines.OpenDue(now);
        while (line.First(lines.Open) is { } ticket)
        {
            if (Blocking(ticket, now, lines.IsForeseen) is { } meter)
            {
                ticket.BoundBy = meter.BoundQuota;
                lines.Close(ticket, meter, AmountOn(ticket.Claims, meter), now);
            }
            else if (!lines.IsKept(ticket))
            {
                return ticket;
            }
        }

        return null;
    }

    private Ticket? TakeAllowed(long now)
    {
        TokensWanted = 0;
        if (FirstAllowed(now) is not { } ticket || !TokensAllow(ticket))
        {
            return null;   // short of what is noted only for moments: the next block is being written
        }

        _lines!.Pass(ticket);
        _line!.Serve(ticket);
        return ticket;
    }

    /// <summary>The tick from which somebody in line may go as far as quotas are concerned, <paramref name="now"/> or later.</summary>
    private long WhenQuotasAllowAny(long now) => FirstAllowed(now) is null ? Math.Max(now, _lines!.NextOpen) : now;

    private void EnterLine(Ticket ticket, in Arrival arrival, long now)
    {
        if (_lines is null && !IsPlain)
            Reline();

        _lines?.Enter(ticket);
        Line.Enqueue(ticket, arrival);
        if (_lines is not null && !_lines.Open.Has(ticket.Line) && Blocking(ticket, now) is null)
        {
            _lines.Recheck(ticket);   // smaller than the first of its line
        }
    }

    /// <summary>Meters or gates are others: everybody in line, and each line, is looked at anew.</summary>
    private void Reclaim()
    {
        foreach (var ticket in InOrder())
            (ticket.Claims, ticket.BoundBy) = (ClaimsOf(ticket.Need), null);

        Reline();
    }

    private void Reline()
    {
        var lines = _lines = IsPlain ? null : new LimitLines(IsAnyModelHeld);
        foreach (var meter in _meters ?? [])
            (meter.Queued, meter.Queuing) = (0, 0);

        _line?.Reline(ticket =>
        {
            var passed = ticket.Passed;
            (ticket.Limits, ticket.Line, ticket.PassesBefore) = (null, 0, passed);
            if (lines is not null)
                lines.Enter(ticket, passed);
        });
    }
}
