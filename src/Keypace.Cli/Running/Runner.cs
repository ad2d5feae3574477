using Keypace.Cli.Commands;
using Keypace.Client;

namespace Keypace.Cli.Running;

/// <summary>Sends questions through the server, so many at a time, and keeps each answer as it comes. One failure does not end the others.</summary>
internal sealed class Runner(KeypaceClient keypace, Asked asked, RunWishes wishes, AnswerFile answers, FailureFile failures, RunCounts counts, TimeProvider clock)
{
    /// <summary>First wait before another try where the server names none; doubled each time.</summary>
    private static readonly TimeSpan s_firstWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(30);

    // With these it is the run that cannot go on, not the question: every other one would fare the same.
    private static readonly string[] s_endsTheRun =
    [
        "unauthorized", "token_expired", "token_revoked", "scope_missing", "token_bound", KeypaceException.Unreachable, KeypaceException.UnreadableAnswer,
    ];

    // The same, where one agent, key or model is asked by all.
    private static readonly string[] s_endsTheRunOfOne =
    [
        "agent_not_found", "agent_archived", "agent_without_key", "key_not_found", "key_disabled", "key_without_address", "no_key_for_hub", "ambiguous_key",
        "unknown_hub", "model_not_found", "hub_refused_key", "hub_not_served", "secret_not_openable", "destination_changed", "destination_mismatch",
    ];

    private volatile bool _isStopped;

    /// <summary>Why the run ended early; null when it did not.</summary>
    public KeypaceException? Ended { get; private set; }

    public bool WasStopped { get; private set; }

    /// <summary>Gives no new question to the server; those under way are still answered.</summary>
    public void Stop() => (_isStopped, WasStopped) = (true, true);

    public async Task SendAsync(IAsyncEnumerable<RunQuestion> questions, int atOnce, CancellationToken ct) =>
        await Parallel.ForEachAsync(UntilStopped(questions), new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = ct }, SendOneAsync);

    private async IAsyncEnumerable<RunQuestion> UntilStopped(IAsyncEnumerable<RunQuestion> questions)
    {
        await foreach (var question in questions)
        {
            if (_isStopped)
                yield break;

            yield return question;
        }
    }

    private async ValueTask SendOneAsync(RunQuestion question, CancellationToken ct)
    {
        if (_isStopped)
            return;

        counts.Begin();
        for (var failed = 0; ; failed++)
        {
            try
            {
                var answer = await keypace.Queries.SendAsync(question.Path, question.Body, new QueryRouting(asked.Key, wishes.Caller), ct);
                if (AnswerBody.Fault(question.Path, answer.Body) is not { } why)
                {
                    answers.Add(question, answer);
                    counts.Answer(answer.Body);
                    return;
                }

                if (failed >= wishes.Retries || _isStopped)
                {
                    Give(question, RunFailure.Of(answer, why));
                    return;
                }

                await Task.Delay(WaitAfter(failed), clock, ct);
            }
            catch (KeypaceException failure) when (WaitsForItsTurn(failure) && !_isStopped)
            {
                // The queue is longer than the server lets anybody stand in it. A file of questions has the time.
                failed--;
                await Task.Delay(failure.RetryAfter!.Value, clock, ct);
            }
            catch (KeypaceException failure) when (failed < wishes.Retries && MayPass(failure) && !_isStopped)
            {
                await Task.Delay(failure.RetryAfter ?? WaitAfter(failed), clock, ct);
            }
            catch (KeypaceException failure)
            {
                Give(question, RunFailure.Of(failure));
                EndIfAllWouldFail(failure);
                return;
            }
        }
    }

    private static TimeSpan WaitAfter(int failed)
    {
        var wait = s_firstWait * Math.Pow(2, failed);
        return wait < s_longestWait ? wait : s_longestWait;
    }

    private void Give(RunQuestion question, RunFailure failure)
    {
        counts.Fail(failure);
        failures.Add(question, failure);
        _isStopped |= wishes.FailFast;
    }

    private void EndIfAllWouldFail(KeypaceException failure)
    {
        if (s_endsTheRun.Contains(failure.Code) || ((asked.BodyModel is not null || asked.Key is not null) && s_endsTheRunOfOne.Contains(failure.Code)))
        {
            Ended ??= failure;
            _isStopped = true;
        }
    }

    private static bool WaitsForItsTurn(KeypaceException failure) => failure is { Status: 429, RetryAfter: not null, Code: "no_turn_in_time" or "queue_full" };

    /// <summary>Whether the same question may be answered a little later.</summary>
    private static bool MayPass(KeypaceException failure) =>
        failure.ShouldRetry != false && failure is { Status: null or 408 or 429 or >= 500, Code: not KeypaceException.UnreadableAnswer };
}
