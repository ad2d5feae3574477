using System.Text.Json;
using Keypace.Domain.Hubs;
using Keypace.Tests.Server.Gateway;

namespace Keypace.Tests.Server.Features;

/// <summary>Headers that a key lets pass beside those that pass for every key of its hub.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class PassHeadersTests(FeatureHost host)
{
    [Fact]
    public async Task Named_headers_reach_the_hub_on_every_route_and_others_do_not()
    {
        await using var hub = new RawHub(RawHub.Completion);
        var (name, id) = await StoreAsync(hub, ["X-Team", " x-trial-* ", "x-team"]);
        Assert.Equal(["x-team", "x-trial-*"], Names((await host.GetAsync($"/v1/api-keys/{id}")).MustBe(200)["pass_headers"]));

        foreach (var path in new[] { "/v1/chat/completions", $"/keys/{name}/chat/completions" })
        {
            await AskAsync(path, name);
            Assert.Contains("x-team: red", hub.Requests.Last(), StringComparison.OrdinalIgnoreCase);
            Assert.Contains("x-trial-number: 7", hub.Requests.Last(), StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("x-other", hub.Requests.Last(), StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("kpa_", hub.Requests.Last(), StringComparison.Ordinal);         // an access token in a header that passes
            Assert.DoesNotContain("x-trial-api-key", hub.Requests.Last(), StringComparison.OrdinalIgnoreCase);
        }

        Assert.Empty(Names((await host.PutAsync($"/v1/api-keys/{id}", new { pass_headers = Array.Empty<string>() })).MustBe(200)["pass_headers"]));
        await AskAsync($"/keys/{name}/chat/completions", name);
        Assert.DoesNotContain("x-team", hub.Requests.Last(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task They_stay_with_the_key_through_other_changes_and_a_restart()
    {
        await using var own = new FeatureHost();
        await own.InitializeAsync();
        await using var hub = new RawHub(RawHub.Completion);
        var id = (await own.PostAsync("/v1/api-keys", Key(hub, "lab", ["x-team"]))).MustBe(200)["id"].GetString()!;
        (await own.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = 7 })).MustBe(200);

        await own.RestartAsync();
        (await own.SendAsync(HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[]}""", null, ("x-keypace-key", "lab"), ("x-team", "red"))).MustBe(200);

        Assert.Contains("x-team: red", hub.Requests.Last(), StringComparison.OrdinalIgnoreCase);
        var stale = (await own.PutAsync($"/v1/api-keys/{id}", new { version = 1, pass_headers = new[] { "x-blue" } })).MustRefuse(412, "stale_version");
        Assert.Contains("x-team", stale.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("authorization")]
    [InlineData("x-api-key")]
    [InlineData("X_Api_Key")]
    [InlineData("x-my-token")]
    [InlineData("x-*")]
    [InlineData("x-a*")]
    [InlineData("*")]
    [InlineData("x-*-team")]
    [InlineData("content-*")]
    [InlineData("connection")]
    [InlineData("transfer-encoding")]
    [InlineData("upgrade")]
    [InlineData("te")]
    [InlineData("host")]
    [InlineData("cookie")]
    [InlineData("x-keypace-caller")]
    [InlineData("x-keypace-*")]
    [InlineData("x-forwarded-for")]
    [InlineData("x-forwa*")]
    [InlineData("x-original-url")]
    [InlineData("x-http-method-override")]
    [InlineData("x-accel-redirect")]
    [InlineData("forwarded")]
    [InlineData("via")]
    [InlineData("proxy-anything")]
    [InlineData("sec-fetch-site")]
    [InlineData("two words")]
    [InlineData("colon:")]
    [InlineData("")]
    [InlineData("naïve")]
    public async Task What_never_passes_cannot_be_named(string header)
    {
        await using var hub = new RawHub(RawHub.Completion);
        var (_, id) = await StoreAsync(hub, []);

        var made = (await host.PostAsync("/v1/api-keys", Key(hub, FeatureHost.Unique("bad"), ["x-team", header]))).MustRefuse(422);
        var changed = (await host.PutAsync($"/v1/api-keys/{id}", new { pass_headers = new[] { header } })).MustRefuse(422);

        Assert.Equal(["body", "pass_headers", "1"], made["detail"][0].GetProperty("loc").EnumerateArray().Select(part => part.ToString()));
        Assert.Equal(["body", "pass_headers", "0"], changed["detail"][0].GetProperty("loc").EnumerateArray().Select(part => part.ToString()));
        Assert.Empty(Names((await host.GetAsync($"/v1/api-keys/{id}")).MustBe(200)["pass_headers"]));
    }

    [Fact]
    public async Task A_list_of_anything_else_or_of_too_many_is_refused()
    {
        await using var hub = new RawHub(RawHub.Completion);
        var (_, id) = await StoreAsync(hub, []);

        (await host.PutAsync($"/v1/api-keys/{id}", """{"pass_headers":"x-team"}""")).MustRefuse(422);
        (await host.PutAsync($"/v1/api-keys/{id}", """{"pass_headers":[7]}""")).MustRefuse(422);
        (await host.PutAsync($"/v1/api-keys/{id}", new { pass_headers = Enumerable.Range(0, 33).Select(number => $"x-team-{number}") })).MustRefuse(422);
        (await host.PutAsync($"/v1/api-keys/{id}", new { pass_headers = Enumerable.Range(0, 32).Select(number => $"x-team-{number}") })).MustBe(200);
    }

    [Fact]
    public void Two_lists_together_let_pass_what_either_does()
    {
        var both = new HeaderList("a", "b-*").And(new HeaderList("c", "d-*"));

        Assert.All(["A", "b-1", "C", "D-2"], name => Assert.True(both.Has(name)));
        Assert.All(["b", "e", "d-key"], name => Assert.False(both.Has(name)));
        Assert.Same(HeaderList.Empty, HeaderList.Empty.And(HeaderList.Empty));
    }

    private async Task AskAsync(string path, string key) => (await host.SendAsync(
        HttpMethod.Post, path, """{"model":"m","messages":[]}""", null,
        ("x-keypace-key", key), ("X-Team", "red"), ("x-trial-number", "7"), ("x-other", "no"), ("x-trial-what", host.Token), ("x-trial-api-key", "no"))).MustBe(200);

    private async Task<(string Name, string Id)> StoreAsync(RawHub hub, string[] headers)
    {
        var name = FeatureHost.Unique("passing").Replace(' ', '-');
        return (name, (await host.PostAsync("/v1/api-keys", Key(hub, name, headers))).MustBe(200)["id"].GetString()!);
    }

    private static object Key(RawHub hub, string name, string[] headers) =>
        new { name, hub = "custom", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1, pass_headers = headers };

    private static string[] Names(JsonElement list) => [.. list.EnumerateArray().Select(name => name.GetString()!)];
}
