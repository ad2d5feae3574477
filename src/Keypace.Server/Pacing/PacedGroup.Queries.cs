using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.UnderLock;

namespace Keypace.Server.Pacing;

/// <summary>One query's way through the group: it enters, is sent or leaves, is settled, ends.</summary>
internal sealed partial class PacedGroup
{
    /// <summary>What a timer or the disk may be late without a query giving up that was promised its turn in time.</summary>
    private static readonly long Lateness = MonotonicClock.NanosecondsOf(TimeSpan.FromMilliseconds(250));

    private static readonly TimeSpan ShutDownRetry = TimeSpan.FromSeconds(5);

    private OutputEstimates? _estimates;   // made with the first answer that was counted

    /// <summary>Asks for a permit: done at once where the group is in this process. The turn is granted already when nobody waits and a permit is free.</summary>
    public ValueTask<Admission> EnterAsync(in Entry entry) => new(Enter(entry));

    /// <inheritdoc cref="EnterAsync"/>
    internal Admission Enter(in Entry entry)
    {
        var turn = new Turn(this) { SenderToken = entry.TokenId, Sender = entry.Caller, ApiKeyId = entry.ApiKeyId, Source = entry.Need.Source };
        EntryRefusal? refusal = null;
        bool isRetired;
        PacedGroup? goneTo;
        using (var step = Begin())
        {
            isRetired = _isRetired;
            goneTo = _departures?.Of(entry.ApiKeyId);   // its key has another group now: there, outside of this lock
            if (goneTo is null && !isRetired)
                refusal = EnterUnderLock(turn, entry, step.Now, step.Changed);
        }

        return goneTo is not null ? goneTo.Enter(entry) : isRetired ? _home.Successor(this).Enter(entry) : refusal is null ? turn : refusal;
    }

    private EntryRefusal? EnterUnderLock(Turn turn, in Entry entry, long now, List<Ticket> changed)
    {
        if (_isStopping)
            return new EntryRefusal(EntryRefusalKind.ShuttingDown, 0, ShutDownRetry);

        if (entry.Need.Model is { } model)
            _learning.Asked(model, now);

        AdvanceUnderLock(now, changed);   // whoever is due goes before the newcomer, however late the timer is
        _credit.Open();
        if (_learning.RefusesFor(entry.Need.Source, entry.Need.Model, now) is { } open)
            return new EntryRefusal(EntryRefusalKind.CircuitOpen, 0, open);

        var end = _pacer.Enqueue(turn, ArrivalOf(entry, now), now);
        turn.ExpectedWait = WaitUntil(turn.ExpectedStart, now);
        return RefusalOf(end, turn);
    }

    /// <summary>
    /// How long the query would wait if it came now, and which share of the limit is used: of two keys that are free, the less used is taken. Done at once where
    /// the group is in this process.
    /// </summary>
    public ValueTask<(TimeSpan Wait, double Use)> OutlookAsync(in Entry entry) => new(Outlook(entry));

