namespace Keypace.Domain.Pacing;

/// <summary>
/// One query's place in line and then its permit. The host derives from it, so that a granted query costs one object. Used for one
/// query only; every change goes through the <see cref="Pacer"/> and under its host's lock.
/// </summary>
public abstract class Ticket
{
    public TicketState State { get; internal set; }

    /// <summary>The permit comes within <see cref="Pacer.NearAhead"/>: time to open a connection. Only a hint, it fixes no order.</summary>
    public bool IsNear { get; internal set; }

    /// <summary>How many queries were to go before this one when it came (0: it is the next).</summary>
    public int Position { get; internal set; }

    /// <summary>Tick at which the permit was expected when the query came.</summary>
    public long ExpectedStart { get; internal set; }

    /// <summary>Tick after which the query no longer wants its permit; <see cref="long.MaxValue"/> for never.</summary>
    public long Deadline { get; internal set; } = long.MaxValue;

    /// <summary>
    /// When it came relative to others of its rate group. A query that comes back keeps it (<see cref="Arrival.Order"/>).
    /// </summary>
    public long Order { get; internal set; }

    /// <summary>The access token it waits under; empty when it never waited.</summary>
    public string TokenId { get; internal set; } = "";

    /// <summary>The caller within the token; empty when it never waited.</summary>
    public string Caller { get; internal set; } = "";

    /// <summary>Null in the front lane and when it does not wait.</summary>
    internal CallerLane? Lane { get; set; }

    internal Ticket? Previous { get; set; }

    internal Ticket? Next { get; set; }
}

/// <summary>Where a ticket stands. New, then Granted or Waiting; everything after Granted is an end.</summary>
public enum TicketState
{
    New,
    Waiting,
    Granted,

    /// <summary>Its bytes have left; it is in the window.</summary>
    Sent,

    /// <summary>Its permit came back unused.</summary>
    Returned,

    /// <summary>It left the line before its turn.</summary>
    Cancelled,

    /// <summary>Its deadline passed in the line.</summary>
    Expired,
}

/// <summary>What a query brings when it asks for a permit.</summary>
/// <param name="TokenId">The access token: share of the rate goes by token first.</param>
/// <param name="Caller">The caller within the token: share goes by caller second.</param>
/// <param name="Weight">The token's share, 1 to 100.</param>
/// <param name="Class">Strict priority.</param>
/// <param name="Latest">Tick: a later expected start is refused at once.</param>
/// <param name="Deadline">Tick: still waiting after it, the ticket expires. At or after <paramref name="Latest"/>.</param>
/// <param name="Front">It comes back after its hub refused it or the connection broke: it goes before everybody.</param>
/// <param name="Order">With <paramref name="Front"/>: the order of its first ticket; 0 for a new one.</param>
public readonly record struct Arrival(
    string TokenId,
    string Caller,
    int Weight = 1,
    QueryClass Class = QueryClass.Interactive,
    long Latest = long.MaxValue,
    long Deadline = long.MaxValue,
    bool Front = false,
    long Order = 0);

/// <summary>What became of an arrival.</summary>
public enum EntryEnd
{
    Granted,
    Waiting,

    /// <summary>The rate group's queue is full.</summary>
    QueueFull,

    /// <summary>This caller's part of the queue is full.</summary>
    CallerQueueFull,

    /// <summary>The turn cannot come by <see cref="Arrival.Latest"/>.</summary>
    TooLate,
}

/// <summary>How many may wait in a rate group, and how many of one caller.</summary>
public readonly record struct QueueBounds(int Queue, int CallerQueue)
{
    public static QueueBounds Default { get; } = new(20_000, 12_000);
}
