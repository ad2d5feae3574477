using System.Collections.Concurrent;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Snapshots;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Gateway.Models;

/// <summary>
/// Which models each key offers. A list is asked of the hub only after somebody asked here and found it older than an hour, and a list that could not
/// be read after seconds; that takes a permit like any query. Only the first time somebody waits for it, a moment: then, until it is there, the hub
/// file's own models are given.
/// </summary>
internal sealed partial class ModelLists(HubCall call, TimeProvider time, ILogger<ModelLists> logger)
{
    /// <summary>So long a caller waits for lists that were never read.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan OldAfter = TimeSpan.FromHours(1);
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<LineOfModels, Known> _known = new();

    private readonly record struct LineOfModels(Guid ApiKeyId, long SecretVersion);

    /// <param name="Failures">In a row: each doubles the time after which it is asked again.</param>
    /// <param name="First">Ends with the first asking of all; null from then on.</param>
    private sealed record Known(IReadOnlyList<string> Models, long At, bool IsAsking, int Failures = 0, Task? First = null)
    {
        public TimeSpan OldAt => Failures is 0 or > 10 ? OldAfter : AgainAfter * (1 << (Failures - 1));
    }

    /// <summary>What is known now; asks the hub in the background when that is old.</summary>
    public IReadOnlyList<string> Of(ServedKey key, ServedToken token)
    {
        if (key.OwnModels.Count > 0)
            return key.OwnModels;
        if (PathOf(key) is null)
            return key.Hub.Models;
        var line = new LineOfModels(key.Id, key.SecretVersion);
        var known = _known.GetValueOrDefault(line);
        if (known is null || (!known.IsAsking && time.GetElapsedTime(known.At) > known.OldAt))
        {
            var first = known is null ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            var asking = new Known(known?.Models ?? key.Hub.Models, time.GetTimestamp(), IsAsking: true, known?.Failures ?? 0, first?.Task);
            var isOurs = known is null ? _known.TryAdd(line, asking) : _known.TryUpdate(line, asking, known);
            if (isOurs)
                _ = RefreshAsync(key, token, line, asking, first);
        }

        return known?.Models ?? key.Hub.Models;
    }

    /// <summary>Asks for the lists of these keys that were never asked for, all at once, and waits until they are there: <see cref="FirstWait"/> at most.</summary>
    public async Task WhenFirstAsync(IEnumerable<ServedKey> keys, ServedToken token, CancellationToken ct)
    {
        List<Task>? firsts = null;
        foreach (var key in keys)
        {
            Of(key, token);
            if (_known.GetValueOrDefault(new LineOfModels(key.Id, key.SecretVersion)) is { First: { } first, At: var at } && time.GetElapsedTime(at) < FirstWait)
                (firsts ??= []).Add(first);
        }

        if (firsts is null)
            return;
        try
        {
            await Task.WhenAll(firsts).WaitAsync(FirstWait, time, ct);
        }
        catch (TimeoutException)
        {
        }
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

    private async Task RefreshAsync(ServedKey key, ServedToken token, LineOfModels line, Known asking, TaskCompletionSource? first)
    {
        IReadOnlyList<string>? models = null;
        try
        {
            (models, _) = await Task.Run(() => AskAsync(key, token, null, Patience, CancellationToken.None));
        }
        finally
        {
            if (models is null)
                Log.ModelsNotRead(logger, key.Id);
            _known.TryUpdate(line, new Known(models ?? asking.Models, time.GetTimestamp(), IsAsking: false, models is null ? asking.Failures + 1 : 0), asking);
            first?.TrySetResult();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The models of API key {ApiKeyId} could not be read; its usage record says why")]
        public static partial void ModelsNotRead(ILogger logger, Guid apiKeyId);
    }
}
