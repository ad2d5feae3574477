using System.Text.Json;
using System.Text.Json.Serialization;
using Keypace.Domain.Pacing;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Storage;

/// <summary>What hubs taught, one row a secret, written behind the queries.</summary>
internal sealed partial class LessonTable : ILessonStore, IAsyncDisposable
{
    private readonly Store _store;
    private readonly TimeProvider _time;
    private readonly ILogger<LessonTable> _logger;
    private readonly WriteBehind<KeptLessons> _rows;

    public LessonTable(Store store, TimeProvider time, ILogger<LessonTable> logger)
    {
        (_store, _time, _logger) = (store, time, logger);
        _rows = new WriteBehind<KeptLessons>(store, "what hubs taught", SaveAsync, time, logger);
    }

    public IReadOnlyList<KeptLessons> Load()
    {
        using var db = _store.Read();
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
                Log.Unreadable(_logger, unreadable.Message);   // it is learned again
            }
        }

        return kept;
    }

    public void Keep(KeptLessons lessons) => _rows.Keep(lessons.Source, lessons);

    public Task WrittenAsync() => _rows.WrittenAsync();

    /// <summary>Writes what is waiting and ends.</summary>
    public ValueTask DisposeAsync() => _rows.DisposeAsync();

    private async Task SaveAsync(KeypaceDb db, Guid source, KeptLessons lessons)
    {
        var row = await db.Lessons.FirstOrDefaultAsync(each => each.Source == source);
        if (lessons.IsEmpty)
        {
            if (row is not null)
                db.Lessons.Remove(row);
            return;
        }

        row ??= db.Lessons.Add(new LessonRow { Source = source }).Entity;
        row.Lessons = JsonSerializer.Serialize(lessons, LessonJson.Default.KeptLessons);
        row.UpdatedAt = _time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "What a hub taught cannot be read from the store and is learned again ({Reason})")]
        public static partial void Unreadable(ILogger logger, string reason);
    }
}

/// <summary>How lessons are written down; only the store reads it.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(KeptLessons))]
internal sealed partial class LessonJson : JsonSerializerContext;
