using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>A pacer with a learner against a simulated hub: always somebody waiting, delays by chance, virtual time.</summary>
internal sealed class HubSimulation
{
    private const long Second = SendWindow.Second;

    private readonly PriorityQueue<Action, (long At, int Order)> _events = new();
    private readonly List<Ticket> _changed = [];
    private readonly Random _chance;
    private readonly SimulatedHub _hub;
    private readonly LimitLearner _learner;
    private readonly long _guard;
    private int _order;
    private int _inFlight;
    private long _now;

    public HubSimulation(int seed, RateLimit limit, PacingMode mode, bool startsSmooth, long guard, SimulatedHub hub)
    {
        (_chance, _hub, _guard) = (new Random(seed), hub, guard);
        _learner = new LimitLearner(limit, mayRaise: false, seed);
        Pacer = new Pacer(limit, guard, QueueBounds.Default);
        Pacer.ChangeShape(mode, startsSmooth, 0);
    }

    public Pacer Pacer { get; }

    /// <summary>Most that the way to the hub takes, in ticks.</summary>
    public long MostDelay { get; init; }

    /// <summary>From the arrival to the answer, in ticks.</summary>
    public long AnswerTakes { get; init; } = Second / 5;

    public bool SaysRemaining { get; init; }

    /// <summary>What a refusal says of the wait, in ticks; null: nothing.</summary>
    public long? SaysWait { get; init; }

    /// <summary>Sends of somebody else a second, at random; 0: nobody.</summary>
    public double ForeignPerSecond { get; init; }

    public List<PacingEvent> Events { get; } = [];

    /// <summary>Runs for so long; how many of ours the hub took and refused meanwhile.</summary>
    public (int Accepted, int Refused) Run(long ticks)
    {
        var (accepted, refused, until) = (_accepted, _refused, _now + ticks);
        if (_order == 0)
            Foreign();

        while (_now < until)
        {
            while (Pacer.Waiting < 20)
                Enter(front: false);

            var next = Pacer.NextEvent(_now);
            var at = _events.TryPeek(out _, out var first) ? first.At : long.MaxValue;
            if (at <= next)
            {
                _now = Math.Max(_now, at);
                _events.Dequeue()();
            }
            else
            {
                _now = Math.Max(_now, next);
            }

            _changed.Clear();
            Pacer.Advance(_now, _changed);
            foreach (var ticket in _changed.Where(ticket => ticket.State == TicketState.Granted))
                Send(ticket);
        }

        return (_accepted - accepted, _refused - refused);
    }

    private int _accepted;
    private int _refused;

    private void Enter(bool front)
    {
        var ticket = new PlainTicket();
        if (Pacer.Enqueue(ticket, new Arrival("t", "", Front: front), _now) == EntryEnd.Granted)
            Send(ticket);
    }

    private void Send(Ticket ticket)
    {
        Pacer.Sent(ticket, _now);
        _inFlight++;
        At(_now + _chance.NextInt64(MostDelay + 1), () =>
        {
            var isTaken = _hub.Arrives(_now);
            var remaining = _hub.Remaining(_now);
            At(_now + AnswerTakes, () => Answer(ticket, isTaken, remaining));
        });
    }

    private void Answer(Ticket ticket, bool isTaken, int remaining)
    {
        _inFlight--;
        (_accepted, _refused) = isTaken ? (_accepted + 1, _refused) : (_accepted, _refused + 1);
        var report = SaysRemaining ? new HubReport(Pacer.Limit.Seconds, Pacer.Limit.Count, remaining) : default;
        var own = new OwnView(Pacer.Limit.Seconds, FreeByOwnCount(), _inFlight, ticket.SentAt, Pacer.CanShrinkBursts)
        {
            SentBefore = Pacer.SentBefore(ticket.SentAt),
            ShapedAt = Pacer.Shape.Since,
        };
        var lesson = isTaken
            ? _learner.Answered(report, own, _now)
            : _learner.Refused(new HubRefusal(HubRefusalKind.RateLimited, SaysWait), report, own, _now);
        if (lesson.ShrinkBursts)
            Pacer.Refused(ticket.SentAt, _now);

        if (lesson.Limit is { } limit)
            Pacer.ChangeLimit(limit, _guard, _now);

        if (lesson.ExcuseBursts)
            Pacer.ExcuseBursts();

        if (lesson.RestoreBursts)
            Pacer.RestoreBursts(_now);

        Pacer.AssumeSent(lesson.ForeignSends, _now);
        Pacer.PauseUntil(lesson.PauseUntil, "the hub said so");
        if (lesson.Event is { } what)
            Events.Add(what);

        if (!isTaken)
            Enter(front: true);
    }

    private int FreeByOwnCount() => Pacer.Limit.Count - Pacer.Used(_now);

    private void Foreign()
    {
        if (ForeignPerSecond > 0)
        {
            At(_now + (long)(-Math.Log(1 - _chance.NextDouble()) / ForeignPerSecond * Second), () =>
            {
                _hub.Arrives(_now);
                Foreign();
            });
        }
    }

    private void At(long at, Action what) => _events.Enqueue(what, (at, ++_order));
}
