using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Limits beside the rate limit, groups that change, and queries with priorities, on the built program.</summary>
[Collection(nameof(Timed))]
public sealed class SeveralLimitsTests(SharedKeypace keypace)
{
    [Fact]
    public async Task Never_more_queries_are_under_way_than_the_concurrency_allows()
    {
        int running = 0, most = 0;
        var three = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(), Chunks = 2,
            BeforeEvent = async (number, ct) =>
            {
                if (number == 0)
                {
                    var now = Interlocked.Increment(ref running);
                    InterlockedMax(ref most, now);
                    if (now == 3)
                        three.TrySetResult();
                    await three.Task.WaitAsync(ct);   // the first ones run until there are three of them
                    Interlocked.Decrement(ref running);
                }
            },
        });
        var id = await keypace.StoreKeyAsync(hub, "concurrent");
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { limits = new[] { new { dimension = "concurrent", limit = 3 } } })).MustBe(200);

        var answers = await Task.WhenAll(Enumerable.Range(0, 24).Select(async _ =>
        {
            using var answer = await keypace.Api.OpenAsync("/v1/chat/completions", Api.Chat("m", stream: true), "concurrent", default);
            return await answer.Content.ReadAsStringAsync();
        }));

        Assert.All(answers, answer => Assert.EndsWith("data: [DONE]\n\n", answer, StringComparison.Ordinal));
        Assert.InRange(most, 2, 3);
        var use = (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200)["limits"][0];
        Assert.Equal(0, use.GetProperty("used").GetInt64());
    }

    [Fact]
    public async Task Tokens_are_settled_with_the_hubs_own_count_so_that_more_go_than_were_reserved()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "settled");
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { limits = new[] { new { dimension = "tokens", limit = 2_000 } } })).MustBe(200);

        // The first reserves a quarter and uses 18; without settling a fifth would wait.
        for (var query = 0; query < 5; query++)
            (await keypace.Api.ChatAsync("settled")).MustBe(200);

        await Until.TrueAsync(async () => (await UseAsync()).GetProperty("used").GetInt64() < 1_000, "the last is settled, a moment after its answer");
        var use = await UseAsync();
        async Task<System.Text.Json.JsonElement> UseAsync() => (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200)["limits"][0];
        Assert.Equal(5 * (HubAnswers.PromptTokens + HubAnswers.CompletionTokens), use.GetProperty("used").GetInt64());
    }

    [Fact]
    public async Task A_key_goes_into_another_group_while_its_queries_wait_and_the_accounts_limit_holds()
    {
        var limit = new HubLimit(6, 15);   // six queries have to come while the window is full, on a busy machine too
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = null });
        var first = await keypace.StoreKeyAsync(hub, "account one", limit, Secrets.New());
        var second = await keypace.StoreKeyAsync(hub, "account two", limit, Secrets.New());
        var group = (await keypace.Api.GetAsync($"/v1/api-keys/{first}")).MustBe(200)["rate_group_id"].GetString();
        Load.AllMustBeOk(await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => keypace.Api.ChatAsync("account one"))));
        Load.AllMustBeOk(await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => keypace.Api.ChatAsync("account two"))));
        var waiting = Task.WhenAll(Enumerable.Range(0, 6).Select(_ => keypace.Api.ChatAsync("account two")));
        await Until.TrueAsync(async () => (await keypace.Api.GetAsync($"/v1/api-keys/{second}/status")).MustBe(200)["waiting"].GetInt32() == 6, "six queries wait");
        var before = hub.Log.Count;
        var movedAt = Wire.Nanoseconds(TimeProvider.System);

        var moved = (await keypace.Api.PutAsync($"/v1/api-keys/{second}", new { rate_group_id = group })).MustBe(200);

        Assert.Equal(group, moved["rate_group_id"].GetString());
        Assert.Contains("'account one'", moved["notice"].GetString(), StringComparison.Ordinal);
        Load.AllMustBeOk(await waiting);
        // What both had sent counts in the shared window: nothing goes before it has room.
        var times = hub.Log.Snapshot().Select(arrival => arrival.AtNs).Order().ToArray();
        for (var index = before; index < times.Length; index++)
            Assert.True(times[index] - times[index - limit.Requests] >= limit.WindowNs, $"send {index} came too early after the move at {movedAt}");

        var own = (await keypace.Api.PutAsync($"/v1/api-keys/{second}", new { rate_group_id = "own" })).MustBe(200);
        Assert.NotEqual(group, own["rate_group_id"].GetString());
        (await keypace.Api.PutAsync($"/v1/api-keys/{second}", new { rate_group_id = "0193f5a0-0000-7000-8000-000000000000" })).MustBe(422);
        (await keypace.Api.PutAsync($"/v1/api-keys/{second}", new { rate_group_id = "account one" })).MustBe(422);
    }

    [Fact]
    public async Task Background_lets_interactive_pass_and_is_not_starved()
    {
        var limit = new HubLimit(5, 20);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await keypace.StoreKeyAsync(hub, "classes", limit);
        Load.AllMustBeOk(await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => keypace.Api.ChatAsync("classes", "first"))));

        var background = Task.WhenAll(Enumerable.Range(0, 5).Select(_ => keypace.Api.ChatAsync("classes", "back", ("x-keypace-priority", "background"))));
        await Until.TrueAsync(async () => (await keypace.Api.GetAsync("/v1/api-keys/classes/status")).MustBe(200)["waiting"].GetInt32() >= 4, "the background waits");
        var interactive = Task.WhenAll(Enumerable.Range(0, 5).Select(_ => keypace.Api.ChatAsync("classes", "now")));

        Load.AllMustBeOk([.. await interactive, .. await background]);
        var wave = hub.Log.Snapshot().OrderBy(arrival => arrival.AtNs).Skip(5).Take(5).Select(arrival => arrival.Caller).ToList();
        Assert.True(wave.Count(caller => caller == "now") >= 4, string.Join(' ', wave));
        Assert.True(hub.Log.Report(limit).Holds);
    }

    [Fact]
    public async Task The_freest_key_of_a_hub_is_taken_and_of_equal_ones_the_least_used()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = null });
        await using var alone = await RunningKeypace.StartAsync();
        await alone.StoreKeyAsync(hub.Address, Secrets.New(), "one", new HubLimit(10, 60));
        await alone.StoreKeyAsync(hub.Address, Secrets.New(), "two", new HubLimit(10, 60));
        var keys = new List<string?>();
        for (var query = 0; query < 6; query++)
            keys.Add((await alone.Api.PostAsync("/v1/chat/completions", Api.Chat("custom/m"))).MustBe(200).Header("x-keypace-key"));

        Assert.Equal(3, keys.Count(key => key == "one"));
        Assert.Equal(3, keys.Count(key => key == "two"));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen;)
        {
            var before = Interlocked.CompareExchange(ref most, value, seen);
            if (before == seen)
                return;

            seen = before;
        }
    }
}
