using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>
/// The pacer of one rate group in this process: gives it the time, one timer, one short lock and a ledger. A query that finds a permit
/// free and
/// nobody waiting costs the lock and one object.
/// </summary>
internal sealed partial class PacedGroup : IGrantHolder
{
    /// <summary>What a timer or the disk may be late without a query giving up that was promised its turn in time.</summary>
    private static readonly long Lateness = MonotonicClock.NanosecondsOf(TimeSpan.FromMilliseconds(250));

    private static readonly TimeSpan ShutDownRetry = TimeSpan.FromSeconds(5);

    [ThreadStatic]
    private static List<Ticket>? s_changed;

    private readonly RateGroups _home;
    private readonly MonotonicClock _clock;
    private readonly Pacer _pacer;
    private readonly long _unknownUntil;   // what a process before this one may have sent counts until then
    private bool _isStopping;
    private bool _isRetired;

    internal PacedGroup(Guid id, GroupRules rules, RateGroups home)
    {
        Id = id;
        _rules = rules;
        _home = home;
        _clock = home.Clock;
        _pacer = new Pacer(
            rules.Limit,
            MonotonicClock.NanosecondsOf(rules.Guard ?? home.Options.Guard),
            new QueueBounds(home.Options.QueueLimit, home.Options.CallerQueueLimit)) { GrantUntil = long.MinValue };
        _unknownUntil = home.Ledger.Recall(id, _pacer, StandingCredit.Of(rules.Limit, rules.Quotas));
        _pacer.KnowsSince = _clock.Now;
        Apply(rules, _clock.Now);
        RecallUses();
    }

    public Guid Id { get; }

    /// <summary>Guards the pacer and every turn in it. Never held while anything waits.</summary>
    internal Lock Gate { get; } = new();

    internal GroupRules Rules
    {
        get
        {
            lock (Gate)
            {
                return _rules;
            }
        }
    }

    /// <summary>It was dropped: another one takes its place.</summary>
    internal bool IsRetired
    {
        get
        {
            lock (Gate)
            {
                return _isRetired;
            }
        }
    }

    /// <summary>Its window is saved: nothing may be sent any more.</summary>
    internal bool IsClosed { get; private set; }

    public int Remaining
    {
        get
        {
            lock (Gate)
            {
                return _pacer.Remaining(_clock.Now);
            }
        }
    }

    /// <summary>Asks for a permit. Synchronous; the turn is granted already when nobody waits and a permit is free.</summary>
    public Admission Enter(in Entry entry)
    {
        var turn = new Turn(this) { SenderToken = entry.TokenId, Sender = entry.Caller, ApiKeyId = entry.ApiKeyId, Source = entry.Need.Source };
        var changed = s_changed ??= [];
        EntryRefusal? refusal = null;
        bool isRetired;
        PacedGroup? goneTo;
        lock (Gate)
        {
            isRetired = _isRetired;
            goneTo = GoneTo(entry.ApiKeyId);
            if (goneTo is not null)
            {
                // Its key has another group now: there, outside of this lock.
            }
            else if (_isStopping)
            {
                refusal = new EntryRefusal(EntryRefusalKind.ShuttingDown, 0, ShutDownRetry);
            }
            else if (!isRetired)
            {
                var now = _clock.Now;
                if (entry.Need.Model is { } model)
                {
                    NoteAsked(model, now);
                }

                Step(now, changed);   // whoever is due goes before the newcomer, however late the timer is
                OpenGates();
                if (_lessons?.Circuits.WaitOf(entry.Need.Source, entry.Need.Model, now) is { } open)
                {
                    refusal = new EntryRefusal(EntryRefusalKind.CircuitOpen, 0, open);
                }
                else
                {
                    var end = _pacer.Enqueue(turn, ArrivalOf(entry, now), now);
                    turn.ExpectedWait = WaitUntil(turn.ExpectedStart, now);
                    refusal = RefusalOf(end, turn);
                    Step(now, changed);
                }
            }
        }

        WakeAll(changed);
        return goneTo is not null ? goneTo.Enter(entry) : isRetired ? _home.Successor(this).Enter(entry) : refusal is null ? turn : refusal;
    }

    /// <summary>How long the query would wait if it came now.</summary>
    public TimeSpan ExpectedWait(in Entry entry)
    {
        lock (Gate)
        {
            var now = _clock.Now;
            return WaitUntil(_pacer.Expect(ArrivalOf(entry, now), now).ExpectedStart, now);
        }
    }