    /// <inheritdoc cref="OutlookAsync"/>
    internal (TimeSpan Wait, double Use) Outlook(in Entry entry)
    {
        lock (Gate)
        {
            var now = _clock.Now;
            return (WaitUntil(_pacer.Expect(ArrivalOf(entry, now), now).ExpectedStart, now), (double)_pacer.Used(now) / _pacer.Limit.Count);
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

    internal void Sent(Turn turn)
    {
        long at;
        Guest[] guests;
        using (var step = Begin())
        {
            at = step.Now;   // taken in the lock, so that stamps of one group come in order
            StampUnderLock(turn, at);
            guests = turn.Guests.ToArray();
        }

        foreach (var guest in guests)
            guest.Group.Sent(guest, at);
    }

    internal void GiveBack(Turn turn)
    {
        if (turn.State is not (TicketState.Waiting or TicketState.Granted))
        {
            return;   // it never has a place or a permit again
        }

        bool isSent;
        long at;
        Guest[] guests;
        using (var step = Begin())
        {
            if (turn.IsLeaving && turn.IsGranted)
            {
                StampUnderLock(turn, step.Now);   // nobody knows how much of it left
            }
            else if (!_pacer.GiveBack(turn))
            {
                return;
            }

            step.Changed.Add(turn);
            (isSent, at, guests) = (turn.State == TicketState.Sent, turn.SentAt, turn.Guests.ToArray());
        }

        foreach (var guest in guests)
        {
            if (isSent)
                guest.Group.Sent(guest, at);
            else
                guest.Group.GivenBack(guest);
        }
    }

    internal void Settle(Turn turn, long inputTokens, long outputTokens)
    {
        Guest[] guests;
        using (var step = Begin())
        {
            _pacer.Settle(turn, inputTokens, outputTokens, step.Now);
            _credit.Settled(turn, inputTokens, outputTokens);
            guests = turn.Guests.ToArray();
            if (turn.Need.Model is { } model)
                (_estimates ??= new OutputEstimates()).Learn(model, outputTokens);
        }

        foreach (var guest in guests)
            guest.Group.Settled(guest, inputTokens, outputTokens);
    }

    internal void Ended(Turn turn)
    {
        Guest[] guests;
        using (var step = Begin())
        {
            _learning.InFlight--;
            _pacer.Ended(turn);
            _credit.Ended(turn, IsClosed, step.Now);
            guests = turn.Guests.ToArray();
        }

        foreach (var guest in guests)
            guest.Group.Ended(guest);
    }

    /// <summary>Learned estimate of an answer's tokens; <see cref="OutputEstimates.Of"/>.</summary>
    public long EstimateOutput(string model, long? mostTokens, long otherwise)
    {
        lock (Gate)
            return _estimates?.Of(model, mostTokens, otherwise) ?? mostTokens ?? otherwise;
    }

    /// <summary>Output tokens that are reserved at most for an answer of which nothing is known.</summary>
    public long MostGuess(string? model, long input)
    {
        lock (Gate)
            return _pacer.MostGuess(model, input);
    }

    private void StampUnderLock(Turn turn, long now)
    {
        var bursts = _terms.Learner is null ? 0 : _pacer.Shape.Burst;
        _pacer.Sent(turn, now);
        _view.Sent(turn, now, _home.PastHistories);
        _credit.Sent(turn, now);
        _learning.Sent(turn, bursts, now);
    }

    private Arrival ArrivalOf(in Entry entry, long now)
    {
        var patience = entry.Patience < _home.Options.MaxWait ? entry.Patience : _home.Options.MaxWait;
        var latest = now + Math.Max(0, MonotonicClock.NanosecondsOf(patience));
        var weight = Math.Clamp(entry.Weight, 1, Pacer.MostWeight);
        return new Arrival(entry.TokenId, entry.Caller, weight, entry.Class, latest, latest + Lateness, entry.Front, entry.Order, entry.Need);
    }

    private static TimeSpan WaitUntil(long start, long now) => start == long.MaxValue ? TimeSpan.MaxValue : MonotonicClock.SpanOf(start - now);

    private static EntryRefusal? RefusalOf(EntryEnd end, Turn turn) => end switch
    {
        EntryEnd.QueueFull => new(EntryRefusalKind.QueueFull, turn.Position, turn.ExpectedWait),
        EntryEnd.CallerQueueFull => new(EntryRefusalKind.CallerQueueFull, turn.Position, turn.ExpectedWait),
        EntryEnd.TooLate => new(EntryRefusalKind.TooLate, turn.Position, turn.ExpectedWait) { Quota = turn.BoundBy },
        EntryEnd.TooLarge => new(EntryRefusalKind.TooLarge, 0, TimeSpan.Zero) { Quota = turn.BoundBy },
        _ => null,
    };
}
