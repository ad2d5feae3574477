using System.Text.Json;
using System.Text.Json.Nodes;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Agents over HTTP, as the clients that exist send and read them; and the other routes that they call.</summary>
public sealed class AgentsContractTests(SharedKeypace keypace)
{
    private Api Api => keypace.Api;

    [Fact]
    public async Task An_agent_may_bring_its_own_id_once()
    {
        var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString();
        var body = new { id, agent_name = $"own {id}", model_name = "", hub_config = (object?)null };

        var made = (await Api.PostAsync("/v1/agent-configurations", body)).MustBe(200);

        Assert.Equal(id, made["id"].GetString());
        Assert.Equal("custom", made["hub"].GetString());
        Assert.Equal("active", made["status"].GetString());
        (await Api.PostAsync("/v1/agent-configurations", body with { agent_name = "another" })).MustRefuse(409);
        (await Api.PostAsync("/v1/agent-configurations", new { agent_name = $"own {id}", model_name = "m" })).MustRefuse(409);
    }

    [Fact]
    public async Task What_the_list_gave_can_be_sent_back_with_a_change()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var key = await keypace.StoreKeyAsync(hub, "round trip");
        (await Api.PostAsync("/v1/agent-configurations", new
        {
            agent_name = "round trip", model_name = "m", hub = "custom", api_key_id = key, hub_config = new { region = "x", access_key = "not-a-real-key-in-an-agent" },
        })).MustBe(200);
        var listed = (await Api.GetAsync("/v1/agent-configurations?limit=1000&offset=0")).MustBe(200);
        Assert.True(listed["total"].GetInt32() >= 1);
        Secrets.MustBeAbsent(listed.Text, "not-a-real-key-in-an-agent", "the list of agents");
        var agent = JsonNode.Parse(listed.Text)!["results"]!.AsArray().Single(one => (string?)one!["agent_name"] == "round trip")!.AsObject();
        agent["model_name"] = "m2";
        agent["rag_params"] = null;
        agent["function_route_params"] = new JsonObject();

        var id = (string)agent["id"]!;
        var changed = (await Api.PutAsync($"/v1/agent-configurations/{id}/update", agent.ToJsonString())).MustBe(200);
        var again = (await Api.PutAsync($"/v1/agent-configurations/{id}", new { model_name = "m3" })).MustBe(200);

