using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;
using Keypace.Tests.Server.Gateway;

namespace Keypace.Tests.Server.Features;

/// <summary>What a hub's language has no place for is refused, unless the key or the agent says that it may be left out.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class DropParamsTests(FeatureHost host)
{
    private const string Message = """{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}""";

    private const string Wishes = """{"model":"MODEL","messages":[{"role":"user","content":"A"}],"seed":7,"response_format":{"type":"json_object"}}""";

    [Fact]
    public async Task A_key_leaves_out_what_it_names_and_refuses_the_rest_by_name()
    {
        await using var hub = new RawHub(RawHub.Json(Message));
        var (name, id) = await StoreAsync(hub, new[] { "seed" });

        var refused = Refused(await AskAsync(name, "m"), "not_translatable");
        Assert.Contains("response_format", refused.Text, StringComparison.Ordinal);
        Assert.Empty(hub.Requests);

        (await host.PutAsync($"/v1/api-keys/{id}", """{"drop_params":true}""")).MustBe(200);
        (await AskAsync(name, "m")).MustBe(200);
        Assert.DoesNotContain("seed", hub.Requests.Last(), StringComparison.Ordinal);
        Assert.True((await host.GetAsync($"/v1/api-keys/{id}")).MustBe(200)["drop_params"].GetBoolean());

        (await host.PutAsync($"/v1/api-keys/{id}", """{"drop_params":[]}""")).MustBe(200);
        Refused(await AskAsync(name, "m"), "not_translatable");
    }

    [Fact]
    public async Task An_agent_adds_to_what_its_key_leaves_out_also_after_a_restart()
    {
        await using var own = new FeatureHost();
        await own.InitializeAsync();
        await using var hub = new RawHub(RawHub.Json(Message));
        (await own.PostAsync("/v1/api-keys", Key(hub, "lab", new[] { "seed" }))).MustBe(200);
        var agent = (await own.PostAsync("/v1/agent-configurations", new { agent_name = "bot", model_name = "m", api_key_id = "lab", drop_params = new[] { "response_format" } })).MustBe(200);
        Assert.Equal("response_format", Assert.Single(agent["drop_params"].EnumerateArray()).GetString());

        await own.RestartAsync();
        (await own.SendAsync(HttpMethod.Post, "/v1/chat/completions", Wishes.Replace("MODEL", "agent/bot", StringComparison.Ordinal), null)).MustBe(200);
        Refused(await own.SendAsync(HttpMethod.Post, "/v1/chat/completions", Wishes, null, ("x-keypace-key", "lab")), "not_translatable");

        (await own.PutAsync($"/v1/agent-configurations/{agent["id"].GetString()}/update", """{"drop_params":false}""")).MustBe(200);
        Refused(await own.SendAsync(HttpMethod.Post, "/v1/chat/completions", Wishes.Replace("MODEL", "agent/bot", StringComparison.Ordinal), null), "not_translatable");
    }

    [Theory]
    [InlineData("""{"drop_params":"seed"}""")]
    [InlineData("""{"drop_params":[7]}""")]
    [InlineData("""{"drop_params":["a b"]}""")]
    [InlineData("""{"drop_params":[""]}""")]
    [InlineData("""{"drop_params":["messages[0].name"]}""")]
    public async Task What_is_no_list_of_members_is_refused(string body)
    {
        await using var hub = new RawHub(RawHub.Json(Message));
        var (_, id) = await StoreAsync(hub, true);

        (await host.PutAsync($"/v1/api-keys/{id}", body)).MustRefuse(422);

        Assert.True((await host.GetAsync($"/v1/api-keys/{id}")).MustBe(200)["drop_params"].GetBoolean());
    }

    [Theory]
    [InlineData("seed", "seed", true)]
    [InlineData("tools", "tools[3].function.strict", true)]
    [InlineData("tools.function.strict", "tools[3].function.strict", true)]
    [InlineData("tools.function", "tools[3].functional", false)]
    [InlineData("tool", "tools[3]", false)]
    [InlineData("messages.content", "messages[2].content[0]", true)]
    [InlineData("seed", "response_format", false)]
    public void A_name_stands_for_what_is_inside_it_wherever_in_a_list(string name, string at, bool isLeftOut) => Assert.Equal(isLeftOut, DropList.Of([name]).Has(at));

    private static Answer Refused(Answer answer, string code)
    {
        Assert.Equal((400, code), ((int)answer.Status, answer.Headers["x-keypace-error"]));
        return answer;
    }

    private Task<Answer> AskAsync(string key, string model) => host.SendAsync(
        HttpMethod.Post, "/v1/chat/completions", Wishes.Replace("MODEL", model, StringComparison.Ordinal), null, ("x-keypace-key", key));

    private async Task<(string Name, string Id)> StoreAsync(RawHub hub, object drops)
    {
        var name = FeatureHost.Unique("dropping").Replace(' ', '-');
        return (name, (await host.PostAsync("/v1/api-keys", Key(hub, name, drops))).MustBe(200)["id"].GetString()!);
    }

    private static object Key(RawHub hub, string name, object drops) =>
        new { name, hub = "anthropic", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1, drop_params = drops };
}
