using System.Text.Json;
using System.Text.Json.Nodes;

namespace Keypace.Tests.Server.Features;

/// <summary>Agents as the clients that exist send and read them.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class AgentContractTests(FeatureHost host)
{
    private const string Secret = "sk-test-not-a-real-key-of-an-agent-0001";
    private const string Route = "/v1/agent-configurations";

    [Fact]
    public async Task An_agent_may_bring_its_own_id_once()
    {
        var id = Guid.CreateVersion7(host.Time.GetUtcNow()).ToString();
        var name = FeatureHost.Unique("own id");
        var made = (await host.PostAsync(Route, new { id, agent_name = name, model_name = "", hub_config = (object?)null })).MustBe(200);

        Assert.Equal(id, made["id"].GetString());
        Assert.Equal("custom", made["hub"].GetString());
        Assert.Equal("active", made["status"].GetString());
        Assert.False(made["has_api_key"].GetBoolean());
        (await host.PostAsync(Route, new { id, agent_name = name + " too", model_name = "" })).MustRefuse(409, "id_taken");
        (await host.PostAsync(Route, new { agent_name = name.ToUpperInvariant(), model_name = "" })).MustRefuse(409, "name_taken");
    }

    [Fact]
    public async Task What_the_list_gave_can_be_sent_back_with_a_change()
    {
        var key = await StoreKeyAsync();
        var name = FeatureHost.Unique("round trip");
        (await host.PostAsync(Route, new { agent_name = name, model_name = "m", hub = "custom", api_key_id = key, hub_config = new { region = "x", secret_access_key = "not-a-real-one-on-an-agent" } })).MustBe(200);
        var listed = (await host.GetAsync(Route)).MustBe(200);
        Assert.Equal(listed["total"].GetInt32(), listed["results"].GetArrayLength());
        Assert.DoesNotContain("not-a-real-one-on-an-agent", listed.Text, StringComparison.Ordinal);
        var agent = JsonNode.Parse(listed.Text)!["results"]!.AsArray().Single(one => (string?)one!["agent_name"] == name)!.AsObject();
        agent["model_name"] = "m2";
        agent["rag_params"] = null;
        agent["function_route_params"] = new JsonObject();

        var changed = (await host.PutAsync($"{Route}/{(string)agent["id"]!}/update", agent.ToJsonString())).MustBe(200);
        var again = (await host.PutAsync($"{Route}/{(string)agent["id"]!}", new { agent_system_prompt = "Be brief." })).MustBe(200);

        Assert.Equal("m2", changed["model_name"].GetString());
        Assert.Equal(2, changed["version"].GetInt32());
        Assert.Equal("Be brief.", again["agent_system_prompt"].GetString());
        Assert.Equal(key, again["api_key_id"].GetString());
    }

    [Fact]
    public async Task The_successors_secret_becomes_a_key_in_the_same_step()
    {
        var name = FeatureHost.Unique("one step");
        var made = (await host.PostAsync(Route, new { agent_name = name, model_name = "gpt", hub = "openai", api_key = Secret, rate_limit_requests_per_minute = 30 })).MustBe(200);

        Assert.True(made["has_api_key"].GetBoolean());
        Assert.DoesNotContain(Secret, made.Text, StringComparison.Ordinal);
        var key = (await host.GetAsync($"/v1/api-keys/{made["api_key_id"].GetString()}")).MustBe(200);
        Assert.Equal(name, key["name"].GetString());
        Assert.Equal((30, 60), (key["rate_limit_per_interval"].GetInt32(), key["rate_limit_interval"].GetInt32()));
    }

    [Fact]
    public async Task The_new_keys_name_gives_way_to_one_that_is_taken()
    {
        var name = FeatureHost.Unique("taken");
        (await host.PostAsync("/v1/api-keys", new { name, hub = "openai", value = Secret })).MustBe(200);

        var made = (await host.PostAsync(Route, new { agent_name = name, model_name = "gpt", hub = "openai", api_key = Secret })).MustBe(200);

        Assert.Equal($"{name} 2", (await host.GetAsync($"/v1/api-keys/{made["api_key_id"].GetString()}"))["name"].GetString());
    }

    [Fact]
    public async Task A_secret_in_the_config_of_an_agent_without_a_key_becomes_one()
    {
        var made = (await host.PostAsync(Route, new { agent_name = FeatureHost.Unique("ocean"), model_name = "", hub = "digitalocean", hub_config = new { agent_id = "abc123", agent_key = "not-a-real-agent-key-0001" } })).MustBe(200);

        Assert.True(made["has_api_key"].GetBoolean());
        Assert.DoesNotContain("not-a-real-agent-key-0001", made.Text, StringComparison.Ordinal);
        var key = (await host.GetAsync($"/v1/api-keys/{made["api_key_id"].GetString()}")).MustBe(200);
        Assert.Equal("****0001", key["hub_config"].GetProperty("display_agent_key").GetString());
    }

    [Fact]
    public async Task When_the_agent_is_refused_no_key_is_left_behind()
    {
        var name = FeatureHost.Unique("residue");
        (await host.PostAsync(Route, new { agent_name = name, model_name = "" })).MustBe(200);
        var keys = (await host.GetAsync("/v1/api-keys")).Json.GetArrayLength();
        var audited = (await host.GetAsync("/v1/audit?limit=1")).Json.GetProperty("results")[0].GetProperty("id").GetInt64();

        (await host.PostAsync(Route, new { agent_name = name, model_name = "m", hub = "openai", api_key = Secret })).MustRefuse(409, "name_taken");
        (await host.PostAsync(Route, new { agent_name = name + " b", model_name = "m", hub = "openai", api_key = "line\nbreak" })).MustRefuse(422);
        (await host.PostAsync(Route, new { agent_name = name + " c", model_name = "m", hub = "custom", api_key = Secret, agent_url = "http://10.0.0.1/v1" })).MustRefuse(422, "url_not_allowed");

        Assert.Equal(keys, (await host.GetAsync("/v1/api-keys")).Json.GetArrayLength());
        Assert.Equal(audited, (await host.GetAsync("/v1/audit?limit=1")).Json.GetProperty("results")[0].GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task An_agents_url_lies_under_its_keys_address_or_is_refused()
    {
        var key = await StoreKeyAsync();
        var made = (await host.PostAsync(Route, new { agent_name = FeatureHost.Unique("placed"), model_name = "m", api_key_id = key, agent_url = $"{host.Hub.Url}/sub" })).MustBe(200);

        Assert.Equal($"{host.Hub.Url}/sub", made["agent_url"].GetString());
        (await host.PostAsync(Route, new { agent_name = FeatureHost.Unique("misplaced"), model_name = "m", api_key_id = key, agent_url = "https://elsewhere.example.test/v1" })).MustRefuse(422, "destination_mismatch");
        (await host.PutAsync($"{Route}/{made["id"].GetString()}", new { agent_url = "https://elsewhere.example.test/v1" })).MustRefuse(422, "destination_mismatch");
        (await host.PutAsync($"{Route}/{made["id"].GetString()}", new { agent_url = "nonsense" })).MustRefuse(422);
        Assert.Equal(JsonValueKind.Null, (await host.PutAsync($"{Route}/{made["id"].GetString()}", new { agent_url = "" })).MustBe(200)["agent_url"].ValueKind);
    }

    [Fact]
    public async Task An_agent_takes_its_key_by_name_and_the_hub_with_it()
    {
        var (openai, groq) = (FeatureHost.Unique("openai"), FeatureHost.Unique("groq"));
        (await host.PostAsync("/v1/api-keys", new { name = openai, hub = "openai", value = Secret })).MustBe(200);
        (await host.PostAsync("/v1/api-keys", new { name = groq, hub = "groq", value = Secret })).MustBe(200);

        var made = (await host.PostAsync(Route, new { agent_name = FeatureHost.Unique("by name"), model_name = "m", api_key_id = openai })).MustBe(200);
        var moved = (await host.PutAsync($"{Route}/{made["id"].GetString()}", new { api_key_id = groq })).MustBe(200);

        Assert.Equal("openai", made["hub"].GetString());
        Assert.Equal("groq", moved["hub"].GetString());
        (await host.PutAsync($"{Route}/{made["id"].GetString()}", new { api_key_id = "nobody's" })).MustRefuse(404, "not_found");
        (await host.PostAsync(Route, new { agent_name = FeatureHost.Unique("other hub"), model_name = "m", hub = "groq", api_key_id = openai })).MustRefuse(422, "hub_mismatch");
    }

    [Fact]
    public async Task Archived_agents_are_listed_unless_statuses_say_otherwise_and_come_back()
    {
        var id = (await host.PostAsync(Route, new { agent_name = FeatureHost.Unique("archived"), model_name = "m" })).MustBe(200)["id"].GetString()!;

        Assert.Equal("archived", (await host.PutAsync($"{Route}/{id}/archive")).MustBe(200)["status"].GetString());
        Assert.Contains(id, (await host.GetAsync(Route)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(id, (await host.GetAsync($"{Route}?statuses=active&statuses=creating")).Text, StringComparison.Ordinal);
        Assert.Equal("active", (await host.PutAsync($"{Route}/{id}/update", new { status = "active" })).MustBe(200)["status"].GetString());
        (await host.PutAsync($"{Route}/{id}", new { status = "gone" })).MustRefuse(422);
        var page = (await host.GetAsync($"{Route}?limit=1&offset=1")).MustBe(200);
        Assert.Equal((1, 1, 1), (page["results"].GetArrayLength(), page["limit"].GetInt32(), page["offset"].GetInt32()));
    }

    private async Task<string> StoreKeyAsync() =>
        (await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("behind"), hub = "custom", value = PretendHub.Secret, url = host.Hub.Url })).MustBe(200)["id"].GetString()!;
}
