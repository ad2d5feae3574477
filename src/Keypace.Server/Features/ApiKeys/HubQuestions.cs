using System.Text;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Features.Access;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Platform;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>Runs a hub's test: the calls that its file names, one after the other, until one tells whether the key is accepted.</summary>
internal sealed class HubQuestions(HubExchange exchange, Settlement settlement, GatewayOptions options, TimeProvider time)
{
    private const int MostWords = 300;
    private const int MostAnswerBytes = 256 * 1024;
    private const int StatusOfNoAnswer = 502;

    /// <summary>An answer to a test is expected much sooner than one to a query.</summary>
    private static readonly TimeSpan HubPatience = TimeSpan.FromSeconds(30);

    public async Task<Outcome<ApiKeyTestResult>> TestAsync(ServedKey key, Caller caller, TimeSpan patience, bool isStored, CancellationToken ct)
    {
        var startedAt = time.GetTimestamp();
        if (!key.Hub.Served)
            return new ApiKeyTestResult("unknown", Detail: $"Keys of {key.Hub.DisplayName} can be stored, but not tested yet.");
        if (key.Destination is null || key.Access.Test.Count == 0)
            return new ApiKeyTestResult("unknown", Detail: $"{key.Hub.DisplayName} has no call that tests a key without costing something.");

        ApiKeyTestResult? last = null;
        foreach (var step in key.Access.Test)
        {
            var (result, refusal) = await AskAsync(key, step, caller, patience, isStored, ct);
            if (refusal is not null)
                return refusal;
            last = result! with { LatencyMs = (int)time.GetElapsedTime(startedAt).TotalMilliseconds };
            if (last.Status != "unknown")
                break;
        }

        return last!;
    }

    private async Task<(ApiKeyTestResult? Result, Refusal? Refusal)> AskAsync(
        ServedKey key, HubTest step, Caller caller, TimeSpan patience, bool isStored, CancellationToken ct)
    {
        using var query = new Query("test", time.GetTimestamp(), time.GetUtcNow())
        {
            Token = caller.Token,
            Wish = new QueueWish("keypace", patience),
            Choice = new ModelChoice(key, null, null),
            Target = new Uri(step.UrlOn(key.Destination!)),
            Method = HttpMethod.Parse(step.Method),
            Body = step.Body is { } body ? RequestBody.Of(Encoding.UTF8.GetBytes(body)) : null,
            WantsRefusals = true,
        };
        var status = StatusOfNoAnswer;
        try
        {
            using var clock = new HubClock(options.With(HubPatience, HubPatience), time, ct);
            if (!(await exchange.RunAsync(query, clock)).TryGet(out var answer, out var refusal))
            {
                (query.ErrorCode, status) = (refusal.Code, Problems.StatusOf(refusal.Reason));
                return refusal.Reason is RefusalReason.HubFailed or RefusalReason.HubTimedOut
                    ? (new ApiKeyTestResult("unreachable", Detail: refusal.Detail), null)
                    : (null, refusal);
            }

            using (answer)
            {
                status = answer.Status;
                return (Judge(key, step, answer, await answer.ReadWholeAsync(MostAnswerBytes, query, clock)), null);
            }
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            query.ErrorCode = "hub_broke_off";
            return (new ApiKeyTestResult("unreachable", Detail: $"{key.Hub.DisplayName} broke off in the middle of its answer."), null);
        }
        finally
        {
            var record = query.ToRecord(status, time.GetElapsedTime(query.StartedAt));
            if (!isStored)
                record.ApiKeyId = null;   // the key exists nowhere
            settlement.Add(record);
        }
    }

    private static ApiKeyTestResult Judge(ServedKey key, HubTest step, HubAnswer answer, byte[] body)
    {
        var verdict = step.Judge(answer.Status, body);
        var limit = LimitSignals.ReportedRequestLimit(key.Hub, answer.HeaderOf);
        var hub = key.Hub.DisplayName;
        return verdict switch
        {
            HubTestVerdict.Works => new ApiKeyTestResult("works", limit?.Count, limit?.Seconds, $"{hub} accepts the key."),
            HubTestVerdict.Refused => new ApiKeyTestResult("refused", limit?.Count, limit?.Seconds, $"{hub} does not accept the key: it answered {answer.Status}{WordsOf(body)}"),
            _ => new ApiKeyTestResult("unknown", limit?.Count, limit?.Seconds, $"{hub} answered {answer.Status}, which does not tell whether it accepts the key{WordsOf(body)}"),
        };
    }

    /// <summary>The hub's own words, as far as they are text. The secret is starred out of them already.</summary>
    private static string WordsOf(byte[] body)
    {
        var words = new StringBuilder();
        foreach (var rune in Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 4 * MostWords))).EnumerateRunes())
        {
            if (words.Length >= MostWords)
                break;
            words.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return words.ToString().Trim() is { Length: > 0 } text ? $": {text}" : ".";
    }
}
