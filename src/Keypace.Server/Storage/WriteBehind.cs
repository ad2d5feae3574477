using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Storage;

/// <summary>
/// Writes rows behind the queries, within moments, only the newest of each id. A store that does not write now is asked again, and nothing waits for it.
/// </summary>
/// <param name="what">What the rows are, for the log: "what hubs taught".</param>
/// <param name="save">Puts one value into the store's change.</param>
internal sealed partial class WriteBehind<T>(Store store, string what, Func<KeypaceDb, Guid, T, Task> save, TimeProvider time, ILogger logger) : IAsyncDisposable
    where T : class
{
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(1);

    // Nobody waits longer than this for a disk that does not write.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, T> _waiting = new();
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _starting = new();
    private readonly List<TaskCompletionSource> _asked = [];
    private Task? _writing;

    public void Keep(Guid id, T value)
    {
        _waiting[id] = value;
        _bell.Writer.TryWrite(true);
        lock (_starting)
            _writing ??= Task.Run(WriteAsync);
    }

    /// <summary>Returns when all that was kept before is on the disk.</summary>
    public async Task WrittenAsync()
    {
        if (_waiting.IsEmpty)
            return;   // what waits leaves only when it is written
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_asked)
            _asked.Add(written);
        _bell.Writer.TryWrite(true);   // what waited may have been written just now
        await Task.WhenAny(written.Task, Task.Delay(_patience, time));
    }

    /// <summary>Writes what is waiting and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _bell.Writer.TryComplete();
        if (_writing is { } writing)
            await Task.WhenAny(writing, Task.Delay(_patience, time));
    }

    private async Task WriteAsync()
    {
        await foreach (var _ in _bell.Reader.ReadAllAsync())
        {
            while (!await TrySaveAsync())
                await Task.Delay(_retry, time);
        }
    }

    private async Task<bool> TrySaveAsync()
    {
        TaskCompletionSource[] asked;
        lock (_asked)
            asked = [.. _asked];
        if (_waiting.IsEmpty)
        {
            Tell(asked);
            return true;
        }

        KeyValuePair<Guid, T>[] taken;
        try
        {
            await using var change = await store.BeginChangeAsync(CancellationToken.None);
            taken = _waiting.ToArray();   // not before its turn: the change before may have put something newer here
            foreach (var (id, value) in taken)
                await save(change.Db, id, value);
            await change.CommitAsync(CancellationToken.None);
        }
        catch (Exception failure)
        {
            Log.Delayed(logger, _waiting.Count, what, failure.Message);
            return false;
        }

        foreach (var one in taken)
            _waiting.TryRemove(one);   // unless there is newer meanwhile
        Tell(asked);
        return true;
    }

    private void Tell(TaskCompletionSource[] asked)
    {
        foreach (var one in asked)
            one.SetResult();
        lock (_asked)
            _asked.RemoveAll(asked.Contains);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The store does not take {Rows} rows of {What} now ({Reason}); it is tried again each second")]
        public static partial void Delayed(ILogger logger, int rows, string what, string reason);
    }
}
