using System.Globalization;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Gateway.Protocols;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Pacing;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Paths;

/// <summary>What a query that is an HTTP request is decided with.</summary>
internal sealed record HttpQueryParts(Callers Callers, HubCatalogue Hubs, RateGroups RateGroups, GatewayOptions Options, PacingOptions Pacing, WaitingBodies Bodies, TimeProvider Time);

/// <summary>A query that is one HTTP request, and whose answer is that request's.</summary>
internal abstract class HttpQuery(HttpContext context, HttpQueryParts parts, Tally tally) : Query(tally)
{
    public const string TokenExpiresHeader = "x-keypace-token-expires";

    /// <summary>Says which limit held the query up.</summary>
    public const string BindingHeader = "x-keypace-binding";

    private static readonly TimeSpan ExpiryNotice = TimeSpan.FromDays(14);

    private int _remaining = -1;   // of the group's permits, when the exchange was over

    protected HttpContext Context => context;

    protected HttpQueryParts Parts => parts;

    /// <summary>As the caller sent it; null for none.</summary>
    protected RequestBody? Body { get; private set; }

    public override IHeaderDictionary Headers => context.Request.Headers;

    public override int Status => context.Response.StatusCode;

    public override ValueTask<Refusal?> ComeInAsync(KeySnapshot snapshot, CancellationToken callerLeft)
    {
        var (request, now) = (context.Request, Tally.CameInAt);
        if (!parts.Callers.Authenticate(request).TryGet(out var token, out var refusal))
            return new(refusal);
        Token = token;
        NoteExpiry(token);
        if (WhyNotBy(token) is { } forbidden)
            return new(forbidden);
        if (!QueueWish.Of(request.Headers, token, parts.Pacing.MaxWait, now).TryGet(out var wish, out refusal))
            return new(refusal);
        Wish = wish;
        return TakeBodyAsync(snapshot, callerLeft);
    }

    /// <summary>Refuses what the route does not take, and reads the body that it does.</summary>
    protected abstract ValueTask<Refusal?> TakeBodyAsync(KeySnapshot snapshot, CancellationToken callerLeft);

    protected async ValueTask<Refusal?> ReadBodyAsync(CancellationToken callerLeft)
    {
        if (!(await RequestBody.ReadAsync(context.Request, parts.Options.MaxBodyBytes, parts.Bodies.For(Token!.Id), parts.Time, callerLeft)).TryGet(out var body, out var refusal))
            return refusal;
        Body = body;
        return null;
    }

    public override void NoteExchange(PacedGroup group)
    {
        _remaining = group.Remaining;
        if (group.HasQuotas && Tally.Binding is null && group.Binding(default) is var (kind, quota))
            Tally.Binding = LimitText.Of(kind, quota);
        WriteHeaders();
    }

    public override ValueTask<Refusal?> ReadAsync(HubAnswer answer, HubClock clock) => Routed!.Native is null
        ? PassedAnswer.CopyAsync(answer, context, this, clock)
        : TranslatedAnswer.CopyAsync(answer, context, this, clock, parts.Options.MaxBodyBytes);

    public override async ValueTask RefuseAsync(Refusal refusal)
    {
        if (context.Response.HasStarted)
        {
            IsCutOff = await BrokenAnswer.EndAsync(context, this, refusal);
            return;
        }

        // Whatever was said of an answer that is none is taken back.
        context.Response.Clear();
        Doorstep.Mark(context);
        AnswerHead.WriteOwn(context.Response.Headers);
        if (Token is { } token)
            NoteExpiry(token);
        WriteHeaders();
        await Problems.WriteAsync(context, refusal);
    }

    public override void Dispose()
    {
        base.Dispose();
        Body?.Dispose();
    }

    /// <summary>What happened, on every answer whose key is known.</summary>
    private void WriteHeaders()
    {
        if (Routed is not { } routed)
            return;
        var headers = context.Response.Headers;
        headers["x-keypace-key"] = routed.Key.NameInHeaders;
        headers["x-keypace-waited-ms"] = Tally.Milliseconds(Tally.Waited).ToString(CultureInfo.InvariantCulture);
        if (_remaining >= 0)
            headers["x-keypace-remaining"] = _remaining.ToString(CultureInfo.InvariantCulture);
        if (Tally.RefusedAt > 0)
            headers["x-keypace-position"] = Tally.RefusedAt.ToString(CultureInfo.InvariantCulture);
        if (Tally.Binding is { } binding)
            headers[BindingHeader] = LimitText.Header(binding);
    }

    private void NoteExpiry(ServedToken token)
    {
        if (token.Grant.ExpiresAt - Tally.CameInAt < ExpiryNotice)
            context.Response.Headers[TokenExpiresHeader] = token.Grant.ExpiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
    }

    public static readonly Refusal NoQueryScope = new(RefusalReason.Forbidden, "scope_missing",
        "This access token may not send queries: it has no 'query' scope. Use one that has, or have an administrator change its scopes.");
}
