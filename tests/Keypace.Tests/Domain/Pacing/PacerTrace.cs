using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>
/// One random life of a pacer: arrivals in bursts, time that jumps to just before, onto and past the interesting ticks, sends that are
/// told late
/// and out of order, cancels, returns, pauses and, if wished, limit changes. Keeps what left, for the checker.
/// </summary>
internal sealed class PacerTrace
{
    private const long Second = SendWindow.Second;

    private readonly Random _chance;
    private readonly RateLimit _limit;
    private readonly bool _limitChanges;
    private readonly Pacer _pacer;
    private readonly List<PlainTicket> _out = [];
    private readonly List<PlainTicket> _waiting = [];
    private readonly List<Departure?> _departures = [];
    private readonly List<(RateLimit Limit, long Guard)> _grantedUnder = [];
    private readonly List<(RateLimit Limit, long Span, long Until)> _older = [];
    private readonly List<long> _forgottenAtGrant = [];
    private readonly List<Ticket> _changed = [];
    private long _forgotten = long.MinValue;
    private long _now;
    private long _next;   // what the host would sleep until

    public PacerTrace(int seed, RateLimit limit, bool limitChanges, double prefill)
    {
        _chance = new Random(seed);
        _limit = limit;
        _limitChanges = limitChanges;
        _now = _chance.NextInt64(0, 1000 * Second);
        _pacer = new Pacer(limit, Guard(), QueueBounds.Default);
        if (prefill > 0)
        {
            var count = Math.Max(1, (int)(limit.Count * prefill));
            _pacer.AssumeSent(count, _now);
            NoteGrant();
            _departures[0] = new Departure(_now, count, limit, long.MinValue);
        }
    }

    public IReadOnlyList<Departure> Departures => [.. _departures.OfType<Departure>()];

    public int Sends { get; private set; }

    public void Run(int steps, int largestBurst)
    {
        for (var step = 0; step < steps; step++)
        {
            Arrive(_chance.Next(4) == 0 ? _chance.Next(largestBurst + 1) : _chance.Next(3));
            Settle();
            Disturb();
            MoveTime();
            Advance();
        }

        Finish();
    }

