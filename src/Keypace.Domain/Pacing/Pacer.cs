using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>
/// Grants the permits of one rate group: never more than N sends in any half-open window of T, in fair order, as soon as the window allows.
/// A state machine without a clock: ticks are nanoseconds of a monotonic clock, <c>now</c> is an argument and never goes back. Not
/// thread-safe: its host holds a lock, calls <see cref="Advance"/> after an event while somebody waits, and wakes at
/// <see cref="NextEvent"/>.
/// </summary>
public sealed partial class Pacer
{
    /// <summary>A ticket whose permit is less than this away is near: enough for name lookup, TCP and TLS to a far hub.</summary>
    public const long NearAhead = SendWindow.Second;

    /// <summary>Near tickets are looked for at most this often, because each time walks the head of the line.</summary>
    private const long NearEvery = SendWindow.Second / 10;

    /// <summary>The largest share of an access token; the smallest is 1.</summary>
    public const int MostWeight = 100;

    private readonly SendWindow _window;
    private FairQueue? _line;   // half of a pacer's memory: made when first somebody waits
    private Deadlines _deadlines;
    private readonly QueueBounds _bounds;
    private readonly RunningTickets _running = new();
    private long _order;
    private long _nextNear = long.MinValue;
    private int _near;   // tickets at the head of the line that have been told; may be too high after others passed them

    /// <param name="limit">N and T, within bounds; anything else is a bug and throws.</param>
    /// <param name="guard">Added to T, in ticks; 0 or more.</param>
    /// <param name="bounds">How many may wait.</param>
    public Pacer(RateLimit limit, long guard, QueueBounds bounds)
    {
        _window = new SendWindow(limit, guard);
        _bounds = bounds;
    }

    /// <summary>No permit is granted at or past this tick. The host moves it.</summary>
    public long GrantUntil { get; set; } = long.MaxValue;

    /// <summary>
    /// Permits that may be granted until the host raises this again; <see cref="long.MaxValue"/>: as many as the window allows.
    /// </summary>
    public long Allowance { get; set; } = long.MaxValue;

    /// <summary>No permit before this tick; <see cref="long.MinValue"/> when not paused.</summary>
    public long PausedUntil { get; private set; } = long.MinValue;

    /// <summary>Why it is paused; null when it is not.</summary>
    public string? PausedWhy { get; private set; }

