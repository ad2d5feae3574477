using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing;

/// <summary>
/// One query's place in line and then its permit. Whoever holds it ends it: with <see cref="Leaving"/> and <see cref="Sent"/> around the
/// write, or
/// with <see cref="GiveBack"/>; a permit that is neither sent nor given back counts against the limit forever.
/// </summary>
internal sealed class Turn : PacedTicket
{
    private readonly PacedGroup _group;
    private TaskCompletionSource<TurnEnd>? _ended;   // made only when somebody really waits
    private TaskCompletionSource? _near;
    private int _hasEnded;

    internal Turn(PacedGroup group)
        : base(group) => _group = group;

    /// <summary>What it really used is to be told.</summary>
    public bool WantsSettling => HasClaims || HasGuests;

    public bool IsGranted => State == TicketState.Granted;

    /// <summary>How long the permit was expected to take when the query came.</summary>
    public TimeSpan ExpectedWait { get; internal set; }

    /// <summary>Its patience ended: how long it would wait if it came again now; <see cref="TimeSpan.MaxValue"/>: nobody knows.</summary>
    public TimeSpan ExpectedAgain => _group.ExpectedAgain(this);

    /// <summary>For the history of sends; the pacer's own note is only there for those that waited.</summary>
    internal string SenderToken { get; set; } = "";

    internal string Sender { get; set; } = "";

    /// <summary>Which of its group's uses it is in the journal (<see cref="UseNote.Number"/>); 0: none.</summary>
    internal long UseNumber { get; set; }

    /// <summary>The secret it is sent with, and where.</summary>
    internal Guid Source { get; init; }

    /// <summary>Its key has left the group.</summary>
    internal bool IsMoved { get; set; }

    /// <summary>Its bytes may be on the way.</summary>
    internal bool IsLeaving { get; private set; }

    /// <summary>The line was closed under it.</summary>
    internal bool IsShutDown { get; set; }

    /// <summary>Completes when it is time to open a connection: the permit is near, is there, or will not come.</summary>
    public ValueTask WhenNear(CancellationToken ct)
    {
        lock (_group.Gate)
        {
            if (State != TicketState.Waiting || IsNear)
                return ct.IsCancellationRequested ? ValueTask.FromCanceled(ct) : ValueTask.CompletedTask;

            _near ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new ValueTask(_near.Task.WaitAsync(ct));
    }

    /// <summary>
    /// Completes when the permit is there or will not come. Cancelling gives the place, or the permit, back and throws; once this has
    /// returned <see cref="TurnEnd.Granted"/> the token has no effect any more.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled, or given back by somebody else.</exception>
    public ValueTask<TurnEnd> WhenGranted(CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
        {
            GiveBack();
            return ValueTask.FromCanceled<TurnEnd>(ct);
        }

        Task<TurnEnd> ended;
        lock (_group.Gate)
        {
            if (State != TicketState.Waiting)
                return new ValueTask<TurnEnd>(End());

            _ended ??= new TaskCompletionSource<TurnEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
            ended = _ended.Task;
        }

        return new ValueTask<TurnEnd>(ct.CanBeCanceled ? UntilEnded(ended, ct) : ended);
    }

    /// <summary>
    /// Call directly before the first byte is handed to the ready connection. From here the permit is used whatever happens:
    /// <see cref="GiveBack"/> after it counts as sent.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no permit, it was used before, or the pacer has stopped: nothing may be
    /// written.</exception>
    public void Leaving()
    {
        lock (_group.Gate)
        {
            if (!IsGranted || IsLeaving || _group.IsClosed)
                throw new InvalidOperationException("No permit: nothing may be sent.");

            IsLeaving = true;
        }
    }

    /// <summary>The request's bytes are with the connection: stamps now.</summary>
    /// <exception cref="InvalidOperationException">There is no permit, or it was used before.</exception>
    public void Sent() => _group.Sent(this);

    /// <summary>
    /// What the query really used; zeros when its hub refused it. Once, after <see cref="Sent"/>; only needed where
    /// <see cref="PacedGroup.HasQuotas"/>.
    /// </summary>
    public void Settle(long inputTokens, long outputTokens) => _group.Settle(this, inputTokens, outputTokens);

    /// <summary>The answer has ended, or will not come. Call it after every <see cref="Sent"/>, in the end; more calls do nothing.</summary>
    public void Ended()
    {
        if (State == TicketState.Sent && Interlocked.Exchange(ref _hasEnded, 1) == 0)
            _group.Ended(this);
    }

    /// <summary>
    /// Leaves the line or returns the unused permit. Does nothing when there is neither; after <see cref="Leaving"/> it stamps instead.
    /// </summary>
    public void GiveBack() => _group.GiveBack(this);

    /// <summary>Wakes whoever waits. Outside the lock; the state no longer goes back to waiting.</summary>
    internal void Wake()
    {
        _near?.TrySetResult();
        if (State == TicketState.Waiting || _ended is null)
            return;

        if (State == TicketState.Returned || (State == TicketState.Cancelled && !IsShutDown && !IsMoved))
        {
            _ended.TrySetCanceled();
            return;
        }

        _ended.TrySetResult(End());
    }

    private async Task<TurnEnd> UntilEnded(Task<TurnEnd> ended, CancellationToken ct)
    {
        TurnEnd end;
        await using (ct.UnsafeRegister(static turn => ((Turn)turn!).GiveBack(), this).ConfigureAwait(false))
        {
            try
            {
                end = await ended.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                throw new OperationCanceledException(ct);
            }
        }

        // The registration is over, so a permit that was given back in the moment of the grant shows here and nowhere later.
        return State is TicketState.Returned or TicketState.Cancelled && !IsShutDown && !IsMoved ? throw new OperationCanceledException(ct) : end;
    }

    private TurnEnd End() => State switch
    {
        TicketState.Expired => TurnEnd.Expired,
        TicketState.Cancelled when IsShutDown => TurnEnd.ShuttingDown,
        TicketState.Cancelled when IsMoved => TurnEnd.Moved,
        TicketState.Granted or TicketState.Sent => TurnEnd.Granted,
        _ => throw new OperationCanceledException("The turn was given back."),
    };
}
