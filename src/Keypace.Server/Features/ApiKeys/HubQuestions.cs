using System.Text;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Features.Access;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Protocols;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Platform;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>Runs a hub's test: the calls that its file names, one after the other, until one tells whether the key is accepted.</summary>
internal sealed class HubQuestions(HubExchange exchange, Settlement settlement, KeyHealth health, GatewayOptions options, TimeProvider time)
{
    private const int MostAnswerBytes = 1024 * 1024;
    private const int StatusOfNoAnswer = 502;

    /// <summary>For an endpoint of any JSON, which has no cheaper call: one short question through the key's own template.</summary>
    private static readonly HubTest OneQuestion = new("POST", "", """{"model":"test","messages":[{"role":"user","content":"Say hello."}]}""", [200], [401, 403], [], false);

    /// <summary>An answer to a test is expected much sooner than one to a query.</summary>
    private static readonly TimeSpan HubPatience = TimeSpan.FromSeconds(30);

    /// <param name="model">A model that the key should be able to use; null when that does not matter.</param>
    public async Task<Outcome<ApiKeyTestResult>> TestAsync(ServedKey key, string? model, Caller caller, TimeSpan patience, bool isStored, CancellationToken ct)
    {
        var startedAt = time.GetTimestamp();
        if (!key.Hub.Served)
            return new ApiKeyTestResult("unknown", Detail: $"Keys of {key.Hub.DisplayName} can be stored, but not tested yet.");
        IReadOnlyList<HubTest> steps = key.Access is { Protocol: HubProtocol.PlainJson, Test.Count: 0 } ? [OneQuestion] : key.Access.Test;
        if (key.Destination is null || steps.Count == 0)
            return new ApiKeyTestResult("unknown", Detail: $"{key.Hub.DisplayName} has no call that tests a key without costing something.");

        ApiKeyTestResult? last = null;
        foreach (var step in steps)
        {
            var (result, refusal) = await AskAsync(key, step, model, caller, patience, isStored, ct);
            if (refusal is not null)
                return refusal;
            last = result! with { LatencyMs = (int)time.GetElapsedTime(startedAt).TotalMilliseconds };
            if (last.Status is not ("unknown" or "wrong_address"))
                break;
        }

        if (isStored && last!.Status is "works")
            health.Clear(key.Id);
        else if (isStored && last!.Status is not "unknown")
            health.Note(key.Id, last.Detail ?? last.Status);
        return last!;
    }

    private async Task<(ApiKeyTestResult? Result, Refusal? Refusal)> AskAsync(
        ServedKey key, HubTest step, string? model, Caller caller, TimeSpan patience, bool isStored, CancellationToken ct)
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
            if (ReferenceEquals(step, OneQuestion) && ChatTranslation.Apply(query, null, "test", time.GetUtcNow()) is { } untranslatable)
                return (null, untranslatable);
            using var clock = new HubClock(options.With(HubPatience, HubPatience), time, ct);
            if (!(await exchange.RunAsync(query, clock)).TryGet(out var answer, out var refusal))
            {
                (query.ErrorCode, status) = (refusal.Code, Problems.StatusOf(refusal.Reason));
                if (refusal.Code is "hub_refused_key")
                    return (new ApiKeyTestResult("refused", Detail: refusal.Detail), null);
                return refusal.Reason is RefusalReason.HubFailed or RefusalReason.HubTimedOut
                    ? (new ApiKeyTestResult("unreachable", Detail: refusal.Detail), null)
                    : (null, refusal);
            }

            using (answer)
            {
                status = answer.Status;
                var whole = await answer.ReadWholeAsync(MostAnswerBytes, query, clock);
                var result = TestVerdicts.Of(key, step, model, answer, whole, time.GetUtcNow());
                if (query.Native is { } native && result.Status == "works" && !native.Answers.TryRead(whole, out _, out var fault))
                    result = result with { Status = fault!.IsHubsOwn ? "unknown" : "wrong_address", Detail = TranslatedAnswer.Sentence(query, fault) };
                return (result, null);
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
}
