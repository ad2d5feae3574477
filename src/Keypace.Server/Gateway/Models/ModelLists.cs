using System.Collections.Concurrent;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Snapshots;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Gateway.Models;

/// <summary>
/// Which models each key offers. A list is asked of the hub only after somebody asked here and found it older than an hour; that
/// takes a permit like any query, and nobody waits for it: until it is there, the hub file's own models are given.
/// </summary>
internal sealed partial class ModelLists(HubCall call, TimeProvider time, ILogger<ModelLists> logger)
{
    private static readonly TimeSpan OldAfter = TimeSpan.FromHours(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<LineOfModels, Known> _known = new();

    private readonly record struct LineOfModels(Guid ApiKeyId, long SecretVersion);

    private sealed record Known(IReadOnlyList<string> Models, long At, bool IsAsking);

    /// <summary>What is known now; asks the hub in the background when that is old.</summary>
    public IReadOnlyList<string> Of(ServedKey key, ServedToken token)
    {
        if (key.OwnModels.Count > 0)
            return key.OwnModels;
        if (PathOf(key) is null)
            return key.Hub.Models;
        var line = new LineOfModels(key.Id, key.SecretVersion);
        var known = _known.GetValueOrDefault(line);
        if (known is null || (!known.IsAsking && time.GetElapsedTime(known.At) > OldAfter))
        {
            var asking = new Known(known?.Models ?? key.Hub.Models, time.GetTimestamp(), IsAsking: true);
            var isOurs = known is null ? _known.TryAdd(line, asking) : _known.TryUpdate(line, asking, known);
            if (isOurs)
                _ = RefreshAsync(key, token, line, asking);
        }

        return known?.Models ?? key.Hub.Models;
    }

    /// <summary>Asks the hub now, within the caller's patience.</summary>
    /// <param name="whyNotBy">Why a token may not ask for it; null where it is who may query. Asked again at its turn.</param>
    /// <returns>Neither a list nor a refusal where the hub has no list.</returns>
    public async Task<(IReadOnlyList<string>? Models, Refusal? Refusal)> AskAsync(
        ServedKey key, ServedToken token, Func<ServedToken, Refusal?>? whyNotBy, TimeSpan patience, CancellationToken ct)
    {
        if (key.OwnModels.Count > 0)
            return (key.OwnModels, null);
        if (key.Destination is null || PathOf(key) is null)
            return default;
        var query = new ModelListQuery(key, token, whyNotBy, patience, new Tally("models", time.GetTimestamp(), time.GetUtcNow()));
        await call.RunAsync(query, ct);
        ct.ThrowIfCancellationRequested();
        return (query.Models, query.Refusal);
    }

    internal static string? PathOf(ServedKey key) => key.Hub.ModelList is ModelListShape.None ? null : key.Access.Paths.Models;

    private async Task RefreshAsync(ServedKey key, ServedToken token, LineOfModels line, Known asking)
    {
        var (models, _) = await Task.Run(() => AskAsync(key, token, null, Patience, CancellationToken.None));
        if (models is null)
            Log.ModelsNotRead(logger, key.Id);
        _known.TryUpdate(line, new Known(models ?? asking.Models, time.GetTimestamp(), IsAsking: false), asking);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The models of API key {ApiKeyId} could not be read; its usage record says why")]
        public static partial void ModelsNotRead(ILogger logger, Guid apiKeyId);
    }
}
