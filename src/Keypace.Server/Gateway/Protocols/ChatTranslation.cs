using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Domain.Protocols;
using Keypace.Domain.Protocols.Neutral;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Requests;

namespace Keypace.Server.Gateway.Protocols;

/// <summary>The end of step 2 where caller and hub speak different languages: the query's body and target become the hub's.</summary>
internal static class ChatTranslation
{
    /// <param name="own">An agent's own address, or another, under the key's; null when there is none.</param>
    /// <param name="body">In the caller's language; stays the caller's.</param>
    /// <param name="room">For the body in the hub's language, which is held beside the caller's.</param>
    /// <param name="queryId">Unique for each query.</param>
    /// <returns>The query in the hub's language, or why it cannot be said in it.</returns>
    public static Outcome<Routed> Of(
        CallerLanguage language, IChatProtocol protocol, in ModelChoice choice, Destination? own, RequestBody body, WaitingBodies.BodyRoom room, string queryId, DateTimeOffset now)
    {
        var key = choice.Key;
        if ((own ?? key.Destination) is not { } destination)
            return new Refusal(RefusalReason.Conflict, "key_without_address", $"The API key '{key.Name}' has no address. Give it a url.");

        var setting = new ChatSetting(key.Hub.DisplayName, key.Access, key.Config, queryId, now)
        {
            Language = language,
            Drops = choice.Agent is { } agent ? key.Drops.And(agent.Drops) : key.Drops,
            MostTokensMember = key.Hub.MostTokensMember,
            AsksForUsage = key.Hub.NeedsUsageOption && !key.UsageOption.IsRefused,
        };
        if (!protocol.Ask(body.ToWhole(), setting).TryGet(out var native, out var refusal))
            return refusal;
        if (!(native.Path.Length == 0 ? HubTarget.At(destination) : HubTarget.Under(destination, native.Path)).TryGet(out var target, out _))
        {
            return Refusal.Field("model", "The model's name holds dot segments or characters that an address cannot have.", code: "bad_path")
                with { Reason = RefusalReason.Malformed };
        }

        return RequestBody.Of(native.Body.Span, room) is { } inItsLanguage
            ? new Routed(choice, target, HttpMethod.Post, inItsLanguage) { Native = native }
            : WaitingBodies.Full;
    }
}
