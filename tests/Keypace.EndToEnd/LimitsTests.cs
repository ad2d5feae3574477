using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The bounds that are settings, set low enough to be met.</summary>
public sealed class LimitsTests : IAsyncLifetime
{
    private RunningKeypace? _keypace;

    private RunningKeypace Keypace => _keypace!;

    public async ValueTask InitializeAsync() => _keypace = await RunningKeypace.StartAsync(
        ("KEYPACE_GATEWAY__FIRST_BYTE_SECONDS", "1"),
        ("KEYPACE_GATEWAY__IDLE_SECONDS", "1"),
        ("KEYPACE_GATEWAY__MAX_BODY_BYTES", "2048"),
        ("KEYPACE_PACING__QUEUE_LIMIT", "3"),
        ("KEYPACE_PACING__CALLER_QUEUE_LIMIT", "2"));

    public async ValueTask DisposeAsync()
    {
        if (_keypace is not null)
            await _keypace.DisposeAsync();
    }

    [Fact]
    public async Task A_hub_that_does_not_begin_to_answer_is_a_504()
    {
        await using var hub = await HubAsync(HubFault.HangBeforeFirstByte);

        (await Until.DoneAsync(Keypace.Api.ChatAsync("limited"), "the wait for the first byte ends", TimeSpan.FromSeconds(60))).MustRefuseQuery(504);

        await Until.TrueAsync(() => hub.Log.Snapshot() is [{ CallerLeft: true }], "the hub sees that nobody listens any more");
    }

    [Fact]
    public async Task A_stream_that_falls_silent_is_broken_off()
    {
        await using var hub = await HubAsync(HubFault.StallBetweenChunks);

        using var answer = await Keypace.Api.OpenAsync("/v1/chat/completions", Api.Chat("m", stream: true), "limited", default);
        string? text = null;
        var reading = Record.ExceptionAsync(async () => text = await answer.Content.ReadAsStringAsync()).AsTask();
        var broken = await Until.DoneAsync(reading, "the silence ends the answer", TimeSpan.FromSeconds(60));

        Assert.True(broken is not null || text!.Contains("\"error\"", StringComparison.Ordinal), text);
        await Until.TrueAsync(() => hub.Log.Snapshot() is [{ CallerLeft: true }], "the hub sees that nobody listens any more");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_a_413_with_and_without_a_length()
    {
        await using var hub = await HubAsync(HubFault.None);
        var body = $$"""{"model":"m","messages":[],"x":"{{new string('x', 3_000)}}"}""";

        (await Keypace.Api.PostAsync("/v1/chat/completions", body, ("x-keypace-key", "limited"))).MustRefuseQuery(413);
        var chunked = await RawHttp.StatusAsync(
            Keypace.Address,
            $"POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer {Keypace.Folder.Token}\r\nx-keypace-key: limited\r\nTransfer-Encoding: chunked\r\n",
            $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n");

        Assert.Equal(413, chunked);
        Assert.Equal(0, hub.Log.Count);
    }

    [Fact]
    public async Task A_full_queue_refuses_the_caller_or_everyone_and_says_when()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await Keypace.StoreKeyAsync(hub, "queue", new HubLimit(1, 60));
        (await Keypace.Api.ChatAsync("queue", "alice")).MustBe(200);
        using var leaving = new CancellationTokenSource();
        using var api = new Api(Keypace.Address, Keypace.Folder.Token);
        var waits = new List<Task>();

        async Task WaitAsync(string caller, int waiting)
        {
            waits.Add(api.OpenAsync("/v1/chat/completions", Api.Chat("m"), "queue", leaving.Token, ("x-keypace-caller", caller)));
            await Until.TrueAsync(async () => (await Keypace.Api.GetAsync($"/v1/api-keys/{id}/status"))["waiting"].GetInt32() == waiting, $"{waiting} wait");
        }

        await WaitAsync("alice", 1);
        await WaitAsync("alice", 2);
        var full = (await Keypace.Api.ChatAsync("queue", "alice")).MustRefuseQuery(429, "queue_full");
        Assert.NotNull(full.Header("Retry-After"));
        await WaitAsync("bob", 3);
        (await Keypace.Api.ChatAsync("queue", "carol")).MustRefuseQuery(429, "queue_full");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waits));
        Assert.Equal(1, hub.Log.Count);
    }

    private async Task<PretendHub> HubAsync(HubFault fault)
    {
        var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = fault });
        await Keypace.StoreKeyAsync(hub, "limited");
        return hub;
    }
}
