using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Keypace.Domain.Pacing;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Storage;

/// <summary>
/// What hubs taught, one row a secret. Written behind the queries, within moments, only the newest of each; a store that does not write now is asked again,
/// and nothing waits for it.
/// </summary>
internal sealed partial class LessonTable(Store store, TimeProvider time, ILogger<LessonTable> logger) : ILessonStore, IAsyncDisposable
{
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(1);

    // A stop does not wait longer than this for a disk that does not write.
    private static readonly TimeSpan _patienceAtStop = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, KeptLessons> _waiting = new();
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _starting = new();
    private Task? _writing;

    public IReadOnlyList<KeptLessons> Load()
    {
        using var db = store.Read();
        var kept = new List<KeptLessons>();
        foreach (var row in db.Lessons)
        {
            try
            {
                if (JsonSerializer.Deserialize(row.Lessons, LessonJson.Default.KeptLessons) is { } lessons && lessons.Source == row.Source)
                    kept.Add(lessons);
            }
            catch (JsonException unreadable)
            {
                Log.Unreadable(logger, unreadable.Message);   // it is learned again
            }
        }

        return kept;
    }

    public void Keep(KeptLessons lessons)
    {
        _waiting[lessons.Source] = lessons;
        _bell.Writer.TryWrite(true);
        lock (_starting)
            _writing ??= Task.Run(WriteAsync);
    }

    /// <summary>Writes what is waiting and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _bell.Writer.TryComplete();
        if (_writing is { } writing)
            await Task.WhenAny(writing, Task.Delay(_patienceAtStop, time));
    }

    private async Task WriteAsync()
    {
        await foreach (var _ in _bell.Reader.ReadAllAsync())
        {
            while (!_waiting.IsEmpty && !await TrySaveAsync())
                await Task.Delay(_retry, time);
        }
    }

    private async Task<bool> TrySaveAsync()
    {
        var taken = _waiting.ToArray();
        try
        {
            await using var change = await store.BeginChangeAsync(CancellationToken.None);
            foreach (var (source, lessons) in taken)
            {
                var row = await change.Db.Lessons.FirstOrDefaultAsync(each => each.Source == source);
                if (lessons.IsEmpty)
                {
                    if (row is not null)
                        change.Db.Lessons.Remove(row);
                    continue;
                }

                row ??= change.Db.Lessons.Add(new LessonRow { Source = source }).Entity;
                row.Lessons = JsonSerializer.Serialize(lessons, LessonJson.Default.KeptLessons);
                row.UpdatedAt = time.GetUtcNow().ToUnixTimeMilliseconds();
            }

            await change.CommitAsync(CancellationToken.None);
        }
        catch (Exception failure)
        {
            Log.Delayed(logger, taken.Length, failure.Message);
            return false;
        }

        foreach (var one in taken)
            _waiting.TryRemove(one);   // unless it was learned anew meanwhile
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "What a hub taught cannot be read from the store and is learned again ({Reason})")]
        public static partial void Unreadable(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Error, "The store does not take what {Keys} hubs taught now ({Reason}); it is tried again each second")]
        public static partial void Delayed(ILogger logger, int keys, string reason);
    }
}

/// <summary>How lessons are written down; only the store reads it.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(KeptLessons))]
internal sealed partial class LessonJson : JsonSerializerContext;
