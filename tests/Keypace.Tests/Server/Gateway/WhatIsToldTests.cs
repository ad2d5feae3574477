using System.Text.Json;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>What a caller or a person is told of a limit is what happens, whichever limit binds. On a clock that stands still until it is moved.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class WhatIsToldTests(FeatureHost host)
{
    [Fact]
    public async Task Who_does_not_wait_is_refused_without_a_time_while_running_queries_are_in_the_way()
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hub = new RawHub(async (_, connection) =>
        {
            await answer.Task;
            await connection.SendAsync(RawHub.Completion);
        });
        var key = await StoreAsync(hub, 100, new { dimension = "concurrent", limit = 1 });
        var running = AskAsync(key);
        await Until.TrueAsync(() => hub.Requests.Count == 1);

        var refused = await AskAsync(key, "m", ("x-keypace-max-wait", "0"));

        refused.MustBe(429);
        Assert.Equal(("no_turn_in_time", "concurrent=1"), (refused.Headers["x-keypace-error"], refused.Headers["x-keypace-binding"]));
        Assert.False(refused.Headers.ContainsKey("Retry-After") || refused.Headers.ContainsKey("retry-after-ms"), "Nobody knows when.");
        answer.SetResult();
        (await running).MustBe(200);
        Assert.Single(hub.Requests);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_is_not_to_be_tried_again()
    {
        await using var hub = Answering();
        var key = await StoreAsync(hub, 100);

        var refused = await AskAsync(key, "m", ("x-keypace-deadline", host.Time.GetUtcNow().AddSeconds(-1).ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture)));

        refused.MustBe(429);
        Assert.Equal(("no_turn_in_time", "false"), (refused.Headers["x-keypace-error"], refused.Headers["x-should-retry"]));
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public async Task The_time_of_one_models_limit_is_told_and_is_when_it_goes()
    {
        await using var hub = Answering();
        var key = await StoreAsync(hub, 100, new { dimension = "requests", limit = 2, interval_seconds = 30, model = "m" });
        (await AskAsync(key)).MustBe(200);
        (await AskAsync(key)).MustBe(200);

        var status = await StatusAsync(key);
        var told = status["next_free_at"].GetDouble() - Now;
        Assert.InRange(told, 30, 30.2);
        Assert.Contains("m", status["binding"].GetString(), StringComparison.Ordinal);
        var refused = (await AskAsync(key, "m", ("x-keypace-max-wait", "0"))).MustBe(429);
        Assert.Equal(told * 1000, Milliseconds(refused), 1.0);
        (await AskAsync(key, "other", ("x-keypace-max-wait", "0"))).MustBe(200);

        host.Time.Advance(TimeSpan.FromMilliseconds(Milliseconds(refused) - 1));
        (await AskAsync(key, "m", ("x-keypace-max-wait", "0"))).MustBe(429);
        host.Time.Advance(TimeSpan.FromMilliseconds(1));
        (await AskAsync(key, "m", ("x-keypace-max-wait", "0"))).MustBe(200);
    }

    [Theory]
    [InlineData("rate_limit")]
    [InlineData("tokens")]
    [InlineData("requests")]
    public async Task Each_limit_that_binds_tells_when_it_lets_the_next_one_go(string binds)
    {
        await using var hub = Answering();
        object[] limits = binds switch
        {
            "tokens" => [new { dimension = "input_tokens", limit = 20, interval_seconds = 9 }],   // the query needs about 19, and its hub counts 9
            "requests" => [new { dimension = "requests", limit = 1, interval_seconds = 9 }],
            _ => [],
        };
        var key = await StoreAsync(hub, binds == "rate_limit" ? 1 : 100, limits);
        (await AskAsync(key)).MustBe(200);
        var status = await StatusAsync(key);

        var refused = (await AskAsync(key, "m", ("x-keypace-max-wait", "1"))).MustBe(429);
        Assert.Contains(binds, refused.Headers["x-keypace-binding"], StringComparison.Ordinal);
        if (binds != "tokens")   // there a smaller one could go
            Assert.Equal(Milliseconds(refused), (status["next_free_at"].GetDouble() - Now) * 1000, 2.0);
        Assert.Equal("true", refused.Headers["x-should-retry"]);

        host.Time.Advance(TimeSpan.FromMilliseconds(Milliseconds(refused)));
        (await AskAsync(key, "m", ("x-keypace-max-wait", "0"))).MustBe(200);
    }

    [Fact]
    public async Task The_first_burst_of_a_fresh_key_does_not_speak_of_a_restart()
    {
        await using var hub = Answering();
        var key = await StoreAsync(hub, 6);

        var answers = await Task.WhenAll(Enumerable.Range(0, 9).Select(_ => AskAsync(key, "m", ("x-keypace-max-wait", "3"))));

        Assert.Equal(6, hub.Requests.Count);
        Assert.All(answers.Where(answer => (int)answer.Status == 429), answer => Assert.Equal("rate_limit", answer.Headers["x-keypace-binding"]));
        Assert.DoesNotContain("restart", (await StatusAsync(key)).Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_hub_that_tells_one_secret_of_a_rate_group_to_wait_holds_that_keys_queries_only()
    {
        await using var hub = new RawHub((request, connection) => connection.SendAsync(request.Contains("-told-to-wait", StringComparison.Ordinal)
            ? "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 300\r\nContent-Length: 2\r\n\r\n{}"
            : RawHub.Completion));
        var (told, other) = (await StoreAsync(hub, 100, "told-to-wait", []), await StoreAsync(hub, 100));
        (await host.PutAsync($"/v1/api-keys/{other}", new { rate_group_id = (await StatusAsync(told))["rate_group_id"].GetString() })).MustBe(200);

        (await AskAsync(told, "m", ("x-keypace-max-wait", "5"))).MustBe(429);

        (await AskAsync(other, "m", ("x-keypace-max-wait", "0"))).MustBe(200);
        var (held, free) = (await StatusAsync(told), await StatusAsync(other));
        Assert.Equal(("pause", JsonValueKind.Number), (held["binding"].GetString(), held["paused_until"].ValueKind));
        Assert.InRange(held["next_free_at"].GetDouble() - Now, 299, 331);
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (free["binding"].ValueKind, free["paused_until"].ValueKind));
        var refused = (await AskAsync(told, "m", ("x-keypace-max-wait", "0"))).MustBe(429);
        Assert.Equal("pause", refused.Headers["x-keypace-binding"]);
        Assert.InRange(Milliseconds(refused), 299_000, 331_000);
    }

    private double Now => host.Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private static RawHub Answering() => new((_, connection) => connection.SendAsync(RawHub.Completion.Replace("\"prompt_tokens\":1", "\"prompt_tokens\":9", StringComparison.Ordinal)));

    private static double Milliseconds(Answer refused) => double.Parse(refused.Headers["retry-after-ms"], System.Globalization.CultureInfo.InvariantCulture);

    private Task<Answer> AskAsync(string key, string model = "m", params (string Name, string Value)[] headers) => host.SendAsync(
        HttpMethod.Post, "/v1/chat/completions", new { model, max_tokens = 5, messages = new[] { new { role = "user", content = "Hello" } } }, null, [("x-keypace-key", key), .. headers]);

    private async Task<Answer> StatusAsync(string key) => (await host.GetAsync($"/v1/api-keys/{key}/status")).MustBe(200);

    private Task<string> StoreAsync(RawHub hub, int limit, params object[] limits) => StoreAsync(hub, limit, "told", limits);

    private async Task<string> StoreAsync(RawHub hub, int limit, string name, params object[] limits)
    {
        name = FeatureHost.Unique(name).Replace(' ', '-');
        (await host.PostAsync("/v1/api-keys", new
        {
            name, hub = "custom", value = $"sk-test-not-a-real-key-{name}", url = hub.Url, rate_limit_per_interval = limit, rate_limit_interval = 9, guard_ms = 0, limits,
        })).MustBe(200);
        return name;
    }
}
