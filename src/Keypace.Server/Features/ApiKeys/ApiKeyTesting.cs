using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Vault;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Models;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>Asks hubs whether a key works and what it offers. Every such question takes a permit like any query.</summary>
internal sealed class ApiKeyTesting(
    Store store, KeySnapshots snapshots, HubCatalogue hubs, NewKeys newKeys, KeySealing sealing, RowMapping mapping, HubQuestions questions, ModelLists models, TimeProvider time)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.Read;
    public const Need ToTestStored = Need.Change;
    public const Need ToTestUnsaved = Need.Create;

    /// <summary>So long a test waits for its turn.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<Outcome<ApiKeyTestResult>> TestStoredAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToTestStored) is { } forbidden)
            return forbidden;
        if (!(await FindAsync(idOrName, caller, ct)).TryGet(out var key, out var refusal))
            return refusal;
        return key.Trouble is KeyTrouble.DestinationChanged
            ? new Refusal(RefusalReason.Conflict, "destination_changed",
                $"The address of {key.Hub.DisplayName} is not the one that the secret of '{key.Name}' was stored for. Enter the secret again for the new address.")
            : await questions.TestAsync(key, null, caller, Patience, isStored: true, ct);
    }

    /// <summary>Tests a secret that is stored nowhere, under the limit of the keys that have the same one.</summary>
    public async Task<Outcome<ApiKeyTestResult>> TestUnsavedAsync(ApiKeyTest wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToTestUnsaved) is { } forbidden)
            return forbidden;
        var problems = new FieldProblems();
        var hub = problems.Take(hubs.Find(wanted.Hub));
        var parts = hub is null ? null : problems.Take(HubConfig.ForNew(hub, wanted.Value, wanted.HubConfig));
        var endpoint = hub is null || parts is null ? null : WholeEndpoint.In(wanted.Url, hub, parts.Config);
        var url = endpoint?.Base ?? NewKeys.Given(wanted.Url);
        var destination = hub is null || parts is null ? null : problems.Take(newKeys.DestinationOf(hub, url, parts.Config));
        if (KeySealing.WhyTooLong(parts?.Join()) is { } tooLong)
            problems.Add(tooLong);
        if (problems.Refusal is { } refusal || hub is null || parts is null || destination is null)
            return problems.Refusal ?? throw new InvalidOperationException("Something was refused without a word.");

        // Sealed like a stored one, so that the way to the hub is the only way there is; the row is never saved.
        var row = new ApiKeyRow
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            TeamId = caller.TeamId,
            Name = "unsaved",
            NameKey = "UNSAVED",
            Hub = hub.Name,
            Url = url,
            RateLimitPerInterval = hub.DefaultLimit.Limit.Count,
            RateLimitInterval = hub.DefaultLimit.Limit.Seconds,
        };
        sealing.Seal(row, parts, destination, parts.Join());
        var tested = await questions.TestAsync(mapping.Key(row), wanted.Model, caller, Patience, isStored: false, ct);
        return endpoint is not null && tested.TryGet(out var result, out _)
            ? result with { Detail = result.Detail is null ? endpoint.Sentence : $"{endpoint.Sentence} {result.Detail}" }
            : tested;
    }

    /// <summary>Null models where the hub has no list, or the key cannot be used.</summary>
    public async Task<Outcome<ApiKeyModels>> ModelsAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        if (!(await FindAsync(idOrName, caller, ct)).TryGet(out var key, out var refusal))
            return refusal;
        if (key.Trouble is not null)
            return new ApiKeyModels(null);
        var (list, failed) = await models.AskAsync(key, caller.Token, token => token.Grant.Check(ToRead), Patience, ct);
        return failed is null ? new ApiKeyModels(list) : failed;
    }

    private async Task<Outcome<ServedKey>> FindAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        await using var db = store.Read();
        if (!(await KeyRows.FindAsync(db, caller, idOrName, ct)).TryGet(out var row, out var refusal))
            return refusal;
        return snapshots.Current.Keys.GetValueOrDefault(row.Id) ?? mapping.Key(row);
    }
}
