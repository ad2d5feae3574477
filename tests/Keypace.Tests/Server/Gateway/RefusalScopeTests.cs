using System.Text.Json;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>A refusal that concerns one model, one query or one quota counts there only, on every route.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class RefusalScopeTests(FeatureHost host)
{
    private const int Limit = 1_000;

    /// <summary>Routes, and what a hub says when it refuses; nothing of it has to name the model.</summary>
    public static TheoryData<string, string> Ways => new()
    {
        { "/v1/chat/completions", "{}" },
        { "/v1/chat/completions", """{"error":{"message":"Rate limit reached for bad-model on requests per min","code":"rate_limit_exceeded"}}""" },
        { "/v1/chat_complete", "{}" },
        { "/v1/embeddings", "{}" },
        { "/keys/KEY/chat/completions", "{}" },
        { "/keys/KEY/chat/completions", """{"error":{"message":"Rate limit reached for bad-model on requests per min","code":"rate_limit_exceeded"}}""" },
        { "/keys/KEY/models/MODEL:generate", "{}" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task One_models_refusals_hold_no_other_and_are_handed_on_after_three(string path, string words)
    {
        await using var hub = Refusing("bad-model", words);
        var key = await StoreAsync(hub);
        await AskAsync(key, path, "good-model");

        var refused = AskAsync(key, path, "bad-model");
        for (var round = 0; !refused.IsCompleted; round++)
        {
            Assert.True(round < 100, "It was never handed on.");
            await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ => (await AskAsync(key, path, "good-model")).MustBe(200)));   // in virtual time: at once
            Assert.Equal((Limit, 0), await LimitAsync(key));
            host.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var handed = (await refused).MustBe(429);
        Assert.Equal("false", handed.Headers["x-should-retry"]);
        Assert.Equal(3, hub.Requests.Count(request => request.Contains("bad-model", StringComparison.Ordinal)));
        var events = (await host.GetAsync($"/v1/api-keys/{key}/status")).MustBe(200)["events"].EnumerateArray().Select(one => one.GetProperty("kind").GetString()).ToArray();
        Assert.Contains("model_paused", events);
        Assert.DoesNotContain("limit_lowered", events);
        Assert.DoesNotContain("bursts_shrunk", events);
    }

    [Fact]
    public async Task A_time_that_the_hub_says_for_one_model_holds_that_model_only()
    {
        await using var hub = Refusing("bad-model", "{}", "Retry-After: 20\r\n");
        var key = await StoreAsync(hub);
        await AskAsync(key, "/v1/chat/completions", "good-model");
        var first = AskAsync(key, "/v1/chat/completions", "bad-model");
        await Until.TrueAsync(() => hub.Requests.Any(request => request.Contains("bad-model", StringComparison.Ordinal)));
        await Until.TrueAsync(async () => (await StatusAsync(key))["pacing_why"].GetString()!.Contains("bad-model", StringComparison.Ordinal));

        (await AskAsync(key, "/v1/chat/completions", "good-model")).MustBe(200);
        var late = (await host.SendAsync(HttpMethod.Post, "/v1/chat/completions", Body("bad-model"), null, ("x-keypace-key", key), ("x-keypace-max-wait", "1"))).MustBe(429);

        Assert.Equal("no_turn_in_time", late.Headers["x-keypace-error"]);
        Assert.InRange(int.Parse(late.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 20, 22);
        Assert.False(first.IsCompleted);
        (await host.PostAsync($"/v1/api-keys/{key}/unpause")).MustBe(200);
        await Until.TrueAsync(() => hub.Requests.Count(request => request.Contains("bad-model", StringComparison.Ordinal)) == 2);
        await FinishAsync(first);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/chat_complete")]
    [InlineData("/keys/KEY/chat/completions")]
    public async Task A_query_that_is_too_large_by_the_hubs_words_is_handed_on_at_once(string path)
    {
        await using var hub = Refusing("bad-model", """{"error":{"message":"Request too large for bad-model on tokens per min (TPM): Limit 30000, Requested 54000.","type":"tokens","code":"rate_limit_exceeded"}}""");
        var key = await StoreAsync(hub);

        var handed = (await AskAsync(key, path, "bad-model")).MustBe(429);

        Assert.Equal("false", handed.Headers["x-should-retry"]);
        Assert.Single(hub.Requests);
        Assert.Equal((Limit, 0), await LimitAsync(key));
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/keys/KEY/chat/completions")]
    public async Task A_query_that_is_refused_while_others_of_its_model_are_answered_takes_back_what_it_taught(string path)
    {
        await using var hub = Refusing("too long", "{}");
        var key = await StoreAsync(hub);
        await AskAsync(key, path, "m");
        var refused = AskAsync(key, path, "m", "too long");
        await Until.TrueAsync(() => hub.Requests.Any(request => request.Contains("too long", StringComparison.Ordinal)));

        for (var round = 0; !refused.IsCompleted; round++)
        {
            Assert.True(round < 100, "It was never handed on.");
            var asked = AskAsync(key, path, "m");
            await Until.TrueAsync(() =>
            {
                host.Time.Advance(TimeSpan.FromMilliseconds(500));
                return asked.IsCompleted;
            });
            (await asked).MustBe(200);
        }

        Assert.Equal("false", (await refused).MustBe(429).Headers["x-should-retry"]);
        Assert.InRange(hub.Requests.Count(request => request.Contains("too long", StringComparison.Ordinal)), 3, 4);   // more where it and the other left at one tick
        Assert.Equal((Limit, 0), await LimitAsync(key));
    }

    [Fact]
    public async Task Answers_to_what_was_sent_before_do_not_make_a_refusal_the_querys_own()
    {
        // The hub takes two and answers them late; the third is refused as long as it is asked. All are of one model: the refusal stays the key's.
        var late = new TaskCompletionSource();
        await using var hub = new RawHub(async (request, connection) =>
        {
            if (request.Contains("slow", StringComparison.Ordinal))
                await late.Task;
            await connection.SendAsync(request.Contains("third", StringComparison.Ordinal) ? Refusal("{}") : RawHub.Completion);
        });
        var key = await StoreAsync(hub);
        Task<Answer>[] slow = [AskAsync(key, "/v1/chat/completions", "m", "slow"), AskAsync(key, "/v1/chat/completions", "m", "slow")];
        await Until.TrueAsync(() => hub.Requests.Count == 2);
        var third = AskAsync(key, "/v1/chat/completions", "m", "third");
        await Until.TrueAsync(() => hub.Requests.Count == 3);
        late.SetResult();
        await Task.WhenAll(slow);

        await Until.TrueAsync(() =>
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(500));
            return hub.Requests.Count >= 5;
        });

        Assert.False(third.IsCompleted);
        await FinishAsync(third);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/chat_complete")]
    [InlineData("/keys/KEY/chat/completions")]
    public async Task A_spent_quota_stops_its_model_at_once_and_no_call_hangs(string path)
    {
        await using var hub = Refusing("bad-model", """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}""");
        var key = await StoreAsync(hub);

        Assert.Equal("false", (await AskAsync(key, path, "bad-model")).MustBe(429).Headers["x-should-retry"]);
        var next = (await AskAsync(key, path, "bad-model")).MustBe(429);

        Assert.Equal(("hub_quota_exhausted", "false"), (next.Headers["x-keypace-error"], next.Headers["x-should-retry"]));
        Assert.Single(hub.Requests);
        (await AskAsync(key, path, "good-model")).MustBe(200);
    }

    [Fact]
    public async Task What_was_tried_again_here_is_not_to_be_tried_again_by_its_caller()
    {
        await using var hub = new RawHub("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n");
        var key = await StoreAsync(hub);

        var refused = (await host.SendAsync(
            HttpMethod.Post, "/v1/chat_complete", new { prompt = "Hello", completion_params = new { api_key = key, model = "m", max_retries = 3 } }, null, ("x-keypace-max-wait", "5"))).MustBe(429);

        Assert.Equal(("no_turn_in_time", "false"), (refused.Headers["x-keypace-error"], refused.Headers["x-should-retry"]));
        Assert.Single(hub.Requests);
    }

    [Fact]
    public async Task What_one_named_models_refusals_taught_is_forgotten_when_another_is_asked()
    {
        await using var hub = Refusing("bad-model", """{"error":{"message":"Rate limit reached for bad-model"}}""");
        var key = await StoreAsync(hub);
        var refused = AskAsync(key, "/v1/chat/completions", "bad-model");
        await Until.TrueAsync(async () =>
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
            return (await LimitAsync(key)).Limit < Limit;
        });

        (await AskAsync(key, "/v1/chat/completions", "good-model")).MustBe(200);

        Assert.Equal(Limit, (await LimitAsync(key)).Limit);
        await FinishAsync(refused);
    }

    private static string Refusal(string words, string headers = "") => $"HTTP/1.1 429 Too Many Requests\r\n{headers}Content-Type: application/json\r\nContent-Length: {words.Length}\r\n\r\n{words}";

    /// <summary>Refuses whatever has this text in it, and answers all else.</summary>
    private static RawHub Refusing(string text, string words, string headers = "") => new((request, connection) =>
        connection.SendAsync(request.Contains(text, StringComparison.Ordinal) ? Refusal(words, headers) : RawHub.Completion));

    private static object Body(string model, string content = "Hello") => new { model, messages = new[] { new { role = "user", content } } };

    private Task<Answer> AskAsync(string key, string path, string model, string content = "Hello") => host.SendAsync(
        HttpMethod.Post,
        path.Replace("KEY", key, StringComparison.Ordinal).Replace("MODEL", model, StringComparison.Ordinal),
        path.EndsWith("chat_complete", StringComparison.Ordinal) ? new { prompt = content, completion_params = new { api_key = key, model } }
            : path.EndsWith("generate", StringComparison.Ordinal) ? new { contents = content }
            : Body(model, content),
        null, ("x-keypace-key", key));

    private async Task<Answer> StatusAsync(string key) => (await host.GetAsync($"/v1/api-keys/{key}/status")).MustBe(200);

    private async Task<(int Limit, int Waiting)> LimitAsync(string key)
    {
        var status = await StatusAsync(key);
        return (status["effective_limit"].GetInt32(), status["paused_until"].ValueKind is JsonValueKind.Null ? 0 : 1);
    }

    /// <summary>Lets a query that waits come to its end.</summary>
    private async Task FinishAsync(Task<Answer> waiting) => await Until.TrueAsync(() =>
    {
        host.Time.Advance(TimeSpan.FromSeconds(5));
        return waiting.IsCompleted;
    });

    private async Task<string> StoreAsync(RawHub hub)
    {
        var name = FeatureHost.Unique("scope").Replace(' ', '-');
        (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = Limit, rate_limit_interval = 1 })).MustBe(200);
        return name;
    }
}
