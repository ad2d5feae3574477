using System.Diagnostics.CodeAnalysis;

namespace Keypace.Domain.Pacing;

/// <summary>Several limits at once: a query goes when all of them allow it.</summary>
public sealed partial class Pacer
{
    /// <summary>
    /// Queries that may go before one that waits for a quota although they came later and draw on that quota. Then it is kept for it.
    /// </summary>
    public const int MostPasses = 8;

    /// <summary>How far down the line somebody is looked for who may go while the first wait for quotas.</summary>
    private const int LookAhead = 128;

    private List<(Ticket Ticket, QuotaMeter Meter)>? _blocked;   // scratch; most pacers never need it
    private QuotaMeter[]? _meters;   // null: no quotas, which costs nothing

    private List<(Ticket Ticket, QuotaMeter Meter)> Blocked => _blocked ??= [];

    /// <summary>The limits beside the rate limit.</summary>
    public IReadOnlyList<Quota> Quotas => _meters is null ? [] : Array.ConvertAll(_meters, meter => meter.Quota);

    /// <summary>A calendar quota needs <see cref="TellWall"/> before each step.</summary>
    public bool NeedsWall { get; private set; }

    /// <summary>
    /// Rules from now on, for those in line too; those among them who need more than a limit allows at all go first when it is whole. What was
    /// counted stays where only the number changed; requests by interval begin with the sends that are known.
    /// </summary>
    /// <exception cref="ArgumentException">One is not within bounds (<see cref="Quota.Fault"/>).</exception>
    public void ChangeQuotas(IReadOnlyList<Quota> quotas, DateTimeOffset wall, long now)
    {
        var meters = new QuotaMeter[quotas.Count];
        for (var i = 0; i < meters.Length; i++)
        {
            if (quotas[i].Fault() is { } fault)
            {
                throw new ArgumentException(fault, nameof(quotas));
            }

            meters[i] = Array.Find(_meters ?? [], meter => meter.Quota.CountsLike(quotas[i])) ?? NewMeter(quotas[i], now);
            meters[i].Quota = quotas[i];
        }

        _meters = meters.Length == 0 ? null : meters;
        NeedsWall = Array.Exists(meters, meter => meter is CalendarMeter);
        CountsTokens = Array.Exists(meters, meter => meter.Quota.CountsTokens);
        TokensWanted = 0;
        TellWall(wall, now);
        foreach (var ticket in InOrder())
        {
            (ticket.Claims, ticket.BoundBy) = (ClaimsOf(ticket.Need), null);
        }
    }

    /// <summary>The wall clock, for quotas by calendar day; read when a day begins.</summary>
    public void TellWall(DateTimeOffset wall, long now)
    {
        foreach (var meter in NeedsWall ? _meters! : [])
        {
            (meter as CalendarMeter)?.Tell(wall, now);
        }
    }

    /// <summary>
    /// What a query really used is known. Once for a ticket; also for one whose send was refused, with zeros. Does nothing without quotas of
    /// tokens, or when it was never sent.
    /// </summary>
    [SuppressMessage("Performance", "CA1822", Justification = "An event of this pacer, like the others.")]
    public void Settle(Ticket ticket, long inputTokens, long outputTokens, long now)
    {
        if (ticket.Claims is not { } claims || ticket.State != TicketState.Sent)
        {
            return;
        }

        var used = new QueryNeed(null, Math.Max(0, inputTokens), Math.Max(0, outputTokens));
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

    /// <summary>A query that was sent has ended, well or not: it no longer counts as concurrent. Once for a ticket.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "An event of this pacer, like the others.")]
    public void Ended(Ticket ticket)
    {
        if (ticket.State == TicketState.Sent && ticket.Claims is { } claims)
        {
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

    private QuotaMeter NewMeter(Quota quota, long now)
    {
        var meter = QuotaMeter.Of(quota, Guard);
        if (quota is { Dimension: QuotaDimension.Requests, Zone: null, Model: null })
        {
            foreach (var stamp in _window.Counting(now))
            {
                meter.Assume(1, stamp);
            }
        }

        return meter;
    }

    private bool TryClaim(Ticket ticket, in QueryNeed need)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(need.InputTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(need.OutputTokens);
        ticket.BoundBy = TooSmallFor(need);
        if (ticket.BoundBy is not null)
        {
            return false;
        }

        ticket.Claims = ClaimsOf(need);
        return true;
    }

    private Quota? TooSmallFor(in QueryNeed need)
    {
        foreach (var meter in _meters ?? [])
        {
            if (meter.Counts(need) && meter.Quota.AmountOf(need) > meter.Quota.Limit)
            {
                return meter.Quota;
            }
        }

        return null;
    }

    private QuotaClaim[]? ClaimsOf(in QueryNeed need)
    {
        var gate = GateOf(need.Source);
        var count = gate is null ? 0 : 1;
        foreach (var meter in _meters ?? [])
        {
            count += meter.Counts(need) ? 1 : 0;
        }

        if (count == 0)
        {
            return null;
        }

        var claims = new QuotaClaim[count];
        foreach (var meter in _meters ?? [])
        {
            if (meter.Counts(need))
            {
                claims[--count] = new QuotaClaim { Meter = meter, Amount = meter.Quota.AmountOf(need) };
            }
        }

        if (gate is not null)
        {
            claims[0] = new QuotaClaim { Meter = gate, Amount = 0 };
        }

        return claims;
    }

    private static void ReserveClaims(Ticket ticket)
    {
        ticket.BoundBy = null;
        foreach (ref var claim in ticket.Claims.AsSpan())
        {
            claim.Meter.Reserve(claim.Amount);
        }
    }

    private static void ReturnClaims(Ticket ticket)
    {
        foreach (ref var claim in ticket.Claims.AsSpan())
        {
            claim.Meter.Return(claim.Amount);
        }
    }

    private static void SendClaims(Ticket ticket, long at)
    {
        foreach (ref var claim in ticket.Claims.AsSpan())
        {
            claim.Mark = claim.Meter.Sent(claim.Amount, at);
        }
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