        Assert.Equal("m2", changed["model_name"].GetString());
        Assert.Equal("m3", again["model_name"].GetString());
        Assert.Equal(key, again["api_key_id"].GetString());
    }

    [Fact]
    public async Task An_archived_agent_is_listed_but_answers_no_query()
    {
        var id = (await Api.PostAsync("/v1/agent-configurations", new { agent_name = "archived one", model_name = "m" })).MustBe(200)["id"].GetString();

        Assert.Equal("archived", (await Api.PutAsync($"/v1/agent-configurations/{id}/archive", null)).MustBe(200)["status"].GetString());

        (await Api.PostAsync("/v1/chat/completions", Api.Chat("agent/archived one"))).MustRefuseQuery(409);
        Assert.Contains(id!, (await Api.GetAsync("/v1/agent-configurations?limit=1000")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(id!, (await Api.GetAsync("/v1/agent-configurations?statuses=active&limit=1000")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_successor_makes_key_and_agent_in_one_step()
    {
        const string Secret = "sk-test-not-a-real-key-on-an-agent";
        var made = (await Api.PostAsync("/v1/agent-configurations", new
        {
            agent_name = "one step", model_name = "gpt", hub = "openai", api_key = Secret, rate_limit_requests_per_minute = 30,
        })).MustBe(200);

        Assert.True(made["has_api_key"].GetBoolean());
        Assert.True(made["updated_at"].GetInt64() > 0);
        Secrets.MustBeAbsent(made.Text, Secret, "the answer");
        var key = (await Api.GetAsync($"/v1/api-keys/{made["api_key_id"].GetString()}")).MustBe(200);
        Assert.Equal(30, key["rate_limit_per_interval"].GetInt32());
        Assert.Equal(60, key["rate_limit_interval"].GetInt32());
    }

    [Fact]
    public async Task A_chat_complete_gives_one_text_a_generation()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await keypace.StoreKeyAsync(hub, "chat complete");

        var answer = (await Api.PostAsync("/v1/chat_complete", """
            {"prompt":"Say hello.","completion_params":{"api_key":"chat complete","hub":"custom","model":"maker/pretend-1","url":null,"timeout":90,"max_retries":5,
             "temperature":1,"top_p":0.99,"max_completion_tokens":null,"generations":2},"system_prompt":null,"prompt_role":"user","messages":null}
            """)).MustBe(200);

        Assert.Equal("Say hello.", answer["prompt"].GetString());
        Assert.Equal([HubAnswers.Sentence, HubAnswers.Sentence], answer["response"].EnumerateArray().Select(text => text.GetString()));
        Assert.True(answer["token_count"].GetProperty("total_tokens").GetInt64() > 0);
        Assert.True(answer["token_count"].TryGetProperty("prompt_tokens", out _));
        Assert.Equal("maker/pretend-1", hub.Log.Snapshot()[0].Model);
        (await Api.PostAsync("/v1/chat_complete", new { prompt = "x", completion_params = new { api_key = "sk-test-a-secret-is-not-a-name", hub = "custom", model = "m" } })).MustBe(404);
        (await Api.PostAsync("/v1/chat_complete", new { prompt = "x", completion_params = new { api_key = "chat complete", hub = "custom", model = "m", url = "https://elsewhere.example/v1" } })).MustBe(422);
        Assert.InRange(hub.Log.Count, 1, 2); // two generations are one query with n = 2, or two
    }

    [Fact]
    public async Task Hubs_name_everything_that_clients_know_with_a_limit_and_its_source()
    {
        var hubs = (await Api.GetAsync("/v1/hubs")).MustBe(200).Json.EnumerateArray().ToDictionary(hub => hub.GetProperty("name").GetString()!);

        string[] names = ["openai", "anthropic", "together", "mistral", "fireworks", "nvidia", "vertex", "bedrock", "bedrock_custom", "digitalocean", "azure", "custom", "openrouter", "bedrockAgents", "groq", "deepseek"];
        Assert.All(names, name =>
        {
            Assert.Contains(name, hubs.Keys);
            Assert.True(hubs[name].GetProperty("rate_limit_per_interval").GetInt32() >= 1);
            Assert.True(hubs[name].GetProperty("rate_limit_interval").GetInt32() >= 1);
            Assert.Equal(JsonValueKind.Array, hubs[name].GetProperty("models").ValueKind);
            Assert.NotEmpty(hubs[name].GetProperty("display_name").GetString()!);
        });
        Assert.NotEmpty(hubs["openai"].GetProperty("rate_limit_source").GetString()!);
        Assert.NotEmpty(hubs["openai"].GetProperty("rate_limit_as_of").GetString()!);
    }

    [Fact]
    public async Task The_owner_and_the_team_are_there()
    {
        var me = (await Api.GetAsync("/v1/users/me")).MustBe(200);
        var teams = (await Api.GetAsync("/v1/teams")).MustBe(200).Json;
        var team = teams.EnumerateArray().Single().GetProperty("id").GetString();

        Assert.Equal(KeypaceFolder.OwnerEmail, me["email"].GetString());
        Assert.Equal("ACTIVE", me["status"].GetString());
        Assert.Equal(team, me["team_id"].GetString());
        Assert.Equal(me["user_id"].GetString(), (await Api.GetAsync($"/v1/teams/{team}/users")).MustBe(200).Json.EnumerateArray().Single().GetProperty("user_id").GetString());
        (await Api.GetAsync($"/v1/teams/{team}")).MustBe(200);
        (await Api.PostAsync("/v1/invites", new { email = "a@example.test" })).MustRefuse(501);
    }

    [Theory]
    [InlineData("/v1/evaluations")]
    [InlineData("/v1/detections/abc")]
    [InlineData("/v1/harnesses?limit=1")]
    [InlineData("/v1/nothing/of/the/kind")]
    public async Task Routes_of_the_old_service_that_are_not_served_say_which(string path)
    {
        (await Api.PostAsync(path, new { })).MustRefuse(404);
        var answer = (await Api.GetAsync(path)).MustRefuse(404);
        Assert.Contains(path.Split('/', '?')[2], answer["detail"].GetString(), StringComparison.Ordinal);
    }
}
