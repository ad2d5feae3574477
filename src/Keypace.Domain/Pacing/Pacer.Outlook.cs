using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>What a pacer can say without changing anything.</summary>
public sealed partial class Pacer
{
    public RateLimit Limit => _window.Limit;

    /// <summary>In ticks.</summary>
    public long Guard => _window.Guard;

    /// <summary>How long a send counts, in ticks.</summary>
    public long Span => _window.Span;

    public int Waiting => _line?.Count ?? 0;

    /// <summary>Permits granted and neither sent nor returned; never ended by time.</summary>
    public int Outstanding => _window.Outstanding;

    /// <summary>Tick of the newest send; <see cref="long.MinValue"/> without one.</summary>
    public long LastSent => _window.LastSent;

    /// <summary>
    /// Where such an arrival would stand now, and when it would start; <see cref="long.MaxValue"/> when it needs more than a quota allows.
    /// </summary>
    public (int Position, long ExpectedStart) Expect(in Arrival arrival, long now)
    {
        return _meters is not null && TooSmallFor(arrival.Need) is not null
            ? (Waiting == 0 ? 0 : Line.PositionOf(arrival), long.MaxValue)
            : Foresee(arrival, IsPlain ? null : ClaimsOf(arrival.Need), now);
    }

    /// <summary>
    /// The tick at which <see cref="Advance"/> has something to do if nothing happens before; <see cref="long.MaxValue"/> for never.
    /// </summary>
    public long NextEvent(long now)
    {
        if (Waiting == 0)
            return long.MaxValue;

        var grant = IsHeldBack(now) ? long.MaxValue : Math.Max(_window.NextFree(now), PausedUntil);
        if (_lines is not null && grant < long.MaxValue)
            grant = Math.Max(grant, WhenQuotasAllowAny(now));

        return Math.Min(Math.Min(grant, _deadlines.Next()), NextNear(now));
    }

    /// <summary>
    /// The window has a permit for somebody who waits, and only <see cref="GrantUntil"/>, <see cref="Allowance"/> or
    /// <see cref="TokenAllowance"/> is in the way.
    /// </summary>
    public bool IsHeldBack(long now) =>
        Waiting > 0 && (now >= GrantUntil || Allowance <= 0 || IsShortOfTokens) && now >= PausedUntil && _window.IsFree(now)
        && (_lines is null || FirstAllowed(now) is not null);

    /// <summary>Permits free now.</summary>
    public int Remaining(long now) => now < PausedUntil ? 0 : Math.Max(0, _window.FreeBy(now) - Waiting);

    /// <summary>Sends that count now, permits that are out included.</summary>
    public int Used(long now) => _window.Limit.Count - _window.FreeBy(now);

    /// <summary>All that wait, in the order in which they go if nothing else happens.</summary>
    public IEnumerable<Ticket> InOrder() => _line?.InOrder() ?? [];

    /// <summary>When the query after <paramref name="position"/> others starts as far as the rate limit and pauses are concerned.</summary>
    public long ExpectedStart(int position, long now) => _window.Expected(position, now, PausedUntil);

    /// <summary>The stamps that count now, oldest first.</summary>
    public long[] Counting(long now) => _window.Counting(now);

    /// <summary>Nothing waits, is out, counts or is paused, no burst was learned: a new pacer would do the same once nothing runs.</summary>
    public bool IsIdle(long now) =>
        Waiting == 0 && _window.IsEmptyAt(now) && now >= PausedUntil && AreQuotasIdle(now) && !IsAnyPartPaused(now)
        && LearnedBursts is null && !IsAsking;

    private long NextNear(long now)
    {
        if (_near >= Waiting)
            return long.MaxValue;

        if (_lines is not null)
        {
            FirstAllowed(now);   // which lines are closed until when
        }

        var next = Math.Max(_window.Expected(_near, now, PausedUntil) - NearAhead, _nextNear);
        if (_lines is not null && _near >= _lines.WaitingBy(now + NearAhead))
            next = _lines.NextOpenAfter(now + NearAhead) is < long.MaxValue and var open ? Math.Max(next, open - NearAhead) : long.MaxValue;

        return Math.Max(now, next);
    }
}
