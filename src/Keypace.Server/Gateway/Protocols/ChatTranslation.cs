using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Domain.Protocols;
using Keypace.Server.Gateway.Requests;

namespace Keypace.Server.Gateway.Protocols;

/// <summary>The end of step 2 for hubs with a language of their own: the query's body and target become the hub's.</summary>
internal static class ChatTranslation
{
    /// <param name="agentDestination">An agent's own address under the key's; null when it has none.</param>
    /// <param name="queryId">Unique for each query.</param>
    /// <returns>Why the query cannot be said in the hub's language; null when it was.</returns>
    public static Refusal? Apply(Query query, Destination? agentDestination, string queryId, DateTimeOffset now)
    {
        var key = query.Choice!.Key;
        if (ChatProtocols.Of(key.Access.Protocol) is not { } protocol)
            return null;
        if ((agentDestination ?? key.Destination) is not { } destination)
            return new Refusal(RefusalReason.Conflict, "key_without_address", $"The API key '{key.Name}' has no address. Give it a url.");

        var setting = new ChatSetting(key.Hub.DisplayName, key.Access, key.Config, queryId, now);
        if (!protocol.Ask(query.Body!.ToWhole(), setting).TryGet(out var native, out var refusal))
            return refusal;
        if (!(native.Path.Length == 0 ? HubTarget.At(destination) : HubTarget.Under(destination, native.Path)).TryGet(out var target, out _))
        {
            return Refusal.Field("model", "The model's name holds dot segments or characters that an address cannot have.", code: "bad_path")
                with { Reason = RefusalReason.Malformed };
        }

        query.Body.Dispose();
        query.Body = RequestBody.Of(native.Body.Span);
        query.Target = target;
        query.Native = native;
        return null;
    }
}
