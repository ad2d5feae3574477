using System.Text.Json;

namespace Keypace.Tests.Server.Features;

/// <summary>How a key paces beside its rate limit, as people set and see it.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class PacingFieldsTests(FeatureHost host)
{
    private const string Secret = "sk-test-not-a-real-key-pace";

    [Fact]
    public async Task A_key_without_any_of_it_has_the_defaults()
    {
        var made = (await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("plain"), hub = "openai", value = Secret })).MustBe(200);

        Assert.Equal("auto", made["pacing"].GetString());
        Assert.Equal(JsonValueKind.Null, made["guard_ms"].ValueKind);
        Assert.Equal(0, made["limits"].GetArrayLength());
        Assert.Equal("default", made["rate_limit_source"].GetString());
        Assert.False(made["limit_frozen"].GetBoolean());
    }

    [Fact]
    public async Task Everything_is_kept_changed_alone_and_survives_a_restart()
    {
        var limits = new object[]
        {
            new { dimension = "tokens", limit = 90_000 },
            new { dimension = "requests", limit = 1_000, calendar_zone = "America/Los_Angeles" },
            new { dimension = "requests", limit = 50_000, interval_seconds = 86_400 },
            new { dimension = "concurrent", limit = 8 },
            new { dimension = "output_tokens", limit = 4_000, interval_seconds = 10, model = "big/model:free" },
        };
        var id = (await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("full"), hub = "openai", value = Secret + "1", pacing = "smooth", guard_ms = 0, limits, limit_frozen = true })).MustBe(200)["id"].GetString();

        var changed = (await host.PutAsync($"/v1/api-keys/{id}", new { pacing = "burst" })).MustBe(200);
        Assert.Equal("burst", changed["pacing"].GetString());
        Assert.Equal(0, changed["guard_ms"].GetInt32());
        Assert.True(changed["limit_frozen"].GetBoolean());
        Assert.Equal(60, changed["limits"][0].GetProperty("interval_seconds").GetInt32());
        Assert.Equal(JsonValueKind.Null, changed["limits"][1].GetProperty("interval_seconds").ValueKind);
        Assert.Equal("big/model:free", changed["limits"][4].GetProperty("model").GetString());

        var same = (await host.PutAsync($"/v1/api-keys/{id}", new { pacing = "burst", guard_ms = 0, limits })).MustBe(200);
        Assert.Equal(changed["version"].GetInt32(), same["version"].GetInt32());

        var back = (await host.PutAsync($"/v1/api-keys/{id}", new { guard_ms = -1, limits = Array.Empty<object>(), limit_frozen = false })).MustBe(200);
        Assert.Equal(JsonValueKind.Null, back["guard_ms"].ValueKind);
        Assert.Equal(0, back["limits"].GetArrayLength());
        Assert.Equal(back.Text, (await host.GetAsync($"/v1/api-keys/{id}")).MustBe(200).Text);
    }

    [Fact]
    public async Task The_source_of_a_limit_says_who_chose_it_and_default_brings_the_hubs_back()
    {
        var made = (await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("source"), hub = "together", value = Secret + "2", rate_limit_per_interval = 7 })).MustBe(200);
        var id = made["id"].GetString();
        Assert.Equal("set", made["rate_limit_source"].GetString());

        var back = (await host.PutAsync($"/v1/api-keys/{id}", new { rate_limit_source = "default" })).MustBe(200);
        Assert.Equal("default", back["rate_limit_source"].GetString());
        Assert.NotEqual(7, back["rate_limit_per_interval"].GetInt32());

        var kept = (await host.PutAsync($"/v1/api-keys/{id}", new { rate_limit_source = "set" })).MustBe(200);
        Assert.Equal("set", kept["rate_limit_source"].GetString());
        Assert.Equal(back["rate_limit_per_interval"].GetInt32(), kept["rate_limit_per_interval"].GetInt32());
    }

    [Theory]
    [InlineData("""{"pacing":"fast"}""", "pacing")]
    [InlineData("""{"pacing":1}""", "pacing")]
    [InlineData("""{"guard_ms":-2}""", "guard_ms")]
    [InlineData("""{"guard_ms":5001}""", "guard_ms")]
    [InlineData("""{"guard_ms":1.5}""", "guard_ms")]
    [InlineData("""{"limit_frozen":"yes"}""", "limit_frozen")]
    [InlineData("""{"rate_limit_source":"hub"}""", "rate_limit_source")]
    [InlineData("""{"rate_limit_source":"default","rate_limit_per_interval":5}""", "rate_limit_source")]
    [InlineData("""{"limits":{"dimension":"tokens"}}""", "limits")]
    [InlineData("""{"limits":["tokens"]}""", "limits.0")]
    [InlineData("""{"limits":[{"limit":5}]}""", "limits.0.dimension")]
    [InlineData("""{"limits":[{"dimension":"tokens"}]}""", "limits.0.limit")]
    [InlineData("""{"limits":[{"dimension":"tokens","limit":0}]}""", "limits.0.limit")]
    [InlineData("""{"limits":[{"dimension":"tokens","limit":1e30}]}""", "limits.0.limit")]
    [InlineData("""{"limits":[{"dimension":"tokens","limit":5,"interval_seconds":86401}]}""", "limits.0.interval_seconds")]
    [InlineData("""{"limits":[{"dimension":"requests","limit":5}]}""", "limits.0.interval_seconds")]
    [InlineData("""{"limits":[{"dimension":"requests","limit":5,"calendar_zone":"Mars/Olympus"}]}""", "limits.0.calendar_zone")]
    [InlineData("""{"limits":[{"dimension":"requests","limit":5,"calendar_zone":"UTC","interval_seconds":60}]}""", "limits.0.calendar_zone")]
    [InlineData("""{"limits":[{"dimension":"concurrent","limit":5,"interval_seconds":60}]}""", "limits.0.interval_seconds")]
    [InlineData("""{"limits":[{"dimension":"concurrent","limit":100001}]}""", "limits.0.limit")]
    [InlineData("""{"limits":[{"dimension":"tokens","limit":5},{"dimension":"tokens","limit":6,"interval_seconds":60}]}""", "limits.1.dimension")]
    [InlineData("""{"limits":[{"dimension":"tokens","limit":5,"model":""}]}""", "limits.0.model")]
    public async Task What_cannot_be_is_refused_by_its_field_and_changes_nothing(string body, string field)
    {
        var name = FeatureHost.Unique("refused");
        var made = (await host.PostAsync("/v1/api-keys", new { name, hub = "openai", value = Secret + "3" })).MustBe(200);

        var refused = (await host.PutAsync($"/v1/api-keys/{made["id"].GetString()}", (object)body)).MustRefuse(422);

        Assert.Contains(refused["detail"].EnumerateArray(), one => string.Join('.', one.GetProperty("loc").EnumerateArray().Skip(1).Select(part => part.GetString())) == field);
        Assert.Equal(made.Text, (await host.GetAsync($"/v1/api-keys/{made["id"].GetString()}")).Text);
    }

    [Fact]
    public async Task A_token_has_a_best_class_that_can_be_changed()
    {
        var token = (await host.PostAsync("/v1/access-tokens", new { name = FeatureHost.Unique("batch"), priority = "batch" })).MustBe(200);
        Assert.Equal("batch", token["priority"].GetString());

        var changed = (await host.PutAsync($"/v1/access-tokens/{token["id"].GetString()}", new { priority = "background" })).MustBe(200);
        Assert.Equal("background", changed["priority"].GetString());

        (await host.PutAsync($"/v1/access-tokens/{token["id"].GetString()}", new { priority = "urgent" })).MustRefuse(422);
        Assert.Equal("interactive", (await host.PostAsync("/v1/access-tokens", new { name = FeatureHost.Unique("usual") })).MustBe(200)["priority"].GetString());
    }

    [Fact]
    public async Task The_status_shows_who_sent_when_and_what_binds()
    {
        var name = FeatureHost.Unique("watched");
        (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", url = host.Hub.Url + "/watched", value = PretendHub.Secret, rate_limit_per_interval = 1, rate_limit_interval = 10 })).MustBe(200);
        var path = $"/v1/api-keys/{Uri.EscapeDataString(name)}/status";
        Assert.Equal(JsonValueKind.Null, (await host.GetAsync(path)).MustBe(200)["binding"].ValueKind);

        (await host.SendAsync(HttpMethod.Get, $"/keys/{Uri.EscapeDataString(name)}/models", null, null, ("x-keypace-caller", "drawn"))).MustBe(200);
        var refused = await host.SendAsync(HttpMethod.Get, $"/keys/{Uri.EscapeDataString(name)}/models", null, null, ("x-keypace-max-wait", "0"));

        Assert.Equal((429, "no_turn_in_time"), ((int)refused.Status, refused.Headers["x-keypace-error"]));
        Assert.Equal("1", refused.Headers["x-keypace-position"]);
        var status = (await host.GetAsync(path)).MustBe(200);
        Assert.Equal("rate_limit", status["binding"].GetString());
        var history = status["history"];
        Assert.Equal(10 / 60.0, history.GetProperty("bucket_seconds").GetDouble(), 3);
        var sends = history.GetProperty("sends");
        Assert.Equal(180, sends.GetArrayLength());
        var caller = history.GetProperty("callers").EnumerateArray().Select(one => one.GetString()).ToList().IndexOf("drawn");
        Assert.Equal(1, sends.EnumerateArray().Sum(row => row[caller].GetInt32()));
    }

    [Theory]
    [InlineData("x-keypace-priority", "urgent", 400, "bad_header")]
    [InlineData("x-keypace-priority", "interactive", 403, "priority_not_allowed")]
    [InlineData("x-keypace-deadline", "NaN", 400, "bad_header")]
    [InlineData("x-keypace-deadline", "1", 429, "no_turn_in_time")]
    [InlineData("x-keypace-max-wait", "-1", 400, "bad_header")]
    public async Task Headers_of_a_query_are_checked_before_anything_is_sent(string header, string value, int status, string code)
    {
        var token = await host.NewTokenAsync(new { name = FeatureHost.Unique("background"), priority = "background" });

        var refused = await host.SendAsync(HttpMethod.Get, "/keys/nobody/models", null, token, (header, value));

        Assert.Equal((status, code), ((int)refused.Status, refused.Headers["x-keypace-error"]));
        Assert.DoesNotContain("met a bug", host.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_with_a_bad_header_is_recorded_as_any_other_and_costs_no_other_its_record()
    {
        var name = FeatureHost.Unique("recorded");
        var stored = (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", url = host.Hub.Url + "/recorded", value = PretendHub.Secret })).MustBe(200);
        var path = $"/keys/{Uri.EscapeDataString(name)}/models";
        for (var i = 0; i < 3; i++)
        {
            (await host.SendAsync(HttpMethod.Get, path, null, null)).MustBe(200);
            Assert.Equal(400, (int)(await host.SendAsync(HttpMethod.Get, path, null, null, ("x-keypace-max-wait", "soon"))).Status);
        }

        await Until.TrueAsync(async () =>
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(300));
            return (await host.GetAsync($"/v1/api-keys/{stored["id"].GetString()}/queries")).MustBe(200)["results"].GetArrayLength() >= 3;
        });
        Assert.DoesNotContain("cannot be stored", host.Errors, StringComparison.Ordinal);
    }
}
