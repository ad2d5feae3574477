using Keypace.Domain.Access;
using Keypace.Server.Features.Usage;
using Keypace.Server.Management.Access;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Keypace.Server.Web.Pages.Dashboard;
using Keypace.Tests.Server.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Features;

/// <summary>The hour that dashboards show: each record counted once, in the minute of its arrival, for its own team.</summary>
public sealed class LastHourTests : IAsyncLifetime
{
    private static readonly DateTimeOffset _noon = new(2026, 11, 23, 12, 0, 30, TimeSpan.Zero);
    private static readonly Guid _team = new("0a0b0c0d-1111-2222-3333-444455556666");
    private static readonly Guid _key = new("0a0b0c0d-1111-2222-3333-444455557777");

    private readonly FakeTimeProvider _time = new(_noon);
    private readonly TestFolder _folder = new();
    private OpenedStore _opened = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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
    public async Task Records_are_counted_once_whenever_they_come()
    {
        using var hour = new LastHour(_opened.Store, _time);
        var before = await ReadAsync(hour);
        Assert.Equal(0, before.SentInHour);

        await StoreAsync(Row(-90, waitedMs: 0), Row(-90, waitedMs: 3_100), Row(-90, waitedMs: 10, attempts: 3, status: 429), Row(-4_000, waitedMs: 0), Row(-60, 0) with { TeamId = _key });
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, (await ReadAsync(hour)).SentInHour);   // too soon for another look
        _time.Advance(TimeSpan.FromSeconds(10));
        var first = await ReadAsync(hour);
        Assert.Equal((5, 1, 2), (first.SentInHour, first.Failed, first.Again));
        Assert.Equal((2L, 1L), first.Troubles[_key]);
        Assert.Equal(0.015, first.MedianWaits.Single(wait => !double.IsNaN(wait)), 3);
        Assert.Equal(3.25, first.LongWaits.Single(wait => !double.IsNaN(wait)), 3);

        await StoreAsync(Row(-90, waitedMs: 0), Row(5, waitedMs: 0));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(7, (await ReadAsync(hour)).SentInHour);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(7, (await ReadAsync(hour)).SentInHour);

        // Read by somebody who asks for the first time, it is the same.
        using var anew = new LastHour(_opened.Store, _time);
        Assert.Equal(7, (await ReadAsync(anew)).SentInHour);
        _time.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(0, (await ReadAsync(hour)).SentInHour);
    }

    private async Task<HourFigures> ReadAsync(LastHour hour)
    {
        var caller = Caller.OfMember(Guid.Empty, _team, Role.Owner, "test", null, "");
        Assert.True((await hour.ReadAsync(caller, Ct)).TryGet(out var minutes, out _));
        return HourFigures.Of(minutes, _time.GetUtcNow().ToUnixTimeSeconds());
    }

    private async Task StoreAsync(params StoredQuery[] queries)
    {
        await using var change = await _opened.Store.BeginChangeAsync(Ct);
        change.Db.Usage.AddRange(queries.Select(query => new UsageRow
        {
            TeamId = query.TeamId, ApiKeyId = _key, At = query.At.ToUnixTimeMilliseconds(), WaitedMs = query.WaitedMs, Attempts = query.Attempts, Status = query.Status,
        }));
        await change.CommitAsync(Ct);
    }

    private static StoredQuery Row(int seconds, int waitedMs, int attempts = 1, int status = 200) => new(_team, _noon.AddSeconds(seconds), waitedMs, attempts, status);

    private sealed record StoredQuery(Guid TeamId, DateTimeOffset At, int WaitedMs, int Attempts, int Status);
}
