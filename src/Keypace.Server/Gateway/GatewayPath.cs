using System.Globalization;
using System.Runtime.CompilerServices;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Protocols;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Pacing;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway;

/// <summary>
/// The path of one query.
/// <code>
///   caller ──1 Caller──2 Route──3 Permit──4 Credential──5 Send──6 Learn──7 Settle── answer
///                                   ▲                              │
///                                   └── 429, stale connection ─────┘   (front of the line, a new permit)
/// </code>
/// Nothing here touches the store: it reads one <see cref="KeySnapshot"/>, and hands one record to <see cref="Settlement"/>.
/// </summary>
internal sealed class GatewayPath(
    Callers callers,
    KeySnapshots snapshots,
    HubCatalogue hubs,
    RateGroups rateGroups,
    HubExchange exchange,
    WaitingBodies waitingBodies,
    Settlement settlement,
    KeyHealth health,
    GatewayOptions options,
    PacingOptions pacing,
    TimeProvider time)
{
    public const string TokenExpiresHeader = "x-keypace-token-expires";

    private static readonly TimeSpan ExpiryNotice = TimeSpan.FromDays(14);

    public async Task RunAsync(HttpContext context, GatewayRoute route)
    {
        var query = new Query(route.Name, time.GetTimestamp(), time.GetUtcNow());
        try
        {
            if (await ForwardAsync(context, route, query) is { } refusal)
                await RefuseAsync(context, query, refusal);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            query.ErrorCode = "caller_left";
        }
        finally
        {
            // :: Step 7: settle.
            if (query.Choice is { } choice)
                health.Settle(choice.Key.Id, query.Trouble, context.Response.StatusCode);
            if (query.Token is not null)
                settlement.Add(query.ToRecord(query.ErrorCode == "caller_left" ? 499 : context.Response.StatusCode, time.GetElapsedTime(query.StartedAt)));
            query.Dispose();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]   // one a query, awaited once
    private async ValueTask<Refusal?> ForwardAsync(HttpContext context, GatewayRoute route, Query query)
    {
        var request = context.Request;

        // :: Step 1: caller.
        if (!callers.Authenticate(request).TryGet(out var token, out var refusal))
            return refusal;
        query.Token = token;
        NoteExpiry(context.Response.Headers, token);
        if (!token.Grant.MayQuery(time.GetUtcNow()))
            return NoQueryScope;
        if (!QueueWish.Of(request.Headers, token, pacing.MaxWait, time.GetUtcNow()).TryGet(out var wish, out refusal))
            return refusal;
        query.Wish = wish;

        // :: Step 2: route.
        if (!(await RouteAsync(context, route, query)).TryGet(out var choice, out refusal))
            return refusal;

        // :: Steps 3 to 6: permit, credential, send, learn; again from the front of the line where a hub pushed back.
        using var held = waitingBodies.Hold(query.Body?.Length ?? 0);
        if (held is null)
            return WaitingBodies.Full;
        using var clock = new HubClock(options, time, context.RequestAborted);
        var end = await exchange.RunAsync(query, clock);
        var group = GroupOf(choice);
        query.WriteHeaders(context.Response.Headers, group.Remaining);
        if (group.HasQuotas && query.Binding is null && group.Binding() is var (kind, quota) && LimitText.Of(kind, quota) is { } binding)
            context.Response.Headers[Query.BindingHeader] = LimitText.Header(binding);
        if (!end.TryGet(out var answer, out refusal))
            return refusal;

        using (answer)
        {
            await (query.Native is null ? answer.CopyToAsync(context, query, clock) : TranslatedAnswer.CopyAsync(answer, context, query, clock, options.MaxBodyBytes));
            return null;
        }
    }

    private ValueTask<Outcome<ModelChoice>> RouteAsync(HttpContext context, GatewayRoute route, Query query)
    {
        var request = context.Request;
        query.Headers = request.Headers;
        query.Method = HttpMethod.Parse(request.Method);
        return ReferenceEquals(route, GatewayRoute.Passthrough)
            ? RoutePassthroughAsync(context, query)
            : RouteModelAsync(context, route, query);
    }

    private async ValueTask<Outcome<ModelChoice>> RouteModelAsync(HttpContext context, GatewayRoute route, Query query)
    {
        var request = context.Request;
        if (!HttpMethods.IsPost(request.Method))
        {
            return new Refusal(RefusalReason.Malformed, "method_not_allowed", $"This route takes POST with a JSON body, not {request.Method}.");
        }

        if (!(await RequestBody.ReadAsync(request, options.MaxBodyBytes, context.RequestAborted)).TryGet(out var body, out var refusal))
            return refusal;
        query.Body = body;
        if (!BodyScan.Of(body.Original.Span).TryGet(out var scan, out refusal))
            return refusal;
        query.Streams = scan.Stream;

        string? keyHeader = request.Headers[ModelChoice.KeyHeader];
        var entry = new Entry(query.Token!.Id, query.Wish.Name, query.Token.Grant.Weight, query.Wish.Class, query.Wish.Patience);
        if (!ModelChoice.Of(snapshots.Current, query.Token, scan.Model, keyHeader, entry, hubs, rateGroups).TryGet(out var choice, out refusal))
            return refusal;
        query.Choice = choice with { Model = choice.Model ?? scan.Model };
        if (!HubTarget.Of(choice.Key, choice.Agent, route, choice.Model ?? scan.Model).TryGet(out var target, out refusal))
            return refusal;

        query.Target = target;
        BodyEdits.Apply(body, scan, choice.Model, choice.Agent?.SystemPrompt, route.Prompt);
        if (choice.Key.Access.Protocol is not HubProtocol.OpenAi && ReferenceEquals(route, GatewayRoute.ChatCompletions)
            && ChatTranslation.Apply(query, choice.Agent?.Destination, RequestIds.Of(context), time.GetUtcNow()) is { } untranslatable)
        {
            return untranslatable;
        }

        query.ChecksAnswer = true;
        if (scan.Stream && query.Native is null && route.HasUsageOption && choice.Key.Hub.NeedsUsageOption)
            query.DropsUsageChunk = BodyEdits.AskForUsage(body, scan);

        query.Usage = new UsageScanner();
        return choice;
    }

    private async ValueTask<Outcome<ModelChoice>> RoutePassthroughAsync(HttpContext context, Query query)
    {
        var request = context.Request;
        if (context.WebSockets.IsWebSocketRequest || request.Headers.Upgrade.Count > 0)
            return new Refusal(RefusalReason.NotServed, "websocket_not_served", "WebSocket and realtime sessions do not go through Keypace yet. Use the hub's HTTP routes.");
        var target = GatewayFeature.TargetOf(context);
        if (HubTarget.Split(target) is not { } parts)
            return new Refusal(RefusalReason.NotFound, "key_not_found", "The path is /keys/NAME/… with the name or id of an API key.");

        var key = snapshots.Current.FindKey(query.Token!.TeamId, parts.Name);
        if (!ModelChoice.OfKey(key, query.Token, parts.Name).TryGet(out key, out var refusal))
            return refusal;
        if (key.Destination is not { } destination)
            return new Refusal(RefusalReason.Conflict, "key_without_address", $"The API key '{key.Name}' has no address. Give it a url.");
        if (!HubTarget.Under(destination, parts.Rest).TryGet(out var uri, out refusal))
            return refusal;

        if (request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0 || HttpMethods.IsPost(request.Method))
        {
            if (!(await RequestBody.ReadAsync(request, options.MaxBodyBytes, context.RequestAborted)).TryGet(out var body, out refusal))
                return refusal;
            query.Body = body;
        }

        var choice = new ModelChoice(key, null, null);
        query.Choice = choice;
        query.Target = uri;
        query.Usage = new UsageScanner();
        return choice;
    }

    private async Task RefuseAsync(HttpContext context, Query query, Refusal refusal)
    {
        query.ErrorCode = refusal.Code;
        query.Trouble = KeyHealth.Sentence(refusal);
        if (query.Choice is { } choice)
            query.WriteHeaders(context.Response.Headers, GroupOf(choice).Remaining);
        await Problems.WriteAsync(context, refusal);
    }

    private PacedGroup GroupOf(ModelChoice choice) => snapshots.GroupOf(choice.Key);

    private void NoteExpiry(IHeaderDictionary headers, ServedToken token)
    {
        if (token.Grant.ExpiresAt - time.GetUtcNow() < ExpiryNotice)
            headers[TokenExpiresHeader] = token.Grant.ExpiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
    }

    public static readonly Refusal NoQueryScope = new(RefusalReason.Forbidden, "scope_missing",
        "This access token may not send queries: it has no 'query' scope. Use one that has, or have an administrator change its scopes.");
}