    /// <summary>
    /// A query asks for a permit. Granted at once when nobody waits and a permit is free; else it waits, or is refused with
    /// <see cref="Ticket.Position"/> and <see cref="Ticket.ExpectedStart"/> saying where and when it would have been.
    /// </summary>
    public EntryEnd Enqueue(Ticket ticket, in Arrival arrival, long now)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual((int)ticket.State, (int)TicketState.New);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)(arrival.Weight - 1), (uint)(MostWeight - 1));
        ticket.Order = arrival.Order != 0 ? arrival.Order : _order = Math.Max(_order + 1, now);
        ticket.Need = arrival.Need;
        if (arrival.Need.Source != _onlySource)
            Meet(arrival.Need.Source, now);

        if (_gates is not null)
            DropGates(now);

        if (!IsPlain && !TryClaim(ticket, arrival.Need))
            return EntryEnd.TooLarge;

        if (Waiting == 0 && (!CountsTokens || TokensAllow(ticket)) && MayGrant(now) && (IsPlain || Blocking(ticket, now) is null))
        {
            ticket.ExpectedStart = now;
            Grant(ticket);
            Ask(ticket, now);

            return EntryEnd.Granted;
        }

        (ticket.Position, ticket.ExpectedStart) = Foresee(arrival, ticket.Claims, now);
        var blocking = IsPlain ? null : Blocking(ticket, now);
        ticket.BoundBy = blocking?.BoundQuota;
        if (blocking is ConcurrencyMeter && ticket.ExpectedStart <= arrival.Latest)
        {
            // When one of those that run ends, nobody knows: not now, and perhaps not in time.
            ticket.ExpectedStart = arrival.Latest <= now ? long.MaxValue : ticket.ExpectedStart;
        }

        if (Refuse(arrival, ticket.ExpectedStart) is { } refused)
            return refused;

        ticket.TokenId = arrival.TokenId;
        ticket.Caller = arrival.Caller;
        ticket.Deadline = blocking is ConcurrencyMeter ? arrival.Latest : arrival.Deadline;   // no promise is kept by waiting longer
        (ticket.Class, ticket.Weight) = (arrival.Class, arrival.Weight);
        ticket.State = TicketState.Waiting;
        EnterLine(ticket, arrival, now);
        _deadlines.Add(ticket, Waiting);
        if (ticket.ExpectedStart - now < NearAhead)
        {
            ticket.IsNear = true;
            _near++;
        }

        return EntryEnd.Waiting;
    }

    /// <summary>
    /// Grants what is free, ends what is too late, tells who is near; each ticket that changed is added to <paramref name="changed"/>.
    /// </summary>
    public void Advance(long now, ICollection<Ticket> changed)
    {
        if (Waiting == 0)
            return;

        Expire(now, changed);
        while (Waiting > 0 && MayGrant(now))
        {
            if ((_lines is null ? _line?.Dequeue() : TakeAllowed(now)) is not { } ticket)
            {
                break;   // all that wait, as far as one looks, wait for a quota
            }

            LeaveLine(ticket);
            Grant(ticket);
            changed.Add(ticket);
            Ask(ticket, now);
        }

        Expire(now + 1, changed);   // a turn that comes exactly at the deadline is in time
        TellNear(now, changed);
    }

    /// <summary>The bytes of a granted query left at <paramref name="at"/>. Stamps may come late and out of order.</summary>
    public void Sent(Ticket ticket, long at)
    {
        if (ticket.State != TicketState.Granted)
            throw new InvalidOperationException($"A {ticket.State} ticket cannot be sent.");

        ticket.State = TicketState.Sent;
        ticket.SentAt = at;
        _window.Sent(at);
        if (_senders is not null)
            NoteSender(ticket, at);

        if (ticket.Claims is not null)
        {
            EndTokens(ticket, isReturned: false);
            SendClaims(ticket, at);
            _lines?.Moved(ticket.Claims);
        }

        if (_shaper is not null && _shaper.Sent(at))
            ApplyShape();
    }

    /// <summary>Gives a place in line or an unused permit back. False, and nothing changes, when the ticket has neither.</summary>
    public bool GiveBack(Ticket ticket)
    {
        switch (ticket.State)
        {
            case TicketState.Waiting:
                Line.Remove(ticket);
                LeaveLine(ticket);
                ticket.State = TicketState.Cancelled;
                _deadlines.Compact(Waiting);
                return true;
            case TicketState.Granted:
                _window.Return();
                ReturnClaims(ticket);
                EndTokens(ticket, isReturned: true);
                _running.Remove(ticket);
                _lines?.Stir(ticket.Claims);
                Allowance += Allowance < long.MaxValue ? 1 : 0;
                ticket.State = TicketState.Returned;
                AskNoMore(ticket);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Rules from now on, for those in line too.</summary>
    public void ChangeLimit(RateLimit limit, long guard, long now)
    {
        _window.ChangeLimit(limit, guard, now);
        if (_shaper is not null)
        {
            _shaper.ChangeLimit(limit, guard, now);
            ApplyShape();
        }
    }

    /// <summary>No permit before <paramref name="until"/>. Never shortens a pause.</summary>
    public void PauseUntil(long until, string why)
    {
        if (until > PausedUntil)
            (PausedUntil, PausedWhy, PausedFor) = (until, why, null);
    }

    public void Resume() => (PausedUntil, PausedWhy, _askEvery, _asks) = (long.MinValue, null, 0, null);

    /// <summary>Counts sends of before a restart whose number is only known from above.</summary>
    public void AssumeSent(int count, long at) => _window.AssumeSent(count, at);

    /// <summary>How far back all sends are held, in ticks: as far as the longest limit that ruled within the last day needed.</summary>
    public long Reach(long now) => _window.Reach(now);

    /// <summary>All that is held of them, oldest first.</summary>
    public IReadOnlyList<Use> Sends(long now) => _window.Sends(now);

    /// <summary>A longer limit ruled before this pacer was made, or rules a part of what it sends: sends are held as long; <paramref name="reach"/> in ticks.</summary>
    public void RuledBefore(long reach, long now) => _window.RuledBefore(reach, now);

    /// <summary>Counts the sends that a stopped process had saved.</summary>
    public void Restore(ReadOnlySpan<long> stamps) => _window.Restore(stamps);

    private FairQueue Line => _line ??= new();

    private bool MayGrant(long now) => now >= PausedUntil && now < GrantUntil && Allowance > 0 && _window.IsFree(now);

    private void Grant(Ticket ticket)
    {
        _window.Take();
        Allowance -= Allowance < long.MaxValue ? 1 : 0;
        ticket.State = TicketState.Granted;
        _running.Add(ticket);
        if (ticket.Claims is not null)
        {
            ReserveClaims(ticket);
            TakeTokens(ticket);
        }
    }

    private EntryEnd? Refuse(in Arrival arrival, long expected) =>
        arrival.Front ? expected > arrival.Latest ? EntryEnd.TooLate : null
        : Waiting >= _bounds.Queue ? EntryEnd.QueueFull
        : expected > arrival.Latest ? EntryEnd.TooLate
        : Waiting >= _bounds.CallerQueue && Line.CountOf(arrival.TokenId, arrival.Caller) >= _bounds.CallerQueue
            ? EntryEnd.CallerQueueFull
            : null;
}
