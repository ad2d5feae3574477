using System.Runtime.CompilerServices;
using Keypace.Domain;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;

namespace Keypace.Server.Gateway;

/// <summary>
/// Steps 3 to 6: a permit, a credential, a send, and what the answer teaches; again until the hub gave an answer to pass on or
/// the caller's patience ends. Used by every query, also by key tests and model lists: whatever goes to a hub goes through here.
/// </summary>
internal sealed class HubExchange(
    KeySnapshots snapshots, Credentials credentials, HubLines lines, PacingFigures figures, KeyAccounts accounts, TimeProvider time)
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]   // one a query, awaited once
    public async ValueTask<Outcome<HubAnswer>> RunAsync(Query query, HubClock clock)
    {
        var key = query.Choice!.Key;
        var group = snapshots.GroupOf(key);
        var need = (group.HasQuotas && query.Body is { } body
            ? TokenNeed.Of(body.Original.Span, query.Choice.Model, query.HasAnswerTokens, group)
            : new QueryNeed(query.Choice.Model, 0, 0)) with { Source = key.Source };
        var (isResent, isMoved, isRenewed) = (false, false, false);
        HubAnswer? pushback = null;
        var order = 0L;
        if (await credentials.PrepareAsync(key, clock.Token) is { } unprepared)
            return unprepared;

        while (true)
        {
            // :: Step 3: permit. A query that was sent before comes back to the front of the line.
            var entered = time.GetTimestamp();
            var patience = query.Wish.Patience - (order == 0 && query.Attempts == 0 && !isMoved ? TimeSpan.Zero : time.GetElapsedTime(query.StartedAt));
            var entry = new Entry(
                query.Token!.Id, query.Wish.Name, query.Token.Grant.Weight, query.Wish.Class, patience, Front: query.Attempts > 0, order, need, key.Id);
            if (!group.Enter(entry).TryGet(out var turn, out var refused))
            {
                if (pushback is not null)
                    return pushback;
                return Refused(query, refused, group, need);
            }

            if (!turn.IsGranted)
                NoteBinding(query, group, turn);

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
                do
                    end = await SendAsync(query, key, turn, entered, clock);
                while (end.IsOutdated);               // its permit is there: the next one does not wait
            }
            finally
            {
                turn.GiveBack();                      // does nothing once the send was stamped
            }

            // :: Step 6: learn.
            if (end.Answer is { } answer)
            {
                if (answer.Status is 401 or 403 && credentials.Rejected(key, new HubRejection(answer.Status, answer.Response.Headers.Date, query.SentAt ?? time.GetUtcNow())) && !isRenewed)
                {
                    isRenewed = true;
                    answer.Dispose();
                    continue;
                }

                if (answer.Status is 401 or 403 && !query.WantsRefusals)
                {
                    if (await ReadRefusalAsync(answer, key, clock) is { } cut)
                        return cut;
                    var refusedKey = HubRefusals.RefusedKey(key, answer.Status, answer.Words);
                    answer.Dispose();
                    return refusedKey;
                }

                if (answer.Status is not (429 or 402 or 503 or 529))
                {
                    if (HubLearning.Answered(group, turn, answer, key, need.Model, time, out var report))
                        accounts.Note(snapshots.Current, key, answer, report);
                    return answer;
                }

                if (answer.Status == 429)
                    figures.HubRefused(key.Hub.Name);
                if (await ReadRefusalAsync(answer, key, clock) is { } silent)
                    return silent;
                if (!HubLearning.Refused(group, turn, answer, key, need.Model, time.GetUtcNow(), out var signal) || signal.IsTerminal || answer.Status != 429 || query.WantsRefusals)
                    return answer;
                pushback = answer;
                continue;
            }

            if (end.IsMoved)
            {
                // The key is in another group now: a new place, there, and no word of it to the caller. The place in the old line says nothing there.
                (group, order, isMoved) = (snapshots.GroupOf(snapshots.Current.Keys.GetValueOrDefault(key.Id) ?? key), 0, true);
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

    /// <summary>The body of an answer that is a refusal. Null when it is there; otherwise why not, and the answer is done with.</summary>
    private static async ValueTask<Refusal?> ReadRefusalAsync(HubAnswer answer, ServedKey key, HubClock clock)
    {
        try
        {
            await answer.ReadSmallAsync(clock);
            return null;
        }
        catch (OperationCanceledException)
        {
            answer.Dispose();
            if (clock.CallerLeft)
                throw;
            return HubRefusals.FellSilent(key);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptEnd> SendAsync(Query query, ServedKey key, Turn turn, long entered, HubClock clock)
    {
        if (!(await credentials.OpenAsync(key, clock.Token)).TryGet(out var credential, out var refusal))
            return new AttemptEnd(null, refusal, false);

        var attempt = new WireAttempt(turn, query.Body is not null, time) { Stamped = clock.ExpectFirstByte, FreshUntil = credential.FreshUntil };
        var line = lines.Enter(new LineName(key.Id, key.Destination!.Origin, key.SecretVersion));
        var isTaken = false;
        try
        {
            var request = HubRequests.Build(query, credential, attempt);
            WireAttempt.Current = attempt;            // flows into SendAsync and ends with this method
            var response = await line.SendAsync(request, clock.Token);
            isTaken = true;
            return new AttemptEnd(new HubAnswer(response, credential, line, turn, query), null, false);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            if (clock.CallerLeft)
                throw new OperationCanceledException(clock.Token);
            if (attempt.IsOutdated)
                return new AttemptEnd(null, null, false, IsOutdated: true);
            if (attempt.End is TurnEnd.Moved)
                return new AttemptEnd(null, null, false, IsMoved: true);
            if (attempt.End is not TurnEnd.Granted)
                return new AttemptEnd(null, HubRefusals.NoTurn(attempt.End), false);
            var isWorthResending = attempt.MayBeStale && !attempt.AnswerBegan && failure is not OperationCanceledException;
            return new AttemptEnd(null, HubRefusals.Of(failure, key, clock, attempt.MayHaveLeft), isWorthResending);
        }
        finally
        {
            WireAttempt.Current = null;
            attempt.Settle();
            var waited = attempt.GrantedAt == 0 ? time.GetElapsedTime(entered) : time.GetElapsedTime(entered, attempt.GrantedAt);
            if (!attempt.IsOutdated)
                query.Waited += waited;
            if (turn.Deadline < long.MaxValue && attempt.GrantedAt != 0)
                figures.Waited(waited);               // only those that waited have a deadline
            if (attempt.IsStamped)
            {
                query.Attempts++;
                query.SentAt = time.GetUtcNow();
            }

            if (!isTaken)
            {
                line.Leave();
                credential.Dispose();
                if (!attempt.IsOutdated)
                    turn.Ended();
            }
        }
    }

    /// <summary>It waits: which limit for, as the answer's headers say in the end.</summary>
    private static void NoteBinding(Query query, PacedGroup group, Turn turn)
    {
        if (turn.BoundBy is { } quota)
            query.Binding = LimitText.Of(quota);
        else if (group.Binding() is var (kind, binding) && LimitText.Of(kind, binding) is { } text)
            query.Binding = text;
    }

    private Refusal Refused(Query query, EntryRefusal refused, PacedGroup group, in QueryNeed need)
    {
        if (refused.Kind is not (EntryRefusalKind.TooLarge or EntryRefusalKind.CircuitOpen or EntryRefusalKind.ShuttingDown))
            query.RefusedAt = refused.Position + 1;
        if (refused.Quota is { } quota)
            query.Binding = LimitText.Of(quota);
        else if (refused.Kind is EntryRefusalKind.TooLate && group.Binding() is var (kind, binding))
            query.Binding = LimitText.Of(kind, binding);
        var refusal = TurnRefusals.Of(refused, need, query.Binding);
        figures.Refused(refusal.Code);
        return refusal;
    }

    /// <summary>How one attempt ended: an answer, or a refusal that may be worth one more try from the front of the line.</summary>
    private readonly record struct AttemptEnd(HubAnswer? Answer, Refusal? Refusal, bool IsWorthResending, bool IsMoved = false, bool IsOutdated = false);
}