    private void Arrive(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var token = _chance.Next(3);
            var latest = _chance.Next(10) == 0 ? _now + _chance.NextInt64(0, 3 * _limit.Seconds * Second) : long.MaxValue;
            var ticket = new PlainTicket { Name = _grantedUnder.Count + _waiting.Count };
            var arrival = new Arrival($"t{token}", $"c{_chance.Next(3)}", token + 1, (QueryClass)_chance.Next(3), latest, latest, _chance.Next(20) == 0);
            switch (_pacer.Enqueue(ticket, arrival, _now))
            {
                case EntryEnd.Granted:
                    Granted(ticket);
                    break;
                case EntryEnd.Waiting:
                    _waiting.Add(ticket);
                    break;
                default:
                    Assert.True(latest < long.MaxValue && ticket.ExpectedStart > latest);
                    break;
            }
        }
    }

    /// <summary>Some permits are used, now or at a tick of which we only hear now; some come back; some stay out for long.</summary>
    private void Settle()
    {
        var lazy = _chance.Next(3) == 0;
        for (var i = _out.Count - 1; i >= 0; i--)
        {
            var ticket = _out[i];
            if (lazy && _chance.Next(4) != 0)
                continue;

            _out[i] = _out[^1];
            _out.RemoveAt(_out.Count - 1);
            if (_chance.Next(10) == 0)
            {
                Assert.True(_pacer.GiveBack(ticket));
                continue;
            }

            Send(ticket, _chance.Next(2) == 0 ? _now : _chance.NextInt64(ticket.GrantedAt, _now + 1));
        }
    }

    private void Send(PlainTicket ticket, long at)
    {
        _pacer.Sent(ticket, at);
        _departures[ticket.GrantIndex] = new Departure(at, 1, _grantedUnder[ticket.GrantIndex].Limit, _forgottenAtGrant[ticket.GrantIndex]);
        Sends++;
    }

    private void Disturb()
    {
        if (_waiting.Count > 0 && _chance.Next(4) == 0)
        {
            for (var left = _chance.Next(1 + (_waiting.Count / 4)); left > 0; left--)
            {
                var i = _chance.Next(_waiting.Count);
                _pacer.GiveBack(_waiting[i]);
                _waiting[i] = _waiting[^1];
                _waiting.RemoveAt(_waiting.Count - 1);
            }
        }

        switch (_chance.Next(60))
        {
            case 0:
                _pacer.PauseUntil(_now + _chance.NextInt64(0, _limit.Seconds * Second), "a pause");
                break;
            case 1:
                _pacer.Resume();
                break;
            case < 6 when _limitChanges:
                ChangeLimit();
                break;
        }
    }

    private void ChangeLimit()
    {
        var span = _pacer.Span;
        _older.RemoveAll(older => older.Until <= _now);
        _older.Add((_pacer.Limit, span, _now + span));
        var newest = _older.Max(older => older.Limit.Count);
        var held = 0L;
        _forgotten = Math.Max(_forgotten, _now - _older.Max(older => older.Span));
        foreach (var departure in _departures.OfType<Departure>().OrderByDescending(departure => departure.At))
        {
            held += departure.Count;
            if (held >= newest)
            {
                _forgotten = Math.Max(_forgotten, departure.At);   // only the newest N of the largest limit are held
                break;
            }
        }

        var next = _chance.Next(3) switch
        {
            0 => _limit,
            1 => new RateLimit(1 + _chance.Next(Math.Min(2 * _limit.Count, 500)), _limit.Seconds),
            _ => new RateLimit(1 + _chance.Next(Math.Min(2 * _limit.Count, 500)), 1 + _chance.Next(2 * Math.Min(_limit.Seconds, 40_000))),
        };
        _pacer.ChangeLimit(next, Guard(), _now);
    }

    private void MoveTime()
    {
        var (next, span) = (_pacer.NextEvent(_now), _pacer.Span);
        _next = next;
        _now = _chance.Next(8) switch
        {
            0 => _now,
            1 => _now + 1,
            2 or 3 when next < long.MaxValue => Math.Max(_now, next),
            4 when next < long.MaxValue => Math.Max(_now, next - 1),
            5 => _now + (span / (1 + _pacer.Limit.Count)),
            6 => _pacer.LastSent > long.MinValue ? Math.Max(_now, _pacer.LastSent + span) : _now,
            _ => _now + (_chance.Next(10) == 0 ? _chance.NextInt64(3 * span) : _chance.NextInt64(span / 8)),
        };
    }

    private void Advance()
    {
        _changed.Clear();
        _pacer.Advance(_now, _changed);
        Assert.True(_now >= _next || _changed.Count == 0, "Something happened before it was to be expected: a host would have slept.");
        foreach (var ticket in _changed.Cast<PlainTicket>())
        {
            if (ticket.State == TicketState.Granted)
                Granted(ticket);
        }

        _waiting.RemoveAll(ticket => ticket.State != TicketState.Waiting);
        Assert.Equal(_waiting.Count, _pacer.Waiting);
        Assert.True(_pacer.Waiting == 0 || _pacer.NextEvent(_now) > _now || _pacer.Outstanding >= _pacer.Limit.Count, "A step left something undone.");
    }

    private void Granted(PlainTicket ticket)
    {
        ticket.GrantedAt = _now;
        ticket.GrantIndex = NoteGrant();
        _out.Add(ticket);
    }

    private int NoteGrant()
    {
        _departures.Add(null);
        _grantedUnder.Add((_pacer.Limit, _pacer.Guard));
        _forgottenAtGrant.Add(_forgotten);
        return _departures.Count - 1;
    }

    /// <summary>Every permit is accounted for: after a quiet window all of them are there again.</summary>
    private void Finish()
    {
        foreach (var ticket in _out)
            Send(ticket, _now);

        _waiting.ForEach(ticket => Assert.True(_pacer.GiveBack(ticket)));
        _pacer.Resume();
        Assert.Equal(0, _pacer.Outstanding);
        var slot = _limit.Count > SendWindow.MostExact ? 86_405 * Second / SendWindow.Slots : 0;   // of the longest span that may have ruled
        Assert.Equal(_pacer.Limit.Count, _pacer.Remaining(_now + _pacer.Span + slot));
    }

    private long Guard() => _chance.Next(2) == 0 ? 0 : _chance.NextInt64(1, 5 * Second);
}
