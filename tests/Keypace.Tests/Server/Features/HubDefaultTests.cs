namespace Keypace.Tests.Server.Features;

/// <summary>A team's own default for a hub: what new keys get, who may set it, what is left of it.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class HubDefaultTests(FeatureHost host)
{
    [Fact]
    public async Task A_teams_own_default_is_what_new_keys_get_and_survives_a_restart()
    {
        var before = (await host.GetAsync("/v1/hubs/perplexity")).MustBe(200);
        Assert.Equal((50, false), (before["rate_limit_per_interval"].GetInt32(), before["rate_limit_is_teams"].GetBoolean()));

        var set = (await host.PutAsync("/v1/hubs/perplexity", new { rate_limit_per_interval = 7, rate_limit_interval = 3 })).MustBe(200);
        Assert.Equal((7, 3, true), (set["rate_limit_per_interval"].GetInt32(), set["rate_limit_interval"].GetInt32(), set["rate_limit_is_teams"].GetBoolean()));
        await host.RestartAsync();

        var name = FeatureHost.Unique("teams default");
        var key = (await host.PostAsync("/v1/api-keys", new { name, hub = "perplexity", value = "pplx-test-not-a-real-key-0001" })).MustBe(200);
        Assert.Equal((7, 3), (key["rate_limit_per_interval"].GetInt32(), key["rate_limit_interval"].GetInt32()));
        var listed = (await host.GetAsync("/v1/hubs")).Json.EnumerateArray().Single(hub => hub.GetProperty("name").GetString() == "perplexity");
        Assert.Equal(7, listed.GetProperty("rate_limit_per_interval").GetInt32());
        Assert.Contains("default_set", (await host.GetAsync("/v1/audit?limit=20")).Text, StringComparison.Ordinal);

        var reset = (await host.PutAsync("/v1/hubs/perplexity", new { })).MustBe(200);
        Assert.Equal((50, 60, false), (reset["rate_limit_per_interval"].GetInt32(), reset["rate_limit_interval"].GetInt32(), reset["rate_limit_is_teams"].GetBoolean()));
    }

    [Theory]
    [InlineData("{\"rate_limit_per_interval\":0}", "rate_limit_per_interval")]
    [InlineData("{\"rate_limit_per_interval\":1000001}", "rate_limit_per_interval")]
    [InlineData("{\"rate_limit_interval\":60}", "rate_limit_per_interval")]
    [InlineData("{\"rate_limit_per_interval\":1,\"rate_limit_interval\":86401}", "rate_limit_interval")]
    [InlineData("{\"rate_limit_per_interval\":\"60\"}", "rate_limit_per_interval")]
    public async Task What_is_no_limit_is_refused_by_field(string body, string field) =>
        Assert.Contains(field, (await host.PutAsync("/v1/hubs/groq", body)).MustRefuse(422).Text, StringComparison.Ordinal);

    [Fact]
    public async Task A_hub_that_is_not_there_is_not_found() => (await host.PutAsync("/v1/hubs/nowhere", new { })).MustRefuse(404, "not_found");
}
