using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Pacing;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Calls;

/// <summary>
/// What decides a query is read again when its turn has come, before the first byte: who asks, which key, which agent. One that waited is not
/// sent by what was true when it came.
/// </summary>
internal sealed class SecondLook(KeySnapshots snapshots, Callers callers)
{
    /// <summary>True while everything is as it was decided by. One comparison where nothing has changed at all.</summary>
    public bool Stands(Query query)
    {
        var current = snapshots.Current;
        if (ReferenceEquals(current, query.DecidedBy))
            return true;
        var choice = query.Routed!.Choice;
        if (query.IsOfStoredKey && !ReferenceEquals(current.Keys.GetValueOrDefault(choice.Key.Id), choice.Key))
            return false;
        if (choice.Agent is { } agent && !ReferenceEquals(current.Agents.GetValueOrDefault(agent.Id), agent))
            return false;
        if (!callers.IsAsItWas(current, query.Token!))
            return false;
        query.DecidedBy = current;
        return true;
    }

    /// <summary>Decides anew from what the caller sent.</summary>
    /// <param name="group">Where it has its permit, or had its place.</param>
    /// <param name="stage"><see cref="SendStage.LineLeft"/> where it has neither any more.</param>
    /// <returns><see cref="SendStage.Overtaken"/> where it may go out, as it is now, under the permit that it has.</returns>
    public async ValueTask<SendEnd> DecideAgainAsync(Query query, PacedGroup group, SendStage stage)
    {
        var current = snapshots.Current;
        if (!callers.Again(current, query.Token!).TryGet(out var token, out var refusal))
            return new SendEnd(SendStage.Withdrawn, null, refusal);
        if (query.WhyNotBy(token) is { } forbidden)
            return new SendEnd(SendStage.Withdrawn, null, forbidden);
        query.AskedBy(token);
        if (!(await query.RouteAsync(current)).TryGet(out var routed, out refusal))
            return new SendEnd(SendStage.Withdrawn, null, refusal);
        var before = query.Routed!;
        query.Routed = routed;
        query.DecidedBy = current;
        before.Dispose();
        // A credential that must be fetched is fetched without a permit.
        var stays = stage is SendStage.Overtaken && routed.Key.RateGroupId == group.Id && routed.Key.Access.Auth.Kind is Domain.Hubs.HubAuthKind.Header;
        return new SendEnd(stays ? SendStage.Overtaken : SendStage.LineLeft, null, null);
    }
}
