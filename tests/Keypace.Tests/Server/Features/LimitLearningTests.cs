using System.Text.Json;

namespace Keypace.Tests.Server.Features;

/// <summary>What the hub's answers do to a key's limits, over real HTTP. The pretend hub says a limit of 500 a minute.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class LimitLearningTests(FeatureHost host)
{
    [Fact]
    public async Task A_lower_limit_in_the_headers_rules_when_it_was_said_twice()
    {
        var path = await StoreAsync("lower", new { rate_limit_per_interval = 1_000 });
        await AskAsync(path);
        Assert.Equal(1_000, (await StatusAsync(path))["effective_limit"].GetInt32());

        await AskAsync(path);

        var status = await StatusAsync(path);
        Assert.Equal(500, status["effective_limit"].GetInt32());
        Assert.Equal(500, status["reported_limit"].GetProperty("limit").GetInt64());
        var learned = status["events"][0];
        Assert.Equal(("limit_lowered", 1_000, 500), (learned.GetProperty("kind").GetString(), learned.GetProperty("before").GetInt32(), learned.GetProperty("after").GetInt32()));
        Assert.Contains("headers", learned.GetProperty("cause").GetString(), StringComparison.Ordinal);
        Assert.Contains("not the 1000 / 60 s that is set", status["pacing_why"].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frozen_limit_stays_and_a_chosen_one_is_not_raised()
    {
        var frozen = await StoreAsync("frozen", new { rate_limit_per_interval = 1_000, limit_frozen = true });
        var chosen = await StoreAsync("chosen", new { rate_limit_per_interval = 100 });
        var left = await StoreAsync("left", new { });
        foreach (var path in new[] { frozen, chosen, left })
        {
            await AskAsync(path);
            await AskAsync(path);
        }

        Assert.Equal(1_000, (await StatusAsync(frozen))["effective_limit"].GetInt32());
        Assert.Equal(100, (await StatusAsync(chosen))["effective_limit"].GetInt32());
        Assert.Equal(500, (await StatusAsync(left))["effective_limit"].GetInt32());   // nobody chose the default of 60
    }

    [Fact]
    public async Task A_reported_limit_can_be_taken_over()
    {
        var path = await StoreAsync("taken", new { rate_limit_per_interval = 100 });
        (await host.PostAsync($"/v1/api-keys/{path}/take-reported-limit")).MustRefuse(409, "no_reported_limit");
        await AskAsync(path);

        var taken = (await host.PostAsync($"/v1/api-keys/{path}/take-reported-limit")).MustBe(200);

        Assert.Equal((500, 60, "set"), (taken["rate_limit_per_interval"].GetInt32(), taken["rate_limit_interval"].GetInt32(), taken["rate_limit_source"].GetString()));
        Assert.Equal(500, (await StatusAsync(path))["effective_limit"].GetInt32());
    }

    [Fact]
    public async Task A_query_that_needs_more_tokens_than_a_limit_has_is_refused_at_once()
    {
        var path = await StoreAsync("small", new { limits = new[] { new { dimension = "tokens", limit = 100 } } });
        var seen = host.Hub.Seen.Count;

        var refused = await host.SendAsync(HttpMethod.Post, "/v1/chat/completions", new { model = "m", max_tokens = 5_000, messages = Array.Empty<object>() }, null, ("x-keypace-key", path));

        Assert.Equal((400, "larger_than_limit"), ((int)refused.Status, refused.Headers["x-keypace-error"]));
        Assert.Equal("tokens=100/60", refused.Headers["x-keypace-binding"]);
        Assert.Contains("tokens=100/60", refused.Text, StringComparison.Ordinal);
        Assert.Equal(seen, host.Hub.Seen.Count);
        Assert.Equal("false", refused.Headers["x-should-retry"]);
    }

    [Fact]
    public async Task Tokens_are_reserved_settled_and_say_that_they_bind()
    {
        var path = await StoreAsync("tokens", new { limits = new object[] { new { dimension = "tokens", limit = 1_000 }, new { dimension = "requests", limit = 3, interval_seconds = 86_400 }, new { dimension = "concurrent", limit = 2 } } });
        object Query(int most) => new { model = "m", max_tokens = most, messages = Array.Empty<object>() };

        (await host.SendAsync(HttpMethod.Post, "/v1/chat/completions", Query(900), null, ("x-keypace-key", path))).MustBe(200);
        var refused = await host.SendAsync(HttpMethod.Post, "/v1/chat/completions", Query(500), null, ("x-keypace-key", path), ("x-keypace-max-wait", "0"));

        Assert.Equal((429, "no_turn_in_time"), ((int)refused.Status, refused.Headers["x-keypace-error"]));
        Assert.Equal("tokens=1000/60", refused.Headers["x-keypace-binding"]);
        var limits = (await StatusAsync(path))["limits"].EnumerateArray().ToDictionary(limit => limit.GetProperty("dimension").GetString()!);
        Assert.InRange(limits["tokens"].GetProperty("used").GetInt64(), 900, 950);   // the pretend hub counts no tokens: the estimate stays
        Assert.Equal(1, limits["requests"].GetProperty("used").GetInt64());
        Assert.Equal(0, limits["concurrent"].GetProperty("used").GetInt64());
    }

    [Fact]
    public async Task What_a_hub_taught_is_shown_and_taken_back()
    {
        var path = await StoreAsync("taught", new { });

        Assert.Equal(0, (await StatusAsync(path))["lessons"].GetArrayLength());
        (await host.DeleteAsync($"/v1/api-keys/{path}/lessons?kind=bursts")).MustBe(200);
        (await host.DeleteAsync($"/v1/api-keys/{path}/lessons")).MustBe(200);
        (await host.DeleteAsync($"/v1/api-keys/{path}/lessons?kind=everything")).MustRefuse(422);
        var viewer = await host.NewTokenAsync(new { name = FeatureHost.Unique("viewer"), role = "viewer" });
        (await host.DeleteAsync($"/v1/api-keys/{path}/lessons", token: viewer)).MustRefuse(403);
        (await host.DeleteAsync("/v1/api-keys/nobody/lessons")).MustRefuse(404);
    }

    [Fact]
    public async Task An_owner_ends_a_pause()
    {
        var path = await StoreAsync("unpaused", new { });

        var status = (await host.PostAsync($"/v1/api-keys/{path}/unpause")).MustBe(200);

        Assert.Equal(JsonValueKind.Null, status["paused_until"].ValueKind);
        var viewer = await host.NewTokenAsync(new { name = FeatureHost.Unique("viewer"), role = "viewer" });
        (await host.PostAsync($"/v1/api-keys/{path}/unpause", token: viewer)).MustRefuse(403);
        (await host.PostAsync("/v1/api-keys/nobody/unpause")).MustRefuse(404);
    }

    [Fact]
    public async Task Keys_of_one_account_are_suggested_to_share_a_group()
    {
        var (first, second) = (await StoreAsync("sibling", new { }), await StoreAsync("sibling", new { }));
        await AskAsync(first);
        Assert.Equal(JsonValueKind.Null, (await host.GetAsync($"/v1/api-keys/{first}"))["notice"].ValueKind);

        await AskAsync(second);

        var shown = (await host.GetAsync($"/v1/api-keys/{first}")).MustBe(200);
        Assert.Contains("one account", shown["notice"].GetString(), StringComparison.Ordinal);
        var group = (await host.GetAsync($"/v1/api-keys/{second}"))["rate_group_id"].GetString();
        var joined = (await host.PutAsync($"/v1/api-keys/{first}", new { rate_group_id = group })).MustBe(200);
        Assert.Equal(group, joined["rate_group_id"].GetString());
        Assert.Equal(2, (await StatusAsync(first))["used_now"].GetInt32());
    }

    [Fact]
    public async Task Keys_that_a_hub_counts_together_without_naming_an_account_are_suggested_too()
    {
        var (first, second) = (await StoreAsync("counted", new { }), await StoreAsync("counted", new { }));
        for (var i = 0; i < 3; i++)
        {
            await AskAsync(first);
            await AskAsync(second);
        }

        var notice = (await host.GetAsync($"/v1/api-keys/{second}"))["notice"].GetString();

        Assert.Contains($"counts this key and '{first}' as one account", notice, StringComparison.Ordinal);
    }

    /// <summary>Every key has an address of its own, and so a rate group.</summary>
    private async Task<string> StoreAsync(string name, object limits)
    {
        var unique = FeatureHost.Unique(name).Replace(' ', '-');
        var fields = JsonSerializer.SerializeToNode(limits)!.AsObject();
        (fields["name"], fields["hub"], fields["url"], fields["value"]) = (unique, "custom", $"{host.Hub.Url}/{unique}", PretendHub.Secret);
        (await host.PostAsync("/v1/api-keys", (object)fields.ToJsonString())).MustBe(200);
        return unique;
    }

    private async Task AskAsync(string path) => (await host.SendAsync(HttpMethod.Get, $"/keys/{path}/models", null, null)).MustBe(200);

    private Task<Answer> StatusAsync(string path) => host.GetAsync($"/v1/api-keys/{path}/status");
}
