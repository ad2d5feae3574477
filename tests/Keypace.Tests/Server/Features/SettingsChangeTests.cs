namespace Keypace.Tests.Server.Features;

/// <summary>The guard, changed while the server runs: it holds for keys that say none, at once and after a restart.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class SettingsChangeTests(FeatureHost host)
{
    [Fact]
    public async Task A_teams_guard_holds_for_keys_that_say_none()
    {
        var silent = await StoreAsync(null);
        var own = await StoreAsync(5);
        var usual = await GuardOfAsync(silent);

        var set = (await host.PutAsync("/v1/settings", new { guard_ms = 321 })).MustBe(200).Json.EnumerateArray().Single(one => one.GetProperty("name").GetString() == "Pacing:GuardMs");
        Assert.Equal(("321", "team"), (set.GetProperty("value").GetString(), set.GetProperty("source").GetString()));
        Assert.Equal((321, 5), (await GuardOfAsync(silent), await GuardOfAsync(own)));
        var later = await StoreAsync(null);
        Assert.Equal(321, await GuardOfAsync(later));
        Assert.Contains("settings_changed", (await host.GetAsync("/v1/audit?limit=20")).Text, StringComparison.Ordinal);

        await host.RestartAsync();
        Assert.Equal((321, 5), (await GuardOfAsync(silent), await GuardOfAsync(own)));
        (await host.PutAsync("/v1/settings", new { guard_ms = -1 })).MustBe(200);
        Assert.Equal((usual, 5, usual), (await GuardOfAsync(silent), await GuardOfAsync(own), await GuardOfAsync(later)));
    }

    [Theory]
    [InlineData("{\"guard_ms\":-2}")]
    [InlineData("{\"guard_ms\":5001}")]
    [InlineData("{\"guard_ms\":\"50\"}")]
    public async Task What_is_no_guard_is_refused_by_field(string body) =>
        Assert.Contains("guard_ms", (await host.PutAsync("/v1/settings", body)).MustRefuse(422).Text, StringComparison.Ordinal);

    private async Task<string> StoreAsync(int? guard) => (await host.PostAsync("/v1/api-keys", new
    {
        name = FeatureHost.Unique("guarded"), hub = "openai", value = FeatureHost.Unique("sk-test-not-a-real-key"), guard_ms = guard,
    })).MustBe(200)["id"].GetString()!;

    private async Task<int> GuardOfAsync(string id) => (await host.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200)["guard_ms"].GetInt32();
}
