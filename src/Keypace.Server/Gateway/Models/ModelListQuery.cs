using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Models;

/// <summary>Asks a key's hub for its list of models.</summary>
/// <param name="key">As it was when somebody asked; one that has changed meanwhile is asked as it is then.</param>
/// <param name="whyNotBy">Why a token may not ask for it; null where it is who may query.</param>
internal sealed class ModelListQuery(ServedKey key, ServedToken token, Func<ServedToken, Refusal?>? whyNotBy, TimeSpan patience, Tally tally) : Query(tally)
{
    private const long MostAnswerBytes = 8 * 1024 * 1024;

    /// <summary>Null when the hub has no list, or failed to give it.</summary>
    public IReadOnlyList<string>? Models { get; private set; }

    /// <summary>Why there is no list although the hub has one; null otherwise.</summary>
    public Refusal? Refusal { get; private set; }

    public override bool TellsOfHealth => false;

    public override ValueTask<Refusal?> ComeInAsync(KeySnapshot snapshot, CancellationToken callerLeft)
    {
        (Token, Wish) = (token, new QueueWish(QueueWish.OurOwn, patience));
        return default;
    }

    public override Refusal? WhyNotBy(ServedToken token) => whyNotBy is null ? base.WhyNotBy(token) : whyNotBy(token);

    public override ValueTask<Outcome<Routed>> RouteAsync(KeySnapshot snapshot) => new(Route(snapshot));

    private Outcome<Routed> Route(KeySnapshot snapshot)
    {
        var now = key;
        if (Routed is not null && !ModelChoice.Again(snapshot, key).TryGet(out now, out var refusal))
            return refusal;
        return now.Destination is { } destination && ModelLists.PathOf(now) is { } path
            ? new Routed(new ModelChoice(now, null, null), HubTarget.Of(destination, path), HttpMethod.Get, null)
            : new Refusal(RefusalReason.NotFound, "route_not_offered", $"{now.Hub.DisplayName} has no list of models.");
    }

    public override async ValueTask<Refusal?> ReadAsync(HubAnswer answer, HubClock clock)
    {
        Status = answer.Status;
        if (AnswerFraming.IsHeadAlone(Status))
            return HubRefusals.NoAnswer(Routed!.Key, $"it answered {Status}, which has no body, where a list of models was asked for");
        if (Status == 200)
        {
            Models = ModelIds.Read(await answer.ReadWholeAsync(MostAnswerBytes, null, clock));
            return Models is null ? HubRefusals.NoModelList(Routed!.Key, Status, null) : null;
        }

        await answer.ReadSmallAsync(clock);
        if (answer.Broken is { } failure)
            return HubRefusals.InAnswer(failure, Routed!.Key, clock);
        return Status is 404 or 405 or 501 ? null /* it has none */ : HubRefusals.NoModelList(Routed!.Key, Status, answer.Words());
    }

    public override ValueTask RefuseAsync(Refusal refusal)
    {
        Refusal = refusal;
        return default;
    }
}
