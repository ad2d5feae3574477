using System.Runtime.CompilerServices;
using Keypace.Domain;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Calls;

/// <summary>
/// Steps 3 to 6: a permit, a credential, a send, and what the answer teaches; again until the hub gave an answer to pass on or
/// the caller's patience ends. Used by every query, also by key tests and model lists: whatever goes to a hub goes through here.
/// </summary>
internal sealed class HubExchange(
    KeySnapshots snapshots, Credentials credentials, SecondLook secondLook, HubSending sending, PacingFigures figures, KeyAccounts accounts, TimeProvider time)
{
    /// <summary>So often a query is refused while others of its key are answered before its refusal is handed on.</summary>
    private const int MostRefusals = 3;

    private static readonly TimeSpan AloneAfter = TimeSpan.FromSeconds(2);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]   // one a query, awaited once
    public async ValueTask<HubEnd> RunAsync(Query query, HubClock clock)
    {
        if (await credentials.PrepareAsync(query.Routed!.Key, clock.Token) is { } refusedFirst)
            return refusedFirst;
        var group = snapshots.GroupOf(query.Routed.Key);
        var need = NeedOf(query, group);
        query.Course = default;

        while (true)
        {
            // :: Step 3: permit. A query that was sent before comes back to the front of the line.
            if (query.Course.WaitsAlone > TimeSpan.Zero && !await WaitAloneAsync(query, clock))
                return HandedOn(query.Course.Pushback!);
            var entered = time.GetTimestamp();
            if (!(await group.EnterAsync(EntryOf(query, need))).TryGet(out var turn, out var refused))
                return query.Course.Pushback is { } pushback ? HandedOn(pushback) : Refused(query, refused, group, need);
            NoteEntry(query, group, turn, clock);

            // :: Steps 4 and 5: credential, send.
            SendEnd end;
            try
            {
                if (!turn.IsGranted)
                    await turn.WhenNear(clock.Token);
                do
                {
                    end = secondLook.Stands(query) ? await sending.SendAsync(query, turn, entered, clock) : new SendEnd(SendStage.Overtaken, null, null);
                    if (end.Stage is SendStage.Overtaken or SendStage.LineLeft)
                        end = await secondLook.DecideAgainAsync(query, group, end.Stage);
                }
                while (end.Stage is SendStage.CredentialOutdated or SendStage.Overtaken or SendStage.ConnectionSpent);   // its permit is there: the next one does not wait
            }
            finally
            {
                turn.GiveBack();                      // does nothing once the send was stamped
            }

            // :: Step 6: learn.
            var learned = end.Answer is { } answer
                ? await LearnAsync(query, group, turn, need, answer, clock)
                : new Learned(AfterFailure(query, end.Stage), end.Refusal);
            switch (learned.Then)
            {
                case AfterSend.Answer:
                    return end.Answer!;
                case AfterSend.Resend:
                    continue;
                case AfterSend.EnterAgain:
                    // Its place by arrival, in the line of its group now, and no word of it to the caller.
                    if (await credentials.PrepareAsync(query.Routed.Key, clock.Token) is { } unprepared)
                        return unprepared;
                    group = snapshots.GroupOf(query.Routed.Key);
                    need = NeedOf(query, group);
                    query.Course.IsMoved = true;
                    continue;
                default:
                    return new HubEnd(null, learned.Refusal, end.Stage is SendStage.HubBrokeOff or SendStage.ConnectionStale or SendStage.NoAnswer);
            }
        }
    }

    private readonly record struct Learned(AfterSend Then, Refusal? Refusal = null);

    private static AfterSend AfterFailure(Query query, SendStage stage)
    {
        switch (stage)
        {
            case SendStage.LineLeft:
                return AfterSend.EnterAgain;
            case SendStage.ConnectionStale when !query.Course.IsResent:
                query.Course.IsResent = true;
                return AfterSend.Resend;
            default:
                return AfterSend.Refuse;
        }
    }

    /// <summary>What an answer teaches the rate group, and what becomes of the query.</summary>
    private ValueTask<Learned> LearnAsync(Query query, PacedGroup group, Turn turn, in QueryNeed need, HubAnswer answer, HubClock clock)
    {
        var key = query.Routed!.Key;
        if (answer.Status is 401 or 403 or 402 or 429 or 503 or 529)
            return LearnOfRefusalAsync(query, group, turn, need, answer, clock);
        if (HubLearning.Answered(group, turn, answer, key, need.Model, time, out var report))
            accounts.Note(snapshots.Current, key, answer, report);
        var isRoute = query.Routed.MayBeMissing && answer.Status is 404 or 405 or 501;
        if (isRoute || (query.Routed.AddsUsageOption && answer.Status is 400 or 422))
            return LearnOfHabitAsync(query, group, answer, isRoute, clock);
        if (answer.Status < 400)
            key.Answers.Add(turn.SentAt);
        return new(new Learned(AfterSend.Answer));
    }

    /// <summary>
    /// A hub that refuses the option which only the gateway added is asked again without it, and an endpoint that has no such route by the one that it has: each with
    /// a new permit, and from then on at once.
    /// </summary>
    private async ValueTask<Learned> LearnOfHabitAsync(Query query, PacedGroup group, HubAnswer answer, bool isRoute, HubClock clock)
    {
        var key = query.Routed!.Key;
        if (await ReadRefusalAsync(answer, key, clock) is { } silent)
            return new(AfterSend.Refuse, silent);
        if (answer.Broken is null && !(isRoute ? MissingRoutes.IsMissing(answer.Small) : BodyEdits.IsAboutUsageOption(answer.Small)))
            return new(AfterSend.Answer);
        answer.Dispose();
        if (answer.Broken is { } failure)
            return new(AfterSend.Refuse, HubRefusals.InAnswer(failure, key, clock));
        if (isRoute)
            key.Responses.Note();
        else
            key.UsageOption.Note();
        var again = await secondLook.DecideAgainAsync(query, group, SendStage.LineLeft);
        return new(AfterFailure(query, again.Stage), again.Refusal);
    }

    private async ValueTask<Learned> LearnOfRefusalAsync(Query query, PacedGroup group, Turn turn, QueryNeed need, HubAnswer answer, HubClock clock)
    {
        var (key, model) = (query.Routed!.Key, need.Model);
        var isOfKey = answer.Status is 401 or 403;
        if (isOfKey && credentials.Rejected(key, new HubRejection(answer.Status, answer.Response.Headers.Date, query.Tally.SentAt ?? time.GetUtcNow())) && !query.Course.IsRenewed)
        {
            query.Course.IsRenewed = true;
            answer.Dispose();
            return new(AfterSend.Resend);
        }

        if (isOfKey && query.WantsRefusals)
        {
            if (HubLearning.Answered(group, turn, answer, key, model, time, out var report))
                accounts.Note(snapshots.Current, key, answer, report);
            return new(AfterSend.Answer);
        }

        if (answer.Status == 429)
            figures.HubRefused(key.Hub.Name);
        if (await ReadRefusalAsync(answer, key, clock) is { } silent)
            return new(AfterSend.Refuse, silent);
        if (isOfKey)
        {
            var refusedKey = HubRefusals.RefusedKey(key, answer.Status, answer.Words());
            answer.Dispose();
            return new(AfterSend.Refuse, refusedKey);
        }

        var refusals = answer.Status == 429 ? RefusalsOfThis(ref query.Course, turn, key) : 0;
        var isLimit = HubLearning.Refused(group, turn, answer, key, model ?? NamedModel.Of(query.Routed), refusals > 1, time.GetUtcNow(), out var signal, out var scope);
        if (!isLimit || signal.IsTerminal || answer.Status != 429 || query.WantsRefusals)
        {
            if (answer.Broken is not { } failure)
                return new(AfterSend.Answer);
            answer.Dispose();
            return new(AfterSend.Refuse, HubRefusals.InAnswer(failure, key, clock));
        }

        var isOwn = scope is RefusalScope.Query && refusals <= 1;   // the hub says so itself: it is larger than is ever taken
        if (isOwn || (signal.Wait is null && refusals >= MostRefusals))
        {
            HandedOn(answer);
            return new(AfterSend.Answer);
        }

        query.Course.WaitsAlone = scope is RefusalScope.Query ? signal.Wait ?? AloneAfter : TimeSpan.Zero;
        query.Course.Pushback = answer;
        return new(AfterSend.Resend);
    }

    /// <summary>
    /// How often the hub has refused the query while it answered others of the same key that were sent after its first refusal; else 1. From the second time on the refusal is
    /// about this query or its model and not about the key's limit: waiting for the line does not help it.
    /// </summary>
    private static int RefusalsOfThis(ref ExchangeCourse course, Turn turn, ServedKey key)
    {
        course.FirstRefused = course.Refusals == 0 ? turn.SentAt : course.FirstRefused;
        course.Refusals++;
        return key.Answers.SentAt > course.FirstRefused ? course.Refusals : 1;
    }

    /// <summary>A query that is refused for itself waits out what the hub said without a place in line. False when its caller does not wait so long.</summary>
    private async ValueTask<bool> WaitAloneAsync(Query query, HubClock clock)
    {
        var wait = query.Course.WaitsAlone;
        query.Course.WaitsAlone = TimeSpan.Zero;
        if (query.Wish.Patience - time.GetElapsedTime(query.Tally.StartedAt) <= wait)
            return false;
        await Task.Delay(wait, time, clock.Token);
        return true;
    }

    private static HubAnswer HandedOn(HubAnswer refusal)
    {
        refusal.WasWaitedFor = true;
        return refusal;
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
            if (!clock.HubWasSilent)
                throw;
            return HubRefusals.FellSilent(key);
        }
    }

    private static QueryNeed NeedOf(Query query, PacedGroup group)
    {
        var routed = query.Routed!;
        var model = routed.Choice.Model ?? NamedModel.AtOnce(routed, group.LastAsked);
        return (group.HasQuotas && routed.Body is { } body
            ? TokenNeed.Of(body.Original.Span, model, query.HasAnswerTokens, group)
            : new QueryNeed(model, 0, 0)) with { Source = routed.Key.Source };
    }

    private Entry EntryOf(Query query, in QueryNeed need)
    {
        var (tally, token) = (query.Tally, query.Token!);
        var isFirst = query.Course is { Order: 0, IsMoved: false } && tally.Attempts == 0;
        var patience = query.Wish.Patience - (isFirst ? TimeSpan.Zero : time.GetElapsedTime(tally.StartedAt));
        return new Entry(
            token.Id, query.Wish.Name, token.Grant.Weight, query.Wish.Class, patience, Front: tally.Attempts > 0, query.Course.Order, need, query.Routed!.Key.Id);
    }

    /// <summary>It has a place, or its permit.</summary>
    private static void NoteEntry(Query query, PacedGroup group, Turn turn, HubClock clock)
    {
        if (!turn.IsGranted)
        {
            // It waits: which limit for, as the answer's headers say in the end.
            if (turn.BoundBy is { } quota)
                query.Tally.Binding = LimitText.Of(quota);
            else if (group.Binding(turn.Need) is var (kind, binding) && LimitText.Of(kind, binding) is { } text)
                query.Tally.Binding = text;
        }

        ref var course = ref query.Course;
        course.Order = course.Order == 0 ? turn.Order : course.Order;
        course.Pushback?.Dispose();
        course.Pushback = null;
        if (query.Tally.Attempts > 0)
            clock.ExpectNothing();
    }

    /// <summary>Nothing binds the first in line, as in the moment until a fresh group's first line is in the journal: then those before this query take what is free.</summary>
    private static string? WhatThoseBeforeItUseUp(EntryRefusal refused) => refused.RetryAfter > TimeSpan.Zero ? LimitText.Of(BindingKind.RateLimit, null) : null;

    private Refusal Refused(Query query, EntryRefusal refused, PacedGroup group, in QueryNeed need)
    {
        if (refused.Kind is not (EntryRefusalKind.TooLarge or EntryRefusalKind.CircuitOpen or EntryRefusalKind.ShuttingDown))
            query.Tally.RefusedAt = refused.Position + 1;
        if (refused.Quota is { } quota)
            query.Tally.Binding = LimitText.Of(quota);
        else if (refused.Kind is EntryRefusalKind.TooLate && group.Binding(need) is var (kind, binding))
            query.Tally.Binding = LimitText.Of(kind, binding) ?? WhatThoseBeforeItUseUp(refused);
        var refusal = TurnRefusals.Of(refused, need, query.Tally.Binding);
        if (query.Tally.Attempts > 0)
            refusal = refusal with { HasWaited = true };   // it was sent, and tried again here: no SDK need do the same
        figures.Refused(refusal.Code);
        return refusal;
    }
}
