using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Paths;

/// <summary>A query on a key's own path, <c>/keys/NAME/…</c>, or on a path of its hub with the key's name in the header: it goes to that key's hub as it is.</summary>
internal sealed class PassthroughQuery(HttpContext context, HttpQueryParts parts, Tally tally) : HttpQuery(context, parts, tally)
{
    private HubTarget.Parts? _target;
    private KeySnapshot? _looked;   // where the key was looked up last
    private ServedKey? _key;

    protected override ValueTask<Refusal?> TakeBodyAsync(KeySnapshot snapshot, CancellationToken callerLeft)
    {
        var request = Context.Request;
        if (Context.WebSockets.IsWebSocketRequest || request.Headers.Upgrade.Count > 0)
            return new(new Refusal(RefusalReason.NotServed, "websocket_not_served", "WebSocket and realtime sessions do not go through Keypace yet. Use the hub's HTTP routes."));
        if (HubMethods.Of(request.Method) is null)
            return new(new Refusal(RefusalReason.WrongMethod, "method_not_allowed", $"{(TypedName.MayBeSaid(request.Method) ? request.Method : "This method")} is never sent to a hub. GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS are."));
        _target = RequestTarget.IsBelowKeys(Context)
            ? HubTarget.Split(RequestTarget.Of(Context))
            : new HubTarget.Parts(Uri.UnescapeDataString(request.Headers[ModelChoice.KeyHeader].ToString()), RequestTarget.Of(Context).TrimStart('/'));
        if (!KeyIn(snapshot).TryGet(out _, out var refusal))
            return new(refusal);   // without the body being read
        Tally.Usage = new UsageScanner();
        return request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0 || HttpMethods.IsPost(request.Method)
            ? ReadBodyAsync(callerLeft)
            : default;
    }

    public override ValueTask<Outcome<Routed>> RouteAsync(KeySnapshot snapshot) => new(Route(snapshot));

    private Outcome<Routed> Route(KeySnapshot snapshot)
    {
        if (!KeyIn(snapshot).TryGet(out var key, out var refusal))
            return refusal;
        return HubTarget.Under(key.Destination!, _target!.Value.Rest).TryGet(out var uri, out refusal)
            ? new Routed(new ModelChoice(key, null, null), uri, HubMethods.Of(Context.Request.Method)!, Body)
            : refusal;
    }

    private Outcome<ServedKey> KeyIn(KeySnapshot snapshot)
    {
        if (ReferenceEquals(snapshot, _looked))
            return _key!;
        if (_target is not { } target)
            return new Refusal(RefusalReason.NotFound, "key_not_found", "The path is /keys/NAME/… with the name or id of an API key.");
        if (!ModelChoice.OfKey(snapshot.FindKey(Token!.TeamId, target.Name), Token, target.Name).TryGet(out var key, out var refusal))
            return refusal;
        if (key.Destination is null)
            return new Refusal(RefusalReason.Conflict, "key_without_address", $"The API key '{key.Name}' has no address. Give it a url.");
        (_looked, _key) = (snapshot, key);
        return key;
    }
}
