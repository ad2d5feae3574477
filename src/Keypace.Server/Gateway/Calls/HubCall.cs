using System.Runtime.CompilerServices;
using Keypace.Domain;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Calls;

/// <summary>
/// The path of every query, of whatever kind: a caller's, a generation of the contract's, a key's test, a list of models.
/// <code>
///   caller ──1 Caller──2 Route──3 Permit──4 Credential──5 Send──6 Learn──7 Settle── answer
///                                   ▲                              │
///                                   └── 429, stale connection ─────┘   (front of the line, a new permit)
/// </code>
/// Nothing here touches the store: it reads one <see cref="KeySnapshot"/>, and hands one record to <see cref="Settlement"/>.
/// </summary>
internal sealed class HubCall(
    KeySnapshots snapshots,
    HubExchange exchange,
    Settlement settlement,
    KeyHealth health,
    Callers callers,
    AskerEndings endings,
    GatewayOptions options,
    TimeProvider time)
{
    private const int CallerClosedRequest = 499;   // as proxies write it into their logs

    /// <summary>Takes the query from its coming to its record. Neither a hub that fails nor a caller who leaves makes it throw.</summary>
    /// <exception cref="AnswerCutException">Part of an answer has left, and the connection is to be cut: for the last middleware.</exception>
    public async Task RunAsync(Query query, CancellationToken callerLeft)
    {
        var isCut = false;
        var status = StatusCodes.Status500InternalServerError;   // stays where a bug ends it
        try
        {
            // :: Steps 1 to 6; nothing here but the exchange waits in most queries.
            if ((await query.ComeInAsync(snapshots.Current, callerLeft) ?? await WhyNoRouteAsync(query) ?? await AnswerAsync(query, callerLeft)) is { } refusal)
            {
                query.Note(refusal);
                await query.RefuseAsync(refusal);
            }

            status = query.Status;
            isCut = query.IsCutOff;
        }
        catch (OperationCanceledException) when (callerLeft.IsCancellationRequested)
        {
            query.Tally.ErrorCode = "caller_left";
            status = CallerClosedRequest;
        }
        finally
        {
            // :: Step 7: settle.
            if (query.Routed is { Estimate: null } routed && query.TellsOfHealth)
                health.Settle(routed.Key, query.Tally.Trouble, query.Tally.ErrorCode, query.Tally.Fault, status);
            if (query.Token is not null && query.Routed is not { Estimate: not null })
                settlement.Add(query.ToRecord(status, time.GetElapsedTime(query.Tally.StartedAt)));
            query.Dispose();
        }

        if (isCut)
            throw new AnswerCutException();
    }

    /// <summary>Step 2: route. Null when the query has one.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]   // one a query, awaited once
    private async ValueTask<Refusal?> WhyNoRouteAsync(Query query)
    {
        query.DecidedBy = snapshots.Current;
        if (!(await query.RouteAsync(query.DecidedBy)).TryGet(out var routed, out var refusal))
            return refusal;
        query.Routed = routed;
        return null;
    }

    private async ValueTask<Refusal?> AnswerAsync(Query query, CancellationToken callerLeft)
    {
        if (query.Routed!.Estimate is null)
            return await ExchangeAsync(query, callerLeft);
        await query.AnswerHereAsync();
        return null;
    }

    /// <summary>Steps 3 to 6: permit, credential, send, learn; again from the front of the line where a hub pushed back. Null when the answer was read.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]   // one a query, awaited once
    private async ValueTask<Refusal?> ExchangeAsync(Query query, CancellationToken callerLeft)
    {
        using var clock = new HubClock(query.Bounds(options), time, callerLeft, endings.Of(query.Token!));
        try
        {
            while (true)
            {
                var end = await exchange.RunAsync(query, clock);
                if (end.Answer is null && end.HubBrokeOff && query.TriesAgain())
                    continue;
                using var answer = end.Answer;
                if (answer?.Status >= StatusCodes.Status500InternalServerError && query.TriesAgain())
                    continue;
                query.NoteExchange(snapshots.GroupOf(query.Routed!.Key));
                if (answer is null)
                    return end.Refusal;
                try
                {
                    var instead = await query.ReadAsync(answer, clock);
                    answer.IsWhole = !query.IsCutOff;
                    return instead;
                }
                catch (Exception failure) when (failure is IOException or HttpRequestException or OperationCanceledException && !clock.NobodyAsks)
                {
                    if (query.TriesAgain())
                        continue;
                    return HubRefusals.InAnswer(failure, query.Routed.Key, clock);
                }
            }
        }
        catch (Exception failure) when (clock.AskerEnded && failure is IOException or HttpRequestException or OperationCanceledException)
        {
            return callers.WhyEnded(query.Token!);
        }
    }
}
