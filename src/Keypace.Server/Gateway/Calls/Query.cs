using Keypace.Domain;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Gateway.Paths;
using Keypace.Server.Pacing;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage.Rows;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Calls;

/// <summary>
/// One query on its way to a hub and back. Each kind says how it is routed and what becomes of its answer; everything between is
/// <see cref="HubCall"/>'s, and the same for all kinds. Used once.
/// </summary>
internal abstract class Query(Tally tally) : IDisposable
{
    public Tally Tally => tally;

    /// <summary>Who asks; null until that is known.</summary>
    public ServedToken? Token { get; protected set; }

    public QueueWish Wish { get; protected set; }

    /// <summary>What it was decided by, or was last found unchanged in.</summary>
    public KeySnapshot? DecidedBy { get; set; }

    /// <summary>False for a key that is only being tested, and is in no snapshot.</summary>
    public virtual bool IsOfStoredKey => true;

    /// <summary>Null until it is routed.</summary>
    public Routed? Routed { get; set; }

    /// <summary>How far <see cref="HubExchange"/> is with it.</summary>
    public ExchangeCourse Course;

    /// <summary>The caller's headers, of which some go on; null for queries made here.</summary>
    public virtual IHeaderDictionary? Headers => null;

    /// <summary>True for a key's test: a hub's 401, 403 or 429 is the answer, not a failure and not worth another try.</summary>
    public virtual bool WantsRefusals => false;

    /// <summary>True when how it ends says whether the key is well.</summary>
    public virtual bool TellsOfHealth => true;

    /// <summary>False where the hub answers with no text of a model's, as embeddings are.</summary>
    public bool HasAnswerTokens => tally.RouteName != "embeddings" && Routed!.Method == HttpMethod.Post;

    /// <summary>How patient it is with its hub.</summary>
    public virtual GatewayOptions Bounds(GatewayOptions server) => server;

    /// <summary>Who asks, and the body: what must be there before it can be routed.</summary>
    /// <param name="snapshot">To refuse early what need not be read.</param>
    public virtual ValueTask<Refusal?> ComeInAsync(KeySnapshot snapshot, CancellationToken callerLeft) => default;

    /// <summary>Why this token, as it is now, may not ask this; null when it may.</summary>
    public virtual Refusal? WhyNotBy(ServedToken token) => token.Grant.MayQuery(tally.CameInAt) ? null : HttpQuery.NoQueryScope;

    /// <summary>The asker as it is now.</summary>
    public void AskedBy(ServedToken token) => Token = token;

    /// <summary>
    /// Decides from what the caller sent. Asked again where something of it has changed: then nothing decided before counts, but for the choice among
    /// keys while the chosen one is as it was.
    /// </summary>
    public abstract ValueTask<Outcome<Routed>> RouteAsync(KeySnapshot snapshot);

    /// <summary>The hub failed it: true when it is worth another call, from the front of the line. Counts the tries.</summary>
    public virtual bool TriesAgain() => false;

    /// <summary>The exchange is over, with or without an answer.</summary>
    public virtual void NoteExchange(PacedGroup group)
    {
    }

    /// <summary>Takes the answer. A refusal is what the answer is instead of one; nothing of it was passed on then.</summary>
    /// <exception cref="IOException">The hub broke off; likewise <see cref="HttpRequestException"/>, and cancelled by <paramref name="clock"/> where it fell silent.</exception>
    public abstract ValueTask<Refusal?> ReadAsync(HubAnswer answer, HubClock clock);

    /// <summary>Answers what was routed to no hub (<see cref="Calls.Routed.Estimate"/>).</summary>
    public virtual ValueTask AnswerHereAsync() => throw new NotSupportedException("Only a count of tokens is answered here.");

    /// <summary>There is no answer, or no more of it. Called once at most.</summary>
    public abstract ValueTask RefuseAsync(Refusal refusal);

    /// <summary>Part of an answer has left, and there is no more: the connection is to be cut.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>As the caller saw it, for the record.</summary>
    public virtual int Status { get; protected set; } = StatusCodes.Status500InternalServerError;

    public virtual UsageRow ToRecord(int status, TimeSpan latency) => tally.ToRecord(Token!, Wish, Routed?.Choice, status, latency);

    public virtual void Dispose() => Routed?.Dispose();

    /// <summary>The refusal's part in the record.</summary>
    public void Note(Refusal refusal)
    {
        (tally.ErrorCode, tally.Trouble, tally.Fault) = (refusal.Code, KeyHealth.Sentence(refusal), refusal.Fault);
        Status = Problems.StatusOf(refusal.Reason);
    }
}
