using Keypace.Domain;
using Keypace.Server.Gateway.Answers;

namespace Keypace.Server.Gateway.Calls;

/// <summary>How one sending of a query ended, by the stage that it had come to and by whose doing.</summary>
internal enum SendStage
{
    /// <summary>The hub's answer is here, its head at least.</summary>
    Answered,

    /// <summary>In the line: the caller's patience ended, or this server stops.</summary>
    NoTurn,

    /// <summary>In the line: the query now belongs into another, for its key has come into another rate group, or it goes with another key.</summary>
    LineLeft,

    /// <summary>Before the first byte: what the query was decided by has changed. Its permit is there still.</summary>
    Overtaken,

    /// <summary>Before the first byte: by what is true now it may not go.</summary>
    Withdrawn,

    /// <summary>Before the first byte: there is no credential.</summary>
    NoCredential,

    /// <summary>Before the first byte: the credential grew old while the query waited. Its permit is there still.</summary>
    CredentialOutdated,

    /// <summary>Before the first byte: the kept connection may carry no other query. Its permit, or its place, is there still.</summary>
    ConnectionSpent,

    /// <summary>Connecting failed: nothing left.</summary>
    NotConnected,

    /// <summary>Sent on a connection that the hub may have closed before: it gave no byte back.</summary>
    ConnectionStale,

    /// <summary>Sent, and the hub broke off.</summary>
    HubBrokeOff,

    /// <summary>Sent, and what the hub sent is no answer.</summary>
    NoAnswer,

    /// <summary>Sent, and the hub said nothing in time.</summary>
    HubSilent,
}

/// <param name="Answer">With <see cref="SendStage.Answered"/>.</param>
/// <param name="Refusal">What to say if this is the last sending; null where there is always another.</param>
internal readonly record struct SendEnd(SendStage Stage, HubAnswer? Answer, Refusal? Refusal);

/// <summary>What follows a sending.</summary>
internal enum AfterSend
{
    /// <summary>The answer is one to hand on.</summary>
    Answer,

    /// <summary>It is sent again, from the front of the line, under a new permit.</summary>
    Resend,

    /// <summary>It enters another line.</summary>
    EnterAgain,

    Refuse,
}

/// <summary>How the exchange of a query ended: an answer, or a refusal.</summary>
/// <param name="HubBrokeOff">The hub got the query, or may have, and gave no answer: another try may do better.</param>
internal readonly record struct HubEnd(HubAnswer? Answer, Refusal? Refusal, bool HubBrokeOff = false)
{
    public static implicit operator HubEnd(Refusal refusal) => new(null, refusal);

    public static implicit operator HubEnd(HubAnswer answer) => new(answer, null);
}

/// <summary>How far a query is with its exchange. A part of the query, so that it costs no object.</summary>
internal struct ExchangeCourse
{
    /// <summary>Its place by arrival, the same in every line; 0 before it has one.</summary>
    public long Order;

    /// <summary>It came into this line from another.</summary>
    public bool IsMoved;

    /// <summary>It was sent again after a broken connection, which happens once.</summary>
    public bool IsResent;

    /// <summary>It was sent again with another credential, which happens once.</summary>
    public bool IsRenewed;

    /// <summary>How often the hub refused it over a limit.</summary>
    public int Refusals;

    /// <summary>Tick at which it was sent when the hub refused it first.</summary>
    public long FirstRefused;

    /// <summary>It waits so long by itself before it enters the line again: nobody else has to.</summary>
    public TimeSpan WaitsAlone;

    /// <summary>The refusal of the hub that it waits out; handed on if the caller's patience ends first.</summary>
    public HubAnswer? Pushback;
}
