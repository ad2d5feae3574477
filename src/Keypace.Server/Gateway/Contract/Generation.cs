using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Protocols;
using Keypace.Domain.Protocols.OpenAi;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Gateway.Protocols;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Contract;

/// <summary>One generation of the contract's query: a query to the hub under a permit of its own.</summary>
/// <param name="queryId">Unique for each generation.</param>
internal sealed class Generation(ContractQuery asked, ServedToken token, QueueWish wish, GatewayOptions options, WaitingBodies bodies, string queryId, Tally tally) : Query(tally)
{
    private int _retries;
    private RequestBody? _body;

    /// <summary>Why there is no answer; null when there is one.</summary>
    public Refusal? Refusal { get; private set; }

    /// <summary>The hub's answer, or an error of its own; said in OpenAI's words.</summary>
    public byte[] Answer { get; private set; } = [];

    /// <summary>The hub's error is one that another try does not cure.</summary>
    public bool IsFinal { get; private set; }

    public override GatewayOptions Bounds(GatewayOptions server) => server.With(firstByte: asked.Timeout, idle: asked.Timeout);

    public override ValueTask<Refusal?> ComeInAsync(KeySnapshot snapshot, CancellationToken callerLeft)
    {
        (Token, Wish, Tally.Usage) = (token, wish, new UsageScanner());
        return default;
    }

    public override ValueTask<Outcome<Routed>> RouteAsync(KeySnapshot snapshot) => new(Route(snapshot));

    private Outcome<Routed> Route(KeySnapshot snapshot)
    {
        if (!KeyIn(snapshot).TryGet(out var choice, out var refusal))
            return refusal;
        if (!TargetOf(choice.Key).TryGet(out var target, out refusal))
            return refusal;

        _body?.Dispose();
        _body = RequestBody.Of(ChatBody.Of(asked, choice.Key.Hub, choice.Key.Access), bodies.For(token.Id));
        if (_body is null)
            return WaitingBodies.Full;
        return ChatProtocols.Between(CallerLanguages.Chat, choice.Key.Access.Protocol) is { } protocol
            ? ChatTranslation.Of(CallerLanguages.Chat, protocol, choice, OwnAddress(), _body, bodies.For(token.Id), queryId, Tally.CameInAt)
            : new Routed(choice, target, HttpMethod.Post, _body);
    }

    private Outcome<ModelChoice> KeyIn(KeySnapshot snapshot)
    {
        var found = snapshot.FindKey(token.TeamId, asked.ApiKey);
        if (!ModelChoice.OfKey(found, token, asked.ApiKey).TryGet(out var key, out var refusal))
            return refusal;
        return asked.Hub is { } hub && hub != key.Hub.Name
            ? Refusal.Field("hub", $"The API key '{key.Name}' is one of {key.Hub.Name}, not of {Domain.Keys.TypedName.Said(hub)}.", code: "hub_mismatch")
            : new ModelChoice(key, null, asked.Model);
    }

    private Outcome<Uri> TargetOf(ServedKey key)
    {
        if (asked.Url is not { } url)
            return HubTarget.Of(key, null, GatewayRoute.ChatCompletions, asked.Model);
        if (key.Destination is not { } destination || !Destination.Parse(url).TryGet(out var given, out _) || !destination.Covers(given))
            return Refusal.Field("url", $"The url must lie under {key.Destination}, which the key's secret is bound to.", code: "destination_mismatch");
        return HubTarget.Of(key with { Destination = given }, null, GatewayRoute.ChatCompletions, asked.Model);
    }

    private Destination? OwnAddress() =>
        asked.Url is { } url && Destination.Parse(url).TryGet(out var given, out _) ? given : null;

    public override bool TriesAgain() => _retries++ < asked.MaxRetries;

    public override async ValueTask<Refusal?> ReadAsync(HubAnswer answer, HubClock clock)
    {
        (Status, IsFinal) = (answer.Status, answer.IsFinal);
        if (AnswerFraming.IsHeadAlone(Status))
            return HubRefusals.NoAnswer(Routed!.Key, $"it answered {Status}, which has no body, where a completion was asked for");
        if (Routed!.Native is not { } native)
        {
            Answer = await answer.ReadWholeAsync(options.MaxBodyBytes, Tally.Usage, clock);
            return OpenAiAnswers.IsSuspicious(Status, Answer, isWhole: true) && OpenAiAnswers.Fault(Status, Answer) is { } none
                ? TakeFault(none)
                : null;
        }

        var fault = await TranslatedAnswer.ReadRefusalAsync(answer, native, clock);
        if (fault is null && native.Answers.TryRead(await answer.ReadWholeAsync(options.MaxBodyBytes, Tally.Usage, clock), out var completion, out fault))
        {
            Answer = completion!;
            return null;
        }

        return TakeFault(fault!);
    }

    /// <returns>What to say where it is not the hub's own error.</returns>
    private Refusal? TakeFault(HubFault fault)
    {
        if (!fault.IsHubsOwn)
            return new Refusal(RefusalReason.HubFailed, fault.Code, TranslatedAnswer.Sentence(this, fault));
        (Status, IsFinal, Answer) = (fault.Status, IsFinal || fault.IsTerminal, TranslatedAnswer.ToBytes(this, fault, queryId));
        return null;
    }

    public override ValueTask RefuseAsync(Refusal refusal)
    {
        Refusal = refusal;
        return default;
    }

    public override void Dispose()
    {
        base.Dispose();
        _body?.Dispose();
    }
}
