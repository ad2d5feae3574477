using System.Text.Json;

namespace Keypace.Tests.Server.Features;

/// <summary>Access tokens on the wire: made, bound, changed, revoked.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class AccessTokenContractTests(FeatureHost host)
{
    private const string Route = "/v1/access-tokens";

    [Fact]
    public async Task A_tokens_text_is_in_the_answer_that_made_it_and_nowhere_else()
    {
        var name = FeatureHost.Unique("once");
        var made = (await host.PostAsync(Route, new { name })).MustBe(200);
        var token = made["token"].GetString()!;

        Assert.Equal(("member", 1, "active"), (made["role"].GetString(), made["weight"].GetInt32(), made["status"].GetString()));
        Assert.Equal(["manage", "query"], made["scopes"].EnumerateArray().Select(scope => scope.GetString()));
        Assert.Equal(host.Time.GetUtcNow().AddDays(90).ToUnixTimeSeconds(), made["expires_at"].GetInt64());
        (await host.GetAsync("/v1/users/me", token)).MustBe(200);
        foreach (var path in new[] { Route, $"{Route}/{made["id"].GetString()}", $"{Route}/{Uri.EscapeDataString(name)}", "/v1/audit" })
        {
            var answer = (await host.GetAsync(path)).MustBe(200);
            Assert.DoesNotContain(token[17..], answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"token\":", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_revoked_token_ends_at_once_and_stays_revoked()
    {
        var made = (await host.PostAsync(Route, new { name = FeatureHost.Unique("revoked") })).MustBe(200);
        var (id, token) = (made["id"].GetString(), made["token"].GetString());

        Assert.Equal("revoked", (await host.DeleteAsync($"{Route}/{id}")).MustBe(200)["status"].GetString());

        (await host.GetAsync("/v1/users/me", token)).MustRefuse(401, "token_revoked");
        (await host.DeleteAsync($"{Route}/{id}")).MustBe(200);
        (await host.PutAsync($"{Route}/{id}", new { name = FeatureHost.Unique("again") })).MustRefuse(409, "token_revoked");
        (await host.PostAsync(Route, new { name = made["name"].GetString() })).MustBe(200);
    }

    [Fact]
    public async Task A_change_of_scopes_holds_at_once()
    {
        var made = (await host.PostAsync(Route, new { name = FeatureHost.Unique("scoped"), scopes = new[] { "query" } })).MustBe(200);
        var token = made["token"].GetString();

        (await host.GetAsync("/v1/api-keys", token)).MustRefuse(403, "scope_missing");
        var changed = (await host.PutAsync($"{Route}/{made["id"].GetString()}", new { scopes = new[] { "manage" }, weight = 5, expires_at = host.Time.GetUtcNow().AddDays(10).ToUnixTimeSeconds() })).MustBe(200);
        var listed = (await host.GetAsync("/v1/api-keys", token)).MustBe(200);

        Assert.Equal(5, changed["weight"].GetInt32());
        Assert.Equal(changed["expires_at"].GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture), listed.Headers["x-keypace-token-expires"]);
    }

    [Theory]
    [InlineData("""{"role":"admin"}""")]
    [InlineData("""{"name":"x","role":"owner"}""")]
    [InlineData("""{"name":"x","role":7}""")]
    [InlineData("""{"name":"x","scopes":[]}""")]
    [InlineData("""{"name":"x","scopes":["all"]}""")]
    [InlineData("""{"name":"x","scopes":"query"}""")]
    [InlineData("""{"name":"x","weight":0}""")]
    [InlineData("""{"name":"x","weight":101}""")]
    [InlineData("""{"name":"x","expires_at":1}""")]
    [InlineData("""{"name":"x","expires_at":99999999999999}""")]
    [InlineData("""{"name":"x","api_keys":[]}""")]
    [InlineData("""{"name":"x","api_keys":[1]}""")]
    public async Task What_a_token_cannot_be_is_refused(string body) => (await host.PostAsync(Route, body)).MustRefuse(422);

    [Fact]
    public async Task A_bound_token_sees_and_uses_only_what_it_is_bound_to()
    {
        var (mine, other) = (FeatureHost.Unique("mine"), FeatureHost.Unique("other"));
        const string secret = "sk-test-not-a-real-key-bound-0001";
        var mineId = (await host.PostAsync("/v1/api-keys", new { name = mine, hub = "openai", value = secret })).MustBe(200)["id"].GetString();
        var otherId = (await host.PostAsync("/v1/api-keys", new { name = other, hub = "openai", value = secret })).MustBe(200)["id"].GetString();
        var agentId = (await host.PostAsync("/v1/agent-configurations", new { agent_name = mine, model_name = "m", api_key_id = mineId })).MustBe(200)["id"].GetString();
        (await host.PostAsync("/v1/agent-configurations", new { agent_name = other, model_name = "m", api_key_id = otherId })).MustBe(200);
        var token = await host.NewTokenAsync(new { name = FeatureHost.Unique("bound"), api_keys = new[] { mine } });

        Assert.Equal([mineId], (await host.GetAsync("/v1/api-keys", token)).MustBe(200).Json.EnumerateArray().Select(key => key.GetProperty("id").GetString()));
        Assert.Equal([agentId], (await host.GetAsync("/v1/agent-configurations", token)).MustBe(200)["results"].EnumerateArray().Select(agent => agent.GetProperty("id").GetString()));
        var notice = (await host.GetAsync($"/v1/api-keys/{mineId}", token)).MustBe(200)["notice"].GetString();
        Assert.DoesNotContain(other, notice, StringComparison.Ordinal);
        foreach (var path in new[] { $"/v1/api-keys/{otherId}", $"/v1/api-keys/{Uri.EscapeDataString(other)}", $"/v1/api-keys/{otherId}/status", $"/v1/api-keys/{otherId}/models", $"/v1/api-keys/{otherId}/queries" })
            (await host.GetAsync(path, token)).MustRefuse(404, "not_found");
        (await host.PutAsync($"/v1/agent-configurations/{agentId}", new { api_key_id = otherId }, token)).MustRefuse(404);
        (await host.DeleteAsync($"/v1/api-keys/{otherId}", token)).MustRefuse(404);
        (await host.PostAsync("/v1/api-keys", new { name = "x", hub = "openai", value = secret }, token)).MustRefuse(403, "token_bound");
        (await host.PutAsync($"/v1/api-keys/{mineId}", new { rate_limit_per_interval = 9 }, token)).MustBe(200);
        Assert.DoesNotContain(other, (await host.GetAsync("/v1/rate-groups", token)).MustBe(200).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_hands_on_more_than_they_have()
    {
        var manager = await host.NewTokenAsync(new { name = FeatureHost.Unique("manages only"), role = "admin", scopes = new[] { "manage" } });

        (await host.PostAsync(Route, new { name = FeatureHost.Unique("more"), role = "admin" }, manager)).MustRefuse(403, "role_too_low");
        (await host.PostAsync(Route, new { name = FeatureHost.Unique("as much"), role = "admin", scopes = new[] { "manage" } }, manager)).MustBe(200);
        (await host.PostAsync(Route, new { name = FeatureHost.Unique("unknown"), api_keys = new[] { "nobody's" } })).MustRefuse(404);
    }
}
