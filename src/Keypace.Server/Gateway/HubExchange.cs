using Keypace.Domain;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;

namespace Keypace.Server.Gateway;

/// <summary>
/// Steps 3 to 6: a permit, a credential, a send, and what the answer teaches; again until the hub gave an answer to pass on or
/// the caller's patience ends. Used by every query, also by key tests and model lists: whatever goes to a hub goes through here.
/// </summary>
internal sealed class HubExchange(
    KeySnapshots snapshots, RateGroups rateGroups, Credentials credentials, HubLines lines, TimeProvider time)
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);

    public async ValueTask<Outcome<HubAnswer>> RunAsync(Query query, HubClock clock)
    {
        var key = query.Choice!.Key;
        var group = rateGroups.Get(key.RateGroupId, snapshots.Current.LimitOf(key.RateGroupId) ?? key.Limit);
        var isResent = false;
        var pushbacks = 0;
        HubAnswer? pushback = null;
        var order = 0L;
        if (await credentials.PrepareAsync(key, clock.Token) is { } unprepared)
            return unprepared;

        while (true)
        {
            // :: Step 3: permit. A query that was sent before comes back to the front of the line.
            var entered = time.GetTimestamp();
            var patience = query.Wish.Patience - (query.Attempts == 0 ? TimeSpan.Zero : time.GetElapsedTime(query.StartedAt));
            var entry = new Entry(
                query.Token!.Id, query.Wish.Name, query.Token.Grant.Weight, query.Wish.Class, patience, Front: query.Attempts > 0, order);
            if (!group.Enter(entry).TryGet(out var turn, out var refused))
            {
                if (pushback is not null)
                    return pushback;
                query.RefusedAt = refused.Position + 1;
                return Refused(refused);
            }

            order = order == 0 ? turn.Order : order;
            pushback?.Dispose();
            pushback = null;
            if (query.Attempts > 0)
                clock.ExpectNothing();

            AttemptEnd end;
            try
            {
                if (!turn.IsGranted)
                    await turn.WhenNear(clock.Token);
                // :: Steps 4 and 5: credential, send.
                end = await SendAsync(query, key, turn, entered, clock);
            }
            finally
            {
                turn.GiveBack();                      // does nothing once the send was stamped
            }

            // :: Step 6: learn.
            if (end.Answer is { } answer)
            {
                if (answer.Status == 401)
                    credentials.Rejected(key);
                if (answer.Status is 401 or 403 && !query.WantsRefusals)
                {
                    answer.Dispose();
                    return HubRefusals.RefusedKey(key, answer.Status);
                }

                if (answer.Status != 429)
                    return answer;
                await answer.ReadSmallAsync(clock.Token);
                var signal = answer.Limits(key.Hub, time.GetUtcNow());
                if (signal.IsTerminal)
                    return answer;
                var wait = signal.Wait ?? Backoff(pushbacks++);
                group.Pause(wait, $"{key.Hub.DisplayName} answered 429");
                pushback = answer;
                continue;
            }

            if (end.IsWorthResending && !isResent)
            {
                isResent = true;
                continue;
            }

            return end.Refusal!;
        }
    }

    private async ValueTask<AttemptEnd> SendAsync(Query query, ServedKey key, Turn turn, long entered, HubClock clock)
    {
        if (!(await credentials.OpenAsync(key, clock.Token)).TryGet(out var credential, out var refusal))
            return new AttemptEnd(null, refusal, false);

        var attempt = new WireAttempt(turn, query.Body is not null, time) { Stamped = clock.ExpectFirstByte };
        var line = lines.Enter(new LineName(key.Id, key.Destination!.Origin, key.SecretVersion));
        var isTaken = false;
        try
        {
            var request = HubRequests.Build(query, credential, attempt);
            WireAttempt.Current = attempt;            // flows into SendAsync and ends with this method
            var response = await line.SendAsync(request, clock.Token);
            isTaken = true;
            return new AttemptEnd(new HubAnswer(response, credential, line), null, false);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            if (clock.CallerLeft)
                throw new OperationCanceledException(clock.Token);
            if (attempt.End is not TurnEnd.Granted)
                return new AttemptEnd(null, HubRefusals.NoTurn(attempt.End), false);
            var isWorthResending = attempt.MayBeStale && !attempt.AnswerBegan && failure is not OperationCanceledException;
            return new AttemptEnd(null, HubRefusals.Of(failure, key, clock, attempt.MayHaveLeft), isWorthResending);
        }
        finally
        {
            WireAttempt.Current = null;
            attempt.Settle();
            query.Waited += attempt.GrantedAt == 0 ? time.GetElapsedTime(entered) : time.GetElapsedTime(entered, attempt.GrantedAt);
            if (attempt.IsStamped)
            {
                query.Attempts++;
                query.SentAt = time.GetUtcNow();
            }

            if (!isTaken)
            {
                line.Leave();
                credential.Dispose();
            }
        }
    }

    private static TimeSpan Backoff(int pushbacks) =>
        FirstBackoff * Math.Min(LongestBackoff / FirstBackoff, 1 << Math.Min(pushbacks, 5));

    private static Refusal Refused(EntryRefusal refused) => refused.Kind switch
    {
        EntryRefusalKind.QueueFull => new(RefusalReason.Limited, "queue_full",
            "So many queries wait for this key that no more are taken. Try again when some are through.", refused.RetryAfter),
        EntryRefusalKind.CallerQueueFull => new(RefusalReason.Limited, "queue_full",
            "This caller has as many queries waiting for this key as it may have. Try again when some are through.", refused.RetryAfter),
        EntryRefusalKind.ShuttingDown => HubRefusals.NoTurn(TurnEnd.ShuttingDown),
        _ => new(RefusalReason.Limited, "no_turn_in_time",
            $"The turn of this query would come in {refused.RetryAfter.TotalSeconds:0.0} s, at place {refused.Position + 1} in the line: later than the caller would wait. Nothing was sent.",
            refused.RetryAfter),
    };

    /// <summary>How one attempt ended: an answer, or a refusal that may be worth one more try from the front of the line.</summary>
    private readonly record struct AttemptEnd(HubAnswer? Answer, Refusal? Refusal, bool IsWorthResending);
}
