using System.Text.Json;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class OtherCommandsTests
{
    private const string Usage =
        """
        {"by":"model","since":1,"until":2,"results":[{"by":"model","group":"gpt-4o","name":null,"queries":1200,"sent":1210,"errors":3,
         "prompt_tokens":1000000,"completion_tokens":5,"total_tokens":1000005,"waited_ms":12000,"latency_ms":600000}]}
        """;

    [Fact]
    public async Task Usage_asks_for_a_span_and_shows_means()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/usage", Usage);
        var typed = await Typed.ByScriptAsync(server, "usage", "--by", "model", "--since", "7d", "--until", "2026-11-23T11:00:00Z");
        Assert.Equal(0, typed.Exit);
        Assert.Equal($"?by=model&since={Typed.Now.AddDays(-7).ToUnixTimeSeconds()}&until={Typed.Now.AddHours(-1).ToUnixTimeSeconds()}", server.Asked[0].Query);
        Assert.Matches(@"gpt-4o\s+1,200\s+1,210\s+3\s+1,000,000\s+5\s+10 ms\s+500 ms", typed.Out);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("999999999d")]
    [InlineData("99999999999999999")]
    [InlineData("d")]
    public async Task A_time_that_cannot_be_read_is_wrong_usage(string when)
    {
        await using var server = await AnswerServer.StartAsync();
        var typed = await Typed.ByScriptAsync(server, "usage", "--since", when);
        Assert.Equal(2, typed.Exit);
        Assert.Contains("--since", typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_says_how_to_go_on()
    {
        await using var server = (await AnswerServer.StartAsync()).On(
            "GET /v1/audit",
            """{"results":[{"id":7,"at":1790000000.5,"actor":"u1","actor_name":"ann","action":"api_key.created","subject":"api_key","subject_id":"k","subject_name":"openai-main","before":null,"after":{"name":"openai-main"},"from":"127.0.0.1","request_id":"r"}],"after":7}""");
        var table = await Typed.ByScriptAsync(server, "audit");
        var json = await Typed.ByScriptAsync(server, "audit", "--json", "--limit", "1", "--after", "9");
        Assert.Contains("2026-09-21 14:13:20 UTC  ann  api_key.created  api_key openai-main  127.0.0.1", table.Out, StringComparison.Ordinal);
        Assert.Contains("keypace audit --after 7", table.Error, StringComparison.Ordinal);
        Assert.Equal("openai-main", JsonDocument.Parse(json.Out).RootElement.GetProperty("results")[0].GetProperty("after").GetProperty("name").GetString());
        Assert.Equal(["?limit=50", "?limit=1&after=9"], server.Asked.Select(asked => asked.Query));
    }

    [Fact]
    public async Task An_agent_is_made_with_the_key_that_was_named()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/api-keys", Wires.Keys(Wires.Key)).On("POST /v1/agent-configurations", Wires.AgentOne);
        var typed = await Typed.ByScriptAsync(server, "agents", "create", "bot", "--key", "openai-main", "--model", "gpt-4o-mini", "--system-prompt", "");
        Assert.Equal(0, typed.Exit);
        Assert.Equal(
            $$"""{"agent_name":"bot","model_name":"gpt-4o-mini","hub":"openai","api_key_id":"{{Wires.KeyId}}","agent_system_prompt":""}""", server.Asked[^1].Body);
    }

    [Fact]
    public async Task A_system_prompt_of_several_lines_stays_in_its_column()
    {
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/agent-configurations", Wires.AgentPage(1, 0, Wires.AgentOne.Replace("\"agent_system_prompt\":null", "\"agent_system_prompt\":\"Be kind.\\r\\nBe short.\"", StringComparison.Ordinal)))
            .On("GET /v1/api-keys", """{"detail":"No.","code":"forbidden","request_id":"r"}""", 403);
        var typed = await Typed.ByScriptAsync(server, "agents", "show", "bot");
        Assert.Contains("system prompt  Be kind.\n               Be short.\n", typed.Out, StringComparison.Ordinal);
        Assert.Contains(Wires.KeyId, typed.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agents_are_listed_with_the_names_of_their_keys()
    {
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/agent-configurations", Wires.AgentPage(1, 0, Wires.AgentOne))
            .On("GET /v1/api-keys", Wires.Keys(Wires.Key));
        var table = await Typed.ByScriptAsync(server, "agents", "list", "--status", "active");
        var json = await Typed.ByScriptAsync(server, "agents", "list", "--json");
        Assert.Contains("bot   gpt-4o-mini  openai  openai-main  active", table.Out, StringComparison.Ordinal);
        Assert.Equal(1, JsonDocument.Parse(json.Out).RootElement.GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Archiving_and_restoring_an_agent_are_one_call_each()
    {
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/agent-configurations", Wires.AgentPage(1, 0, Wires.AgentOne))
            .On("PUT /v1/agent-configurations/a1/archive", Wires.AgentOne)
            .On("PUT /v1/agent-configurations/a1", Wires.AgentOne);
        await Typed.ByScriptAsync(server, "agents", "archive", "bot");
        await Typed.ByScriptAsync(server, "agents", "restore", "BOT");
        var nothing = await Typed.ByScriptAsync(server, "agents", "modify", "bot");
        Assert.Equal([("/v1/agent-configurations/a1/archive", ""), ("/v1/agent-configurations/a1", """{"status":"active"}""")], server.Asked.Where(asked => asked.Method == "PUT").Select(asked => (asked.Path, asked.Body)));
        Assert.Equal(2, nothing.Exit);
    }

    [Fact]
    public async Task Hubs_are_shown_with_limits_and_fields()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", Wires.Hubs);
        var list = await Typed.ByScriptAsync(server, "hubs", "list");
        var one = await Typed.ByScriptAsync(server, "hubs", "show", "bedrock");
        Assert.Contains("500 / 60 s", list.Out, StringComparison.Ordinal);
        Assert.Contains("region (required), access_key (secret, required)", one.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_wider_than_the_terminal_becomes_one_record_below_the_other()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/api-keys", Wires.Keys(Wires.Key));
        var typed = await Typed.RunAsync(server, ["api-keys", "list"], "", [], new Dictionary<string, string> { ["TERM"] = "dumb" }, width: 40);
        Assert.Contains("name       openai-main\nhub        openai\nsecret     ****0001\n", typed.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Colour_is_for_terminals_without_NO_COLOR()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/api-keys", Wires.Keys(Wires.Key)).On($"PUT /v1/api-keys/{Wires.KeyId}", Wires.Key).On("GET /v1/hubs", Wires.Hubs);
        string[] modify = ["api-keys", "modify", "openai-main", "--replace-secret"];
        string[] show = ["api-keys", "test", "--hub", "openai"];
        server.On("POST /v1/api-keys/test", """{"status":"works"}""");
        var coloured = await Typed.RunAsync(server, show, "", ["s"], null);
        var plain = await Typed.RunAsync(server, show, "", ["s"], new Dictionary<string, string> { ["NO_COLOR"] = "1" });
        var changed = await Typed.RunAsync(server, modify, "", ["s"], null);
        Assert.Contains('\u001b', coloured.Out);
        Assert.DoesNotContain('\u001b', plain.Out);
        Assert.Equal(0, changed.Exit);
    }
}
