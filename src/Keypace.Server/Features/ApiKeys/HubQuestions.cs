using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Management.Access;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>Runs a hub's test: the calls that its file names, one after the other, until one tells whether the key is accepted.</summary>
internal sealed class HubQuestions(HubCall call, KeyHealth health, TimeProvider time)
{
    /// <param name="model">A model that the key should be able to use; null when that does not matter.</param>
    public async Task<Outcome<ApiKeyTestResult>> TestAsync(ServedKey key, string? model, Caller caller, TimeSpan patience, bool isStored, CancellationToken ct)
    {
        var startedAt = time.GetTimestamp();
        if (!key.Hub.Served)
            return new ApiKeyTestResult(TestStatuses.Unknown, Detail: $"Keys of {key.Hub.DisplayName} can be stored, but not tested yet.");
        IReadOnlyList<HubTest> steps = key.Access is { Protocol: HubProtocol.PlainJson, Test.Count: 0 } ? [HubTestQuery.OneQuestion] : key.Access.Test;
        if (key.Destination is null || steps.Count == 0)
            return new ApiKeyTestResult(TestStatuses.Unknown, Detail: $"{key.Hub.DisplayName} has no call that tests a key without costing something.");

        ApiKeyTestResult? last = null;
        foreach (var step in steps)
        {
            var (result, refusal) = await AskAsync(key, step, model, caller, patience, isStored, ct);
            if (refusal is not null)
                return refusal;
            last = result! with { LatencyMs = (int)time.GetElapsedTime(startedAt).TotalMilliseconds };
            if (last.Status is not (TestStatuses.Unknown or TestStatuses.WrongAddress))
                break;
        }

        if (isStored && last!.Status is TestStatuses.Works)
        {
            health.NoteWell(key);
        }
        else if (isStored && last!.Status is not TestStatuses.Unknown)
        {
            var (code, fault) = last.Status switch
            {
                TestStatuses.Refused => ("hub_refused_key", KeyFault.SecretRefused),
                TestStatuses.NoQuota => ("hub_quota_exhausted", KeyFault.NothingLeft),
                var other => (other, KeyFault.None),
            };
            health.Note(key, last.Detail ?? last.Status, code, fault);
        }

        return last!;
    }

    private async Task<(ApiKeyTestResult? Result, Refusal? Refusal)> AskAsync(
        ServedKey key, HubTest step, string? model, Caller caller, TimeSpan patience, bool isStored, CancellationToken ct)
    {
        var query = new HubTestQuery(key, step, model, caller.Token, patience, isStored, time);
        await call.RunAsync(query, ct);
        ct.ThrowIfCancellationRequested();
        return (query.Result, query.Refusal);
    }
}
