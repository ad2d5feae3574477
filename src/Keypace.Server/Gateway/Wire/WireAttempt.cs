using Keypace.Server.Gateway.Calls;
using Keypace.Server.Pacing;

namespace Keypace.Server.Gateway.Wire;

/// <summary>
/// One sending of one query: ties the permit to the connection that carries it. The stream of every connection to a hub asks
/// the attempt before it writes, so not a byte of HTTP leaves without a permit, whoever in the HTTP stack does the writing.
/// </summary>
internal sealed class WireAttempt(Turn turn, bool hasBody, TimeProvider time)
{
    private static readonly AsyncLocal<WireAttempt?> Flowing = new();

    /// <summary>The attempt whose SendAsync this code runs in; null outside of one.</summary>
    public static WireAttempt? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    /// <summary>True once bytes may have reached the hub: from then on the permit is used, whatever happens.</summary>
    public bool MayHaveLeft { get; private set; }

    /// <summary>Timestamp at which the permit was there: the end of waiting, and not of connecting. 0 when it never came.</summary>
    public long GrantedAt { get; private set; } = turn.IsGranted ? time.GetTimestamp() : 0;

    /// <summary>True when the last byte of the request was handed over and the send was stamped.</summary>
    public bool IsStamped { get; private set; }

    /// <summary>
    /// True when the connection had carried something before or stood waiting for the permit: the hub may have closed it meanwhile,
    /// which says nothing about the query.
    /// </summary>
    public bool MayBeStale { get; private set; }

    /// <summary>True once the hub sent anything back on the connection that carries the attempt.</summary>
    public bool AnswerBegan { get; set; }

    /// <summary>Why the permit never came, when it did not.</summary>
    public TurnEnd End { get; private set; } = TurnEnd.Granted;

    /// <summary>From then on the request no longer may leave as it was built; null when it does not age.</summary>
    public DateTimeOffset? FreshUntil { get; init; }

    /// <summary>True when the permit came after that: nothing left, the permit is still there, and the request is to be built anew.</summary>
    public bool IsOutdated { get; private set; }

    /// <summary>
    /// Cancelled when nobody wants the answer any more. The HTTP stack cancels a write by closing the connection under it, of which a wait for the permit
    /// does not hear: it listens to this.
    /// </summary>
    public CancellationToken Unwanted { get; init; }

    /// <summary>True when, at the permit, the query was decided by what is so no longer: likewise.</summary>
    public bool IsOvertaken { get; private set; }

    /// <summary>True when the connection that was to carry it must carry nothing more: likewise.</summary>
    public bool MetSpentConnection { get; set; }

    /// <summary>Nothing left, and the permit is there, or its place in line, for another sending.</summary>
    public bool KeepsPermit => IsOutdated || IsOvertaken || MetSpentConnection;

    public bool IsHead { get; init; }

    /// <summary>What is sent, to be looked at once more at the permit.</summary>
    public (SecondLook Look, Query Query)? LookedAt { get; init; }

    /// <summary>Called when the request has been handed over whole; starts the clock for the first byte of the answer.</summary>
    public Action? Stamped { get; init; }

    /// <summary>Waits for the permit on the connection that will carry the query. Throws <see cref="IOException"/> when it will not come.</summary>
    public ValueTask BeforeWriteAsync(bool connectionWasUsed, CancellationToken ct)
    {
        if (IsStamped)
            throw new IOException("A second write under one permit was refused.");   // the HTTP stack tried to resend by itself
        if (MayHaveLeft)
            return ValueTask.CompletedTask;                                          // a long body goes out in several writes

        MayBeStale |= connectionWasUsed;
        if (!turn.IsGranted)
            return WaitAsync(Unwanted.CanBeCanceled ? Unwanted : ct);
        Leave();
        return ValueTask.CompletedTask;
    }

    private async ValueTask WaitAsync(CancellationToken ct)
    {
        MayBeStale = true;
        End = await turn.WhenGranted(ct);
        if (End is not TurnEnd.Granted)
            throw new IOException("The permit did not come.");
        Leave();
    }

    private void Leave()
    {
        if (FreshUntil is { } until && time.GetUtcNow() >= until)
        {
            IsOutdated = true;
            throw new IOException("The credential grew old while the query waited.");
        }

        Unwanted.ThrowIfCancellationRequested();   // the permit goes to the next
        if (LookedAt is var (look, query) && !look.Stands(query))
        {
            IsOvertaken = true;
            throw new IOException("What the query was decided by has changed while it waited.");
        }

        turn.Leaving();
        MayHaveLeft = true;
        if (GrantedAt == 0)
            GrantedAt = time.GetTimestamp();
    }

    /// <summary>A request without a body is whole after its first write.</summary>
    public void AfterWrite()
    {
        if (!hasBody)
            Stamp();
    }

    /// <summary>
    /// Stamps the send. Later than the bytes, never earlier: the next permit's interval counts from here, so a thread that was
    /// held up between permit and write costs rate, not exactness.
    /// </summary>
    public void Stamp()
    {
        if (IsStamped)
            return;
        IsStamped = true;
        turn.Sent();
        Stamped?.Invoke();
    }

    /// <summary>Settles the permit when the attempt ended before its stamp: used if bytes may have left, given back otherwise. One for a request that is built anew stays.</summary>
    public void Settle()
    {
        if (IsStamped || KeepsPermit)
            return;
        if (MayHaveLeft)
            Stamp();
        else
            turn.GiveBack();
    }
}
