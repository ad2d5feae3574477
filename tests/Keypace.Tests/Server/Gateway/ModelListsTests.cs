using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>What <c>GET /v1/models</c> says of a key whose hub was never asked, or stumbled when it was.</summary>
public sealed class ModelListsTests : IAsyncLifetime
{
    private const string List = """{"object":"list","data":[{"id":"org/model:free","object":"model"}]}""";

    private readonly FeatureHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_very_first_question_waits_for_the_list()
    {
        await using var hub = new RawHub(RawHub.Json(List));
        await StoreAsync(hub, "first");

        Assert.Contains("custom/org/model:free", (await _host.GetAsync("/v1/models")).MustBe(200).Text, StringComparison.Ordinal);
        Assert.Equal("custom/org/model:free", (await _host.GetAsync("/v1/models/custom%2Forg%2Fmodel:free")).MustBe(200)["id"].GetString());
    }

    [Fact]
    public async Task It_waits_two_seconds_and_no_longer()
    {
        var asked = new TaskCompletionSource();
        await using var hub = new RawHub((_, _) =>
        {
            asked.TrySetResult();
            return new TaskCompletionSource().Task;
        });
        await StoreAsync(hub, "silent");

        var listing = _host.GetAsync("/v1/models");
        await asked.Task;
        await Until.TrueAsync(() =>
        {
            _host.Time.Advance(TimeSpan.FromSeconds(1));   // the wait may begin a moment after the asking
            return Task.FromResult(listing.IsCompleted);
        });

        (await listing).MustBe(200);
        (await _host.GetAsync("/v1/models")).MustBe(200);   // the second does not wait at all
    }

    [Fact]
    public async Task A_stumble_is_tried_again_after_seconds()
    {
        var asked = 0;
        await using var hub = new RawHub((_, connection) => connection.SendAsync(
            Interlocked.Increment(ref asked) <= 2 ? "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" : RawHub.Json(List)));
        await StoreAsync(hub, "stumbles");

        Assert.DoesNotContain("org/model:free", (await _host.GetAsync("/v1/models")).MustBe(200).Text, StringComparison.Ordinal);
        (await _host.GetAsync("/v1/models")).MustBe(200);
        Assert.Equal(1, asked);   // and not at every question

        var before = _host.Time.GetUtcNow();
        await Until.TrueAsync(async () =>
        {
            _host.Time.Advance(TimeSpan.FromSeconds(1));
            return (await _host.GetAsync("/v1/models")).MustBe(200).Text.Contains("org/model:free", StringComparison.Ordinal);
        });
        Assert.True(_host.Time.GetUtcNow() - before < TimeSpan.FromMinutes(2), "an hour is too long to wait for a list");
    }

    private async Task StoreAsync(RawHub hub, string name) => (await _host.PostAsync("/v1/api-keys", new
    {
        name, hub = "custom", value = $"sk-test-{name}-0123456789abcdef", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1,
    })).MustBe(200);
}
