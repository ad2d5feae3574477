namespace Keypace.Domain.Pacing;

/// <summary>Several limits at once: a query goes when all of them allow it.</summary>
public sealed partial class Pacer
{
    /// <summary>
    /// Queries that may go before one that waits for a quota although they came later and draw on that quota. Then it is kept for it.
    /// </summary>
    public const int MostPasses = 8;

    private QuotaMeter[]? _meters;   // null: no quotas, which costs nothing


    /// <summary>A calendar quota needs <see cref="TellWall"/> before each step.</summary>
    public bool NeedsWall { get; private set; }

    /// <summary>The wall clock, for quotas by calendar day; read when a day begins.</summary>
    public void TellWall(DateTimeOffset wall, long now)
    {
        foreach (var meter in NeedsWall ? _meters! : [])
        {
            if ((meter as CalendarMeter)?.Tell(wall, now) == true)
                _lines?.Stir(meter);
        }
    }

    /// <summary>
    /// What a query really used is known. Once for a ticket; also for one whose send was refused, with zeros. Does nothing without quotas of
    /// tokens, or when it was never sent.
    /// </summary>
    public void Settle(Ticket ticket, long inputTokens, long outputTokens, long now)
    {
        if (ticket.State != TicketState.Sent)
            return;

        var used = ticket.Need with { InputTokens = Math.Max(0, inputTokens), OutputTokens = Math.Max(0, outputTokens) };
        (ticket.Need, ticket.IsSettled) = (used, true);
        if (ticket.Claims is not { } claims)
            return;

        _lines?.Stir(claims);
        for (var i = 0; i < claims.Length; i++)
        {
            ref var claim = ref claims[i];
            if (claim.Meter.Quota.CountsTokens)
            {
                var amount = Math.Min(claim.Meter.Quota.AmountOf(used), Quota.MostLimit);
                claim.Meter.Settle(claim.Mark, claim.Amount, amount, now);
                claim.Amount = amount;
            }
        }
    }

    /// <summary>A query that was sent has ended, well or not: it no longer counts as concurrent. In the end, for every query that was sent.</summary>
    public void Ended(Ticket ticket)
    {
        if (ticket.State == TicketState.Sent)
            _running.Remove(ticket);

        if (ticket.State == TicketState.Sent && ticket.Claims is { } claims)
        {
            _lines?.Stir(claims);
            foreach (ref var claim in claims.AsSpan())
            {
                if (!claim.IsEnded)
                {
                    claim.IsEnded = true;
                    claim.Meter.Ended();
                }
            }
        }
    }

    /// <summary>Somebody holds a permit, or was sent and has not ended.</summary>
    public bool IsAnyRunning => !_running.IsEmpty;

    private bool TryClaim(Ticket ticket, in QueryNeed need)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(need.InputTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(need.OutputTokens);
        ticket.BoundBy = TooSmallFor(need);
        if (ticket.BoundBy is not null)
            return false;

        ticket.Claims = ClaimsOf(need);
        return true;
    }

    private Quota? TooSmallFor(in QueryNeed need)
    {
        foreach (var meter in _meters ?? [])
        {
            if (meter.Counts(need) && meter.Quota.AmountOf(need) > meter.Quota.Limit)
                return meter.Quota;
        }

        return null;
    }

    private QuotaClaim[]? ClaimsOf(in QueryNeed need)
    {
        var count = 0;
        foreach (var meter in _meters ?? [])
            count += meter.Counts(need) ? 1 : 0;

        if (count == 0)
            return null;

        var claims = new QuotaClaim[count];
        foreach (var meter in _meters ?? [])
        {
            if (meter.Counts(need))
                claims[--count] = new QuotaClaim { Meter = meter, Amount = meter.Quota.AmountOf(need) };
        }

        return claims;
    }

    private static void ReserveClaims(Ticket ticket)
    {
        ticket.BoundBy = null;
        foreach (ref var claim in ticket.Claims.AsSpan())
            claim.Meter.Reserve(claim.Amount);
    }

    private static void ReturnClaims(Ticket ticket)
    {
        foreach (ref var claim in ticket.Claims.AsSpan())
            claim.Meter.Return(claim.Amount);
    }

    private static void SendClaims(Ticket ticket, long at)
    {
        foreach (ref var claim in ticket.Claims.AsSpan())
            claim.Mark = claim.Meter.Sent(claim.Amount, at);
    }
}

/// <summary>What one query takes of one quota.</summary>
internal struct QuotaClaim
{
    public required QuotaMeter Meter { get; init; }

    public long Amount { get; set; }

    /// <summary>Where it was stamped.</summary>
    public long Mark { get; set; }

    public bool IsEnded { get; set; }
}
