using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keypace.Tests.Server.Storage;

/// <summary>What hubs taught is there again after a restart.</summary>
public sealed class LessonTableTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private OpenedStore _opened = null!;

    public async ValueTask InitializeAsync()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        _opened = _folder.Open();
    }

    public async ValueTask DisposeAsync()
    {
        await _opened.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_was_kept_is_loaded_as_it_was()
    {
        var kept = new KeptLessons(Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(20_000)), Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(20_000)))
        {
            BindsSourceOnly = true,
            Limit = new LearnedLimit(new RateLimit(100, 60), 20, 20, 0, false),
            LimitConfirmedAt = DateTimeOffset.UnixEpoch.AddDays(20_000),
            Bursts = new LearnedBursts(new RateLimit(100, 60), 50, 100, 100, false, true),
            BurstsConfirmedAt = DateTimeOffset.UnixEpoch.AddDays(20_001),
            Pause = new KeptPause(DateTimeOffset.UnixEpoch.AddDays(20_002), "the hub said so", 3600),
            Circuits = [new KeptCircuit("m", DateTimeOffset.UnixEpoch.AddDays(20_003))],
        };
        var pauseOnly = new KeptLessons(Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(20_000)), Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(20_000))) { Pause = new KeptPause(DateTimeOffset.UnixEpoch.AddDays(20_002), "the hub said so", 0) };
        await using (var table = Table())
        {
            table.Keep(kept);
            table.Keep(pauseOnly);
        }

        await using var next = Table();
        var loaded = next.Load().ToDictionary(each => each.Source);
        Assert.Equal(2, loaded.Count);
        Assert.True(loaded[kept.Source].IsLike(kept) && kept.IsLike(loaded[kept.Source]));
        Assert.True(loaded[pauseOnly.Source].IsLike(pauseOnly));
        next.Keep(new KeptLessons(kept.Source, kept.GroupId));
        await next.DisposeAsync();
        await using var last = Table();
        Assert.Equal(pauseOnly.Source, Assert.Single(last.Load()).Source);
    }

    private LessonTable Table() => new(_opened.Store, TimeProvider.System, NullLogger<LessonTable>.Instance);
}
