using System.Text.Json;
using Keypace.Contracts;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class ApiKeyCommandsTests
{
    private const string Deleted =
        """{"id":"0199aa10-0000-7000-8000-000000000001","name":"openai-main","deleted":true,"agents_without_key":["bot"],"restorable_until":1790000015}""";

    [Fact]
    public async Task A_list_is_a_table_for_people_and_the_wires_json_for_scripts()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/api-keys", Wires.Keys(Wires.Key));

        var table = await Typed.ByScriptAsync(server, "api-keys", "list");
        var json = await Typed.ByScriptAsync(server, "api-keys", "list", "--json", "--hub", "openai", "--hub", "groq");

        Assert.Equal(0, table.Exit);
        Assert.Contains("openai-main  openai  ****0001  600 / 60 s  active  never", table.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', table.Out);
        Assert.Equal("?hubs=openai%2Cgroq", server.Asked[^1].Query);
        var shown = JsonDocument.Parse(json.Out).RootElement[0];
        Assert.Equal(("openai-main", 600, "****0001"), (shown.GetProperty("name").GetString(), shown.GetProperty("rate_limit_per_interval").GetInt32(), shown.GetProperty("display_value").GetString()));
        Assert.Equal("", json.Error);
    }

    [Fact]
    public async Task An_empty_list_leaves_standard_output_empty()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/api-keys", "[]");
        var typed = await Typed.ByScriptAsync(server, "api-keys", "list");
        Assert.Equal((0, ""), (typed.Exit, typed.Out));
        Assert.Contains("keypace api-keys create", typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_of_others_cannot_steer_the_terminal()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/api-keys", Wires.Keys(Wires.Key.Replace("openai-main", "a\\u001b[2Jb[red]\\u202e", StringComparison.Ordinal)));
        var typed = await Typed.ByScriptAsync(server, "api-keys", "list");
        Assert.Contains("a\uFFFD[2Jb[red]\uFFFD", typed.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sk-test-not-a-real-key-0001\n")]
    [InlineData("sk-test-not-a-real-key-0001\r\n")]
    [InlineData("sk-test-not-a-real-key-0001")]
    public async Task A_piped_secret_is_stored_without_its_last_line_break(string piped)
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", Wires.Hubs).On("POST /v1/api-keys", Wires.Key);

        var typed = await Typed.ByPipeAsync(server, piped, "api-keys", "create", "openai-main", "--hub", "OpenAI", "--limit", "600/60");

        Assert.Equal(0, typed.Exit);
        Assert.Equal(
            """{"name":"openai-main","hub":"openai","value":"sk-test-not-a-real-key-0001","rate_limit_per_interval":600,"rate_limit_interval":60}""", server.Asked[^1].Body);
        Assert.Equal("Stored 'openai-main': openai, ****0001, at most 600 / 60 s.\n", typed.Out);
    }

    [Fact]
    public async Task A_secret_comes_from_a_file_or_from_a_question()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", Wires.Hubs).On("POST /v1/api-keys", Wires.Key);
        var file = Path.Combine(Directory.CreateTempSubdirectory("keypace-cli-").FullName, "key");
        await File.WriteAllTextAsync(file, "from-a-file\n\n", TestContext.Current.CancellationToken);

        await Typed.ByScriptAsync(server, "api-keys", "create", "a", "--hub", "openai", "--value-file", file);
        var asked = await Typed.ByPersonAsync(server, ["from-a-person"], "api-keys", "create", "a", "--hub", "openai");

        Assert.Equal(["from-a-file\n", "from-a-person"], server.Asked.Where(one => one.Method == "POST").Select(one => JsonDocument.Parse(one.Body).RootElement.GetProperty("value").GetString()));
        Assert.Contains("API key of OpenAI:", asked.Error, StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Theory]
    [InlineData("api-keys", "create", "a", "--hub", "openai")]
    [InlineData("api-keys", "create", "a", "--hub", "openai", "--value-file", "/nonexistent/key")]
    [InlineData("api-keys", "create", "a", "--hub", "custom")]
    [InlineData("api-keys", "create", "a", "--hub", "bedrock", "--config", "region=eu")]
    [InlineData("api-keys", "create", "a", "--hub", "bedrock", "--config", "regoin=eu")]
    [InlineData("api-keys", "create", "a", "--hub", "openai", "--limit", "0/60")]
    [InlineData("api-keys", "create", "a", "--hub", "openai", "--limit", "600")]
    [InlineData("api-keys", "create", "a", "--hub", "openai", "--limit", "600/60", "--requests", "5")]
    [InlineData("api-keys", "modify", "openai-main")]
    [InlineData("api-keys", "modify", "openai-main", "--replace-secret")]
    [InlineData("api-keys", "delete", "openai-main")]
    [InlineData("api-keys", "test")]
    [InlineData("api-keys", "test", "openai-main", "--hub", "openai")]
    [InlineData("api-keys", "test", "openai-main", "--model", "m")]
    [InlineData("api-keys", "show", " ")]
    public async Task Without_a_terminal_nothing_is_asked_and_nothing_is_changed(params string[] args)
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", Wires.Hubs).On("GET /v1/api-keys", Wires.Keys(Wires.Key));
        var typed = await Typed.ByScriptAsync(server, args);
        Assert.Equal((2, ""), (typed.Exit, typed.Out));
        Assert.StartsWith("keypace: ", typed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Asked, asked => asked.Method != "GET");
    }

    [Fact]
    public async Task What_a_hub_needs_is_asked_for_field_by_field()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", Wires.Hubs).On("POST /v1/api-keys", Wires.Key);
        var typed = await Typed.ByPersonAsync(server, ["AKIA", "wJal"], "api-keys", "create", "aws", "--hub", "bedrock", "--config", "region=eu-west-1");
        Assert.Equal(0, typed.Exit);
        Assert.Equal(
            """{"name":"aws","hub":"bedrock","hub_config":{"region":"eu-west-1","access_key":"AKIA","secret_access_key":"wJal"}}""", server.Asked[^1].Body);
    }

    [Fact]
    public async Task A_mistyped_name_gets_the_nearest_one()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/api-keys", Wires.Keys(Wires.Key)).On("GET /v1/hubs", Wires.Hubs);
        var key = await Typed.ByScriptAsync(server, "api-keys", "show", "opneai-main");
        var hub = await Typed.ByPipeAsync(server, "secret", "api-keys", "create", "a", "--hub", "openia");
        var far = await Typed.ByScriptAsync(server, "api-keys", "show", "zzz");
        Assert.Equal("keypace: There is no API key 'opneai-main'. Did you mean 'openai-main'?\n", key.Error);
        Assert.Equal("keypace: There is no hub 'openia'. Did you mean 'openai'?\n", hub.Error);
        Assert.Equal("keypace: There is no API key 'zzz'.\n", far.Error);
        Assert.Equal((1, 1, 1), (key.Exit, hub.Exit, far.Exit));
    }

    [Fact]
    public async Task Deleting_names_the_agents_that_break_and_wants_the_keys_name()
    {
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/api-keys", Wires.Keys(Wires.Key))
            .On("GET /v1/agent-configurations", Wires.AgentPage(1, 0, Wires.AgentOne))
            .On($"DELETE /v1/api-keys/{Wires.KeyId}", Deleted);

        var declined = await Typed.ByPersonAsync(server, ["yes"], "api-keys", "delete", "openai-main");
        Assert.Equal(1, declined.Exit);
        Assert.Contains("1 agent breaks without 'openai-main': bot.", declined.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Asked, asked => asked.Method == "DELETE");

        var agreed = await Typed.ByPersonAsync(server, ["openai-main"], "api-keys", "delete", "openai-main");
        var script = await Typed.ByScriptAsync(server, "api-keys", "delete", "openai-main", "--yes", "--json");
        Assert.Equal((0, 0), (agreed.Exit, script.Exit));
        Assert.Equal("bot", JsonDocument.Parse(script.Out).RootElement.GetProperty("agents_without_key")[0].GetString());
    }

    [Fact]
    public async Task A_test_exits_with_0_only_when_the_key_works()
    {
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/api-keys", Wires.Keys(Wires.Key))
            .On("GET /v1/hubs", Wires.Hubs)
            .On($"POST /v1/api-keys/{Wires.KeyId}/test", """{"status":"works","rate_limit":500,"interval":60,"latency_ms":12}""")
            .On("POST /v1/api-keys/test", """{"status":"refused","detail":"The hub refused the key."}""");

        var stored = await Typed.ByScriptAsync(server, "api-keys", "test", "openai-main");
        var unsaved = await Typed.ByPipeAsync(server, Wires.Secret, "api-keys", "test", "--hub", "openai", "--model", "m");

        Assert.Equal((0, 1), (stored.Exit, unsaved.Exit));
        Assert.Contains("500 / 60 s", stored.Out, StringComparison.Ordinal);
        Assert.Equal(new ApiKeyTest("openai", Wires.Secret, null, "m"), JsonSerializer.Deserialize(server.Asked[^1].Body, KeypaceJson.Default.ApiKeyTest));
    }

    [Fact]
    public async Task Changing_sends_only_what_was_named()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/api-keys", Wires.Keys(Wires.Key)).On($"PUT /v1/api-keys/{Wires.KeyId}", Wires.Key);

        await Typed.ByScriptAsync(server, "api-keys", "modify", "openai-main", "--seconds", "1", "--if-version", "3");
        await Typed.ByPipeAsync(server, "new-secret\n", "api-keys", "modify", "openai-main", "--replace-secret");
        await Typed.ByScriptAsync(server, "api-keys", "rename", "openai-main", "@other");
        await Typed.ByScriptAsync(server, "api-keys", "enable", "openai-main");

        Assert.Equal(
            ["""{"rate_limit_interval":1,"version":3}""", """{"value":"new-secret"}""", """{"name":"@other"}""", """{"status":"active"}"""],
            server.Asked.Where(asked => asked.Method == "PUT").Select(asked => asked.Body));
    }
}
