namespace Keypace.Domain.Pacing;

/// <summary>What is to come, played on stand-ins for those in line.</summary>
public sealed partial class Pacer
{
    private List<long>? _starts;   // scratch; most pacers never need it

    private sealed class LinePlay
    {
        private readonly Pacer _pacer;
        private readonly LimitLines _lines;
        private readonly FairQueue _line;
        private readonly List<long> _starts;
        private readonly long _now;
        private long _at;

        public LinePlay(Pacer pacer, long now)
        {
            (_pacer, _now, _at) = (pacer, now, Math.Max(now, pacer.PausedUntil));
            _lines = new(pacer.IsAnyModelHeld, isForeseen: true);
            _starts = pacer._starts ??= [];
            _starts.Clear();
            foreach (var meter in pacer._meters ?? [])
                meter.BeginForesight(now);

            _line = pacer._line?.Copy(ticket => StandInFor(ticket, ticket.Claims, ticket.Need)) ?? new();
        }

        /// <summary>Puts one more in the line.</summary>
        public StandIn Enter(in Arrival arrival, QuotaClaim[]? claims)
        {
            var mine = StandInFor(null, claims, arrival.Need);
            mine.Order = arrival.Order == 0 ? long.MaxValue : arrival.Order;
            _line.Enqueue(mine, arrival);
            return mine;
        }

        /// <summary>Lets them go until it is this one's turn.</summary>
        public (int Position, long Start) Run(Ticket mine)
        {
            while (Next() is { } next)
            {
                if (ReferenceEquals(next, mine))
                    return (_starts.Count - 1, _at);
            }

            return (_starts.Count, long.MaxValue);
        }

        /// <summary>The next that goes, and when; null when nobody knows of anybody.</summary>
        public StandIn? Next()
        {
            if (_line.Count == 0)
                return null;

            _at = Math.Max(_at, _pacer._window.AllowsAfter(_starts, _now));
            var next = _pacer.FirstAllowed(_line, _lines, _at);
            while (next is null)
            {
                if (_lines.NextOpen == long.MaxValue)
                    return null;

                _at = Math.Max(_at, _lines.NextOpen);
                next = _pacer.FirstAllowed(_line, _lines, _at);
            }

            _lines.Pass(next);
            _line.Serve(next);
            _lines.Leave(next);
            _starts.Add(_at);
            foreach (ref var claim in next.Claims.AsSpan())
            {
                if (claim.Meter is not ConcurrencyMeter)
                    claim.Meter.ForeseeSent(ClampedAmount(claim), _at);
            }

            return (StandIn)next;
        }

        public long At => _at;

        private StandIn StandInFor(Ticket? ticket, QuotaClaim[]? claims, in QueryNeed need)
        {
            var standIn = new StandIn { For = ticket, Claims = claims, Need = need };
            _lines.Enter(standIn, ticket?.Passed ?? 0);
            return standIn;
        }
    }

    private sealed class StandIn : Ticket
    {
        /// <summary>Null for one that only might come.</summary>
        public Ticket? For { get; init; }
    }
}
