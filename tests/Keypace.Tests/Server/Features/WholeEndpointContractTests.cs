using System.Text.Json;
using Keypace.Tests.Server.Gateway;

namespace Keypace.Tests.Server.Features;

/// <summary>A whole endpoint as an address, wherever one is given.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class WholeEndpointContractTests(FeatureHost host)
{
    private const string Cut = "was cut from its end";

    [Theory]
    [InlineData("/chat/completions")]
    [InlineData("/embeddings/")]
    [InlineData("/responses")]
    public async Task A_key_that_is_stored_with_one_is_queried_at_its_base_address_and_the_answer_says_so(string call)
    {
        await using var hub = new RawHub(RawHub.Completion);
        var made = await StoreAsync(hub.Url + call);

        Assert.Equal(hub.Url.TrimEnd('/'), made.GetProperty("url").GetString());
        Assert.Contains(Cut, made.GetProperty("notice").GetString(), StringComparison.Ordinal);
        await AskAsync(made.GetProperty("name").GetString()!);
        Assert.StartsWith("POST /v1/chat/completions HTTP", hub.Requests.Last(), StringComparison.Ordinal);
        var later = (await host.GetAsync($"/v1/api-keys/{made.GetProperty("id").GetString()}")).MustBe(200);
        Assert.DoesNotContain(Cut, later.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_to_one_is_the_same_place_and_keeps_the_secret()
    {
        await using var hub = new RawHub(RawHub.Completion);
        var made = await StoreAsync(hub.Url);

        var changed = (await host.PutAsync($"/v1/api-keys/{made.GetProperty("id").GetString()}", new { url = hub.Url + "/chat/completions" })).MustBe(200);

        Assert.Equal(hub.Url.TrimEnd('/'), changed["url"].GetString());
        Assert.Contains(Cut, changed["notice"].GetString(), StringComparison.Ordinal);
        await AskAsync(made.GetProperty("name").GetString()!);
    }

    [Fact]
    public async Task A_test_of_a_secret_asks_the_base_address_and_says_so()
    {
        await using var hub = new RawHub(RawHub.Json("""{"object":"list","data":[{"id":"m"}]}"""));

        var tested = (await host.PostAsync("/v1/api-keys/test", new { hub = "custom", value = "sk-test-not-a-real-key-0001", url = hub.Url + "/chat/completions" })).MustBe(200);

        Assert.Equal("works", tested["status"].GetString());
        Assert.Contains(Cut, tested["detail"].GetString(), StringComparison.Ordinal);
        Assert.StartsWith("GET /v1/models HTTP", hub.Requests.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_with_one_asks_under_the_base_address()
    {
        await using var hub = new RawHub(RawHub.Completion);
        var key = await StoreAsync(hub.Url);
        var name = FeatureHost.Unique("agent").Replace(' ', '-');
        (await host.PostAsync("/v1/agent-configurations", new
        {
            agent_name = name, model_name = "m", api_key_id = key.GetProperty("id").GetString(), agent_url = hub.Url + "/deep/chat/completions",
        })).MustBe(200);

        (await host.PostAsync("/v1/chat/completions", new { model = "agent/" + name, messages = Array.Empty<object>() })).MustBe(200);

        Assert.StartsWith("POST /v1/deep/chat/completions HTTP", hub.Requests.Last(), StringComparison.Ordinal);
    }

    private async Task<JsonElement> StoreAsync(string url)
    {
        var name = FeatureHost.Unique("whole").Replace(' ', '-');
        var made = (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = $"sk-test-{name}", url, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);
        return JsonDocument.Parse(made.Text).RootElement;
    }

    private async Task AskAsync(string key) =>
        (await host.SendAsync(HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[]}""", null, ("x-keypace-key", key))).MustBe(200);
}
