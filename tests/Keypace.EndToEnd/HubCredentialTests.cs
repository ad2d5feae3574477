using Keypace.Demo;
using static Keypace.EndToEnd.CheckingHub;

namespace Keypace.EndToEnd;

/// <summary>Hubs whose credentials and addresses are more than a secret in a header, checked at the hub's end of the wire.</summary>
public sealed class HubCredentialTests
{
    private const string GoogleSecret = "GOCSPX-test-not-a-real-secret";
    private const string Refresh = "1//test-not-a-real-refresh";

    [Fact]
    public async Task Vertex_exchanges_its_refresh_token_once_and_asks_googles_own_paths()
    {
        var isExpired = false;
        await using var hub = await StartAsync(seen => seen.Target switch
        {
            "/token" when isExpired => Said.Json("""{"error":"invalid_grant","error_description":"Token has been expired or revoked."}""", 400),
            "/token" => Said.Json("""{"access_token":"ya29.test","expires_in":3599,"token_type":"Bearer"}"""),
            "/v1beta1/publishers/google/models?pageSize=1" or "/v1beta1/publishers/google/models" => Said.Json("""{"publisherModels":[{"name":"publishers/google/models/gemini-test"}]}"""),
            _ => Said.Chat(),
        });
        await using var keypace = await RunningKeypace.StartAsync();
        await OverrideAsync(keypace, "vertex", ("https://{region}-aiplatform.googleapis.com", hub.Address), ("https://oauth2.googleapis.com", hub.Address));
        var config = new { region = "us-central1", project_id = "p-1", client_id = "77-x.apps.googleusercontent.com", client_secret = GoogleSecret, refresh_token = Refresh };
        (await keypace.Api.PostAsync("/v1/api-keys", new { name = "google", hub = "vertex", value = "", hub_config = config, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => keypace.Api.ChatAsync("google")));

        Assert.All(answers, answer => answer.MustBe(200));
        var token = Assert.Single(hub.All, seen => seen.Target == "/token");
        Assert.Equal("application/x-www-form-urlencoded", token.Headers.ContentType.ToString());
        Assert.Equal(
            $"grant_type=refresh_token&client_id=77-x.apps.googleusercontent.com&client_secret={GoogleSecret}&refresh_token=1%2F%2Ftest-not-a-real-refresh", token.Body);
        var chats = hub.All.Where(seen => seen.Target == "/v1/projects/p-1/locations/us-central1/endpoints/openapi/chat/completions").ToList();
        Assert.Equal(1000, chats.Count);
        Assert.All(chats, seen => Assert.Equal("Bearer ya29.test", seen.Headers.Authorization.ToString()));

        Assert.Equal("works", (await keypace.Api.PostAsync("/v1/api-keys/google/test", null)).MustBe(200)["status"].GetString());
        Assert.Equal("google/gemini-test", (await keypace.Api.GetAsync("/v1/api-keys/google/models")).MustBe(200)["models"][0].GetString());
        (await keypace.Api.PostAsync("/keys/google/projects/p-1/locations/us-central1/publishers/anthropic/models/m:rawPredict", new { x = 1 })).MustBe(200);
        Assert.Equal("Bearer ya29.test", hub.All[^1].Headers.Authorization.ToString());

        // Another client needs its secrets anew, and gets a token of its own: this one is refused.
        isExpired = true;
        (await keypace.Api.PutAsync("/v1/api-keys/google", new { hub_config = new { client_id = "78-y.apps.googleusercontent.com", client_secret = GoogleSecret, refresh_token = Refresh } })).MustBe(200);
        var refused = (await keypace.Api.ChatAsync("google")).MustBe(502);
        Assert.Contains("invalid_grant: Token has been expired or revoked.", refused.Text, StringComparison.Ordinal);
        Assert.Contains("'google'", refused.Text, StringComparison.Ordinal);
        var shown = (await keypace.Api.GetAsync("/v1/api-keys/google")).MustBe(200);
        Assert.Contains("invalid_grant", shown["notice"].GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(GoogleSecret, shown.Text + refused.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Refresh, shown.Text + refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Azure_is_asked_by_key_by_deployment_and_by_entra_client()
    {
        await using var hub = await StartAsync(seen => seen.Target.StartsWith("/tenant-1/", StringComparison.Ordinal)
            ? Said.Json("""{"access_token":"eyJ.test","expires_in":3599}""") : Said.Chat());
        await using var keypace = await RunningKeypace.StartAsync();
        await OverrideAsync(keypace, "azure", ("https://login.microsoftonline.com", hub.Address));
        async Task<Seen> AskAsync(string name, string? value, object? config)
        {
            (await keypace.Api.PostAsync("/v1/api-keys", new { name, hub = "azure", value, url = hub.Address, hub_config = config, rate_limit_per_interval = 100, rate_limit_interval = 1 })).MustBe(200);
            (await keypace.Api.ChatAsync(name)).MustBe(200);
            return hub.All[^1];
        }

        var key = await AskAsync("v1", "azure-test-not-a-real-key-0001", null);
        Assert.Equal("/openai/v1/chat/completions", key.Target);
        Assert.Equal("azure-test-not-a-real-key-0001", key.Headers["api-key"].ToString());
        Assert.Empty(key.Headers.Authorization.ToString());

        var classic = await AskAsync("classic", "azure-test-not-a-real-key-0002", new { api_version = "2024-10-21" });
        Assert.Equal("/openai/deployments/pretend-large/chat/completions?api-version=2024-10-21", classic.Target);
        var asked = hub.All.Count;
        foreach (var astray in new[] { "..", "%2e%2e", "..;x" })
            (await keypace.Api.PostAsync("/v1/chat/completions", new { model = astray, messages = Array.Empty<object>() }, ("x-keypace-key", "classic"))).MustBe(400);
        Assert.Equal(asked, hub.All.Count);

        var entra = await AskAsync("entra", null, new { tenant_id = "tenant-1", client_id = "client-1", client_secret = "entra-test-not-a-real-secret" });
        Assert.Equal("/openai/v1/chat/completions", entra.Target);
        Assert.Equal("Bearer eyJ.test", entra.Headers.Authorization.ToString());
        Assert.Empty(entra.Headers["api-key"].ToString());
        var token = Assert.Single(hub.All, seen => seen.Target == "/tenant-1/oauth2/v2.0/token");
        Assert.Equal("grant_type=client_credentials&client_id=client-1&client_secret=entra-test-not-a-real-secret&scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default", token.Body);
    }

    [Fact]
    public async Task Digitalocean_has_agents_and_serverless_inference()
    {
        await using var hub = await StartAsync(_ => Said.Chat());
        await using var keypace = await RunningKeypace.StartAsync();
        (await keypace.Api.PostAsync("/v1/api-keys", new { name = "agent", hub = "digitalocean", value = "", url = hub.Address, hub_config = new { agent_id = "abc", agent_key = "do-test-not-a-real-agent-key" } })).MustBe(200);
        (await keypace.Api.PostAsync("/v1/api-keys", new { name = "serverless", hub = "digitalocean", value = "sk-do-test-not-a-real-key", url = hub.Address + "/v1" })).MustBe(200);

        (await keypace.Api.ChatAsync("agent")).MustBe(200);
        Assert.Equal("/api/v1/chat/completions?agent=true", hub.All[^1].Target);
        Assert.Equal("Bearer do-test-not-a-real-agent-key", hub.All[^1].Headers.Authorization.ToString());
        (await keypace.Api.ChatAsync("serverless")).MustBe(200);
        Assert.Equal("/v1/chat/completions", hub.All[^1].Target);
        Assert.Equal("Bearer sk-do-test-not-a-real-key", hub.All[^1].Headers.Authorization.ToString());
    }

    /// <summary>The program's own file of a hub with other addresses, in the data folder.</summary>
    private static async Task OverrideAsync(RunningKeypace keypace, string hub, params (string From, string To)[] addresses)
    {
        var json = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "src", "Keypace.Domain", "Hubs", hub + ".json"));
        foreach (var (from, to) in addresses)
            json = json.Replace(from, to, StringComparison.Ordinal);

        var folder = Directory.CreateDirectory(Path.Combine(keypace.Folder.Data, "hubs"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, hub + ".json"), json);
        await keypace.ServeAsync();
    }
}