    /// <summary>How long a query like one whose patience ended would wait if it came now; <see cref="TimeSpan.MaxValue"/>: nobody knows.</summary>
    internal TimeSpan ExpectedAgain(Turn turn)
    {
        lock (Gate)
        {
            var now = _clock.Now;
            var (_, start) = _pacer.Expect(new Arrival(turn.TokenId, turn.Caller, turn.Weight, turn.Class, Need: turn.Need), now);
            return turn.BoundBy?.Dimension is QuotaDimension.Concurrent ? TimeSpan.MaxValue : WaitUntil(start, now);
        }
    }

    private static TimeSpan WaitUntil(long start, long now) => start == long.MaxValue ? TimeSpan.MaxValue : MonotonicClock.SpanOf(start - now);

    /// <summary>Grants nothing for a while: the hub said so. Never shortens a pause.</summary>
    public void Pause(TimeSpan forHowLong, string why)
    {
        lock (Gate)
        {
            if (!_isRetired)
            {
                _pacer.PauseUntil(_clock.Now + MonotonicClock.NanosecondsOf(forHowLong), why);
                return;
            }
        }

        _home.Successor(this).Pause(forHowLong, why);
    }

    public void Resume()
    {
        var changed = s_changed ??= [];
        lock (Gate)
        {
            var now = _clock.Now;
            _pacer.Resume();
            _pacer.ResumeModels();
            KeepLessonsIfAny(now);
            Step(now, changed);
        }

        WakeAll(changed);
    }

    internal void Sent(Turn turn)
    {
        var changed = s_changed ??= [];
        long at;
        Guest[] guests;
        lock (Gate)
        {
            var now = _clock.Now;   // in the lock, so that stamps of one group come in order
            Stamp(turn, now);
            (at, guests) = (now, turn.Guests.ToArray());
            Step(now, changed);
        }

        WakeAll(changed);
        foreach (var guest in guests)
        {
            guest.Group.Sent(guest, at);
        }
    }

    private void Stamp(Turn turn, long now)
    {
        var bursts = _learner is null ? 0 : _pacer.Shape.Burst;
        _pacer.Sent(turn, now);
        Note(turn, now);
        if (_unsaved is not null)
        {
            _unsaved.Add(now, SentRuns.StepOf(_pacer.Limit.Count, _pacer.Span));
            _uses?.Sent(turn, now);
        }

        Interlocked.Increment(ref _inFlight);
        if (_learner is not null)
        {
            NoteGrowth(bursts, now);
        }

        if (_lessons?.Apart(turn.Source) is { } apart && apart.Sent(now))
        {
            ApplyQuotas(now);
        }
    }

    internal void GiveBack(Turn turn)
    {
        var changed = s_changed ??= [];
        long at;
        Guest[] guests;
        lock (Gate)
        {
            var now = _clock.Now;
            if (turn.IsLeaving && turn.IsGranted)
            {
                Stamp(turn, now);   // nobody knows how much of it left
            }
            else if (!_pacer.GiveBack(turn))
            {
                return;
            }

            changed.Add(turn);
            (at, guests) = (turn.SentAt, turn.Guests.ToArray());
            Step(now, changed);
        }

        WakeAll(changed);
        foreach (var guest in guests)
        {
            if (turn.State == TicketState.Sent)
            {
                guest.Group.Sent(guest, at);
            }
            else
            {
                guest.Group.GivenBack(guest);
            }
        }
    }

    private Arrival ArrivalOf(in Entry entry, long now)
    {
        var patience = entry.Patience < _home.Options.MaxWait ? entry.Patience : _home.Options.MaxWait;
        var latest = now + Math.Max(0, MonotonicClock.NanosecondsOf(patience));
        var weight = Math.Clamp(entry.Weight, 1, Pacer.MostWeight);
        return new Arrival(entry.TokenId, entry.Caller, weight, entry.Class, latest, latest + Lateness, entry.Front, entry.Order, entry.Need);
    }

    private static EntryRefusal? RefusalOf(EntryEnd end, Turn turn) => end switch
    {
        EntryEnd.QueueFull => new(EntryRefusalKind.QueueFull, turn.Position, turn.ExpectedWait),
        EntryEnd.CallerQueueFull => new(EntryRefusalKind.CallerQueueFull, turn.Position, turn.ExpectedWait),
        EntryEnd.TooLate => new(EntryRefusalKind.TooLate, turn.Position, turn.ExpectedWait) { Quota = turn.BoundBy },
        EntryEnd.TooLarge => new(EntryRefusalKind.TooLarge, 0, TimeSpan.Zero) { Quota = turn.BoundBy },
        _ => null,
    };
}
