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

    /// <summary>
    /// Tick at which the permit was expected when the query came; <see cref="long.MaxValue"/>: nobody can know. While queries that run are in the way,
    /// as if one of them ended whenever one is to begin.
    /// </summary>
    public long ExpectedStart { get; internal set; }

    /// <summary>Tick after which the query no longer wants its permit; <see cref="long.MaxValue"/> for never.</summary>
    public long Deadline { get; internal set; } = long.MaxValue;

    /// <summary>
    /// When it came relative to others of its rate group. A query that comes back keeps it (<see cref="Arrival.Order"/>).
    /// </summary>
    public long Order { get; internal set; }

    /// <summary>Tick at which its bytes had left; <see cref="long.MinValue"/> before.</summary>
    public long SentAt { get; internal set; } = long.MinValue;

    /// <summary>It takes of a quota.</summary>
    public bool HasClaims => Claims is not null;

    /// <summary>The access token it waits under; empty when it never waited.</summary>
    public string TokenId { get; internal set; } = "";

    /// <summary>The caller within the token; empty when it never waited.</summary>
    public string Caller { get; internal set; } = "";

    /// <summary>With <see cref="Weight"/> how it stands in line; set for those that wait.</summary>
    public QueryClass Class { get; internal set; }

    /// <summary>The token's share.</summary>
    public int Weight { get; internal set; } = 1;

    /// <summary>The quota that it waits for, or that is smaller than what it needs; null when it waits for none.</summary>
    public Quota? BoundBy { get; internal set; }

    /// <summary>What it is expected to use.</summary>
    public QueryNeed Need { get; internal set; }

    /// <summary>What it takes of each quota that counts it; null without any.</summary>
    internal QuotaClaim[]? Claims { get; set; }

    /// <summary>What it took of <see cref="Pacer.TokenAllowance"/>, until it leaves.</summary>
    internal long TokensOut { get; set; }

    /// <summary>Queries that went before it although they came later, while it waited for a quota.</summary>
    internal int Passed => Limits is null ? PassesBefore : Limits.Passes - PassesBefore;

    /// <summary>The line that it waits in, with all that wait for the same limits; null where only the rate limit is in the way.</summary>
    internal LimitLine? Limits { get; set; }

    /// <summary><see cref="LimitLine.Passes"/> when it came, less what it was passed before; without a line how often it was passed.</summary>
    internal int PassesBefore { get; set; }

    /// <summary><see cref="LimitLine.Number"/>; 0 without one.</summary>
    internal int Line { get; set; }

    /// <summary>Its order among those of its caller, or of the front.</summary>
    internal long Rank { get; set; }

    /// <summary>Null when it does not wait.</summary>
    internal TicketRow? Row { get; set; }

    internal Ticket? Previous { get; set; }

    internal Ticket? Next { get; set; }

    /// <summary>What it really used is known, and counted.</summary>
    internal bool IsSettled { get; set; }

    /// <summary>It holds a permit, or was sent and has not ended.</summary>
    internal bool IsRunning { get; set; }

    /// <summary>Its own among all rate groups, once it was carried into another one; 0 before.</summary>
    public long Number { get; internal set; }

    internal Ticket? PreviousRunning { get; set; }

    internal Ticket? NextRunning { get; set; }
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
/// <param name="Need">What it is expected to use; only looked at where there are quotas.</param>
public readonly record struct Arrival(
    string TokenId,
    string Caller,
    int Weight = 1,
    QueryClass Class = QueryClass.Interactive,
    long Latest = long.MaxValue,
    long Deadline = long.MaxValue,
    bool Front = false,
    long Order = 0,
    QueryNeed Need = default);

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

    /// <summary>It needs more than <see cref="Ticket.BoundBy"/> allows at all.</summary>
    TooLarge,
}

/// <summary>How many may wait in a rate group, and how many of one caller.</summary>
public readonly record struct QueueBounds(int Queue, int CallerQueue)
{
    public static QueueBounds Default { get; } = new(20_000, 12_000);
}
