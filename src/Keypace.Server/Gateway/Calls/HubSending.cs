using System.Runtime.CompilerServices;
using Keypace.Domain;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Calls;

/// <summary>Steps 4 and 5, once: opens the credential, builds the request, and sends it under the turn's permit.</summary>
internal sealed class HubSending(Credentials credentials, SecondLook secondLook, HubLines lines, PacingFigures figures, TimeProvider time)
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SendEnd> SendAsync(Query query, Turn turn, long entered, HubClock clock)
    {
        var key = query.Routed!.Key;
        if (!(await credentials.OpenAsync(key, clock.Token)).TryGet(out var credential, out var refusal))
            return new SendEnd(SendStage.NoCredential, null, refusal);

        var attempt = new WireAttempt(turn, query.Routed.Body is not null, time)
        {
            Stamped = clock.ExpectFirstByte,
            FreshUntil = credential.FreshUntil,
            Unwanted = clock.Token,
            LookedAt = (secondLook, query),
            IsHead = query.Routed.Method == HttpMethod.Head,
        };
        var line = lines.Enter(new LineName(key.Id, key.Destination!.Origin, key.SecretVersion));
        var isTaken = false;
        try
        {
            var request = HubRequests.Build(query, credential, attempt);
            WireAttempt.Current = attempt;            // flows into SendAsync and ends with this method
            var response = await line.SendAsync(request, clock.Token);
            if (!AnswerFraming.IsAnswer(response))
            {
                response.Dispose();
                return new SendEnd(SendStage.NoAnswer, null, HubRefusals.NoAnswer(key, $"it answered with the status {(int)response.StatusCode}"));
            }

            AnswerContent.Open(response);
            isTaken = true;
            return new SendEnd(SendStage.Answered, new HubAnswer(response, credential, line, turn, query.Tally), null);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            if (clock.NobodyAsks)
                throw new OperationCanceledException(clock.Token);
            return EndOf(failure, attempt, turn, key, clock);
        }
        finally
        {
            WireAttempt.Current = null;
            attempt.Settle();
            Count(query.Tally, attempt, turn, entered);
            if (!isTaken)
            {
                line.Leave();
                credential.Dispose();
                if (!attempt.KeepsPermit)
                    turn.Ended();
            }
        }
    }

    private static SendEnd EndOf(Exception failure, WireAttempt attempt, Turn turn, ServedKey key, HubClock clock)
    {
        if (attempt.KeepsPermit)
        {
            return new SendEnd(
                attempt.IsOvertaken ? SendStage.Overtaken : attempt.MetSpentConnection ? SendStage.ConnectionSpent : SendStage.CredentialOutdated, null, null);
        }

        if (attempt.End is TurnEnd.Moved)
            return new SendEnd(SendStage.LineLeft, null, null);
        if (attempt.End is not TurnEnd.Granted)
            return new SendEnd(SendStage.NoTurn, null, attempt.End is TurnEnd.Expired ? HubRefusals.TurnExpired(turn.ExpectedAgain) : HubRefusals.ShuttingDown);
        if (attempt.MayHaveLeft && AnswerFraming.IsInvalid(failure))
            return new SendEnd(SendStage.NoAnswer, null, HubRefusals.NoAnswer(key, "what it sent is no HTTP"));
        var stage = clock.HubWasSilent ? SendStage.HubSilent
            : attempt.MayBeStale && !attempt.AnswerBegan && failure is not OperationCanceledException ? SendStage.ConnectionStale
            : attempt.MayHaveLeft ? SendStage.HubBrokeOff
            : SendStage.NotConnected;
        return new SendEnd(stage, null, HubRefusals.Of(failure, key, clock, attempt.MayHaveLeft));
    }

    private void Count(Tally tally, WireAttempt attempt, Turn turn, long entered)
    {
        var waited = attempt.GrantedAt == 0 ? time.GetElapsedTime(entered) : time.GetElapsedTime(entered, attempt.GrantedAt);
        if (attempt.KeepsPermit)
            return;   // counted with the sending that uses the permit
        tally.Waited += waited;
        if (turn.Deadline < long.MaxValue && attempt.GrantedAt != 0)
            figures.Waited(waited);               // only those that waited have a deadline
        if (attempt.IsStamped)
        {
            tally.Attempts++;
            tally.SentAt = time.GetUtcNow();
        }
    }
}
