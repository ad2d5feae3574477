using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class QuestionCommandsTests
{
    private const string Chat = "POST /v1/chat/completions";

    private const string Stream =
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"lo.\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    [Fact]
    public async Task A_query_streams_its_answer()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Stream, type: "text/event-stream");
        var typed = await Typed.ByScriptAsync(server, "query", "Hi", "--agent", "bot");
        Assert.Equal((0, "Hello.\n"), (typed.Exit, typed.Out));
    }

    [Fact]
    public async Task A_query_reads_standard_input_and_prints_the_whole_answer_as_json()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, """{"choices":[{"message":{"content":"Hello."}}],"odd":1}""");
        var typed = await Typed.ByPipeAsync(server, "Two\nlines\n", "query", "--key", "main", "--model", "m", "--json");
        Assert.Equal(0, typed.Exit);
        Assert.Contains("\"odd\": 1", typed.Out, StringComparison.Ordinal);
        Assert.Contains("Two\\nlines\"", server.Asked.Single().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_breaks_off_fails_after_what_came()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Stream[..Stream.IndexOf("data: {\"choices\":[{\"delta\":{\"content\":\"lo", StringComparison.Ordinal)], type: "text/event-stream");
        var typed = await Typed.ByScriptAsync(server, "query", "Hi", "--agent", "bot");
        Assert.Equal((1, "Hel\n"), (typed.Exit, typed.Out));
        Assert.Contains("broke off", typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_nearest_agent_is_suggested()
    {
        await using var server = (await AnswerServer.StartAsync())
            .On(Chat, """{"error":{"message":"no","code":"agent_not_found"}}""", 404)
            .On("GET /v1/agent-configurations", Wires.AgentPage(1, 0, Wires.AgentOne));
        var typed = await Typed.ByScriptAsync(server, "query", "Hi", "--agent", "bto");
        Assert.Equal((1, "keypace: There is no agent 'bto'. Did you mean 'bot'?\n"), (typed.Exit, typed.Error));
    }

    [Theory]
    [InlineData("query", "Hi")]
    [InlineData("query", "Hi", "--agent", "bot", "--model", "m")]
    [InlineData("query", "Hi", "--agent", "bot", "--max-wait", "-1")]
    [InlineData("query", "--agent", "bot")]
    public async Task Wrong_usage_asks_nothing(params string[] args)
    {
        await using var server = await AnswerServer.StartAsync();
        var typed = await Typed.ByScriptAsync(server, args);
        Assert.Equal(2, typed.Exit);
        Assert.Empty(server.Asked);
    }

    [Theory]
    [InlineData("sh", "export OPENAI_API_KEY=\"$KEYPACE_TOKEN\"")]
    [InlineData("fish", "set -gx OPENAI_API_KEY $KEYPACE_TOKEN")]
    [InlineData("powershell", "$env:OPENAI_API_KEY = $env:KEYPACE_TOKEN")]
    public async Task The_variables_name_the_token_without_repeating_it(string shell, string line)
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/agent-configurations", Wires.AgentPage(1, 0, Wires.AgentOne));
        var typed = await Typed.ByScriptAsync(server, "env", "--agent", "bot", "--shell", shell);
        Assert.Equal(0, typed.Exit);
        Assert.Contains(line, typed.Out, StringComparison.Ordinal);
        Assert.Contains($"{server.Address}v1", typed.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(Wires.Token, typed.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_is_printed_into_a_pipe_only()
    {
        await using var server = await AnswerServer.StartAsync();
        Assert.Equal(Wires.Token + "\n", (await Typed.ByScriptAsync(server, "env", "--print-token")).Out);
        Assert.Equal((2, ""), await ToScreenAsync(server));

        static async Task<(int, string)> ToScreenAsync(AnswerServer server)
        {
            var typed = await Typed.RunAsync(server, ["env", "--print-token"], "", [], null, width: 80);
            return (typed.Exit, typed.Out);
        }
    }

    [Fact]
    public async Task Status_shows_the_keys_near_their_limit()
    {
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/users/me", """{"user_id":"u1","email":"ann@example.test","status":"ACTIVE","team_id":"t1","team_role":"owner","created_at":1,"updated_at":1}""")
            .On("GET /healthz", """{"status":"ok","version":"9.8.7"}""").On("GET /readyz", "{}")
            .On("GET /v1/rate-groups", """
                [{"id":"g1","rate_limit_per_interval":10,"rate_limit_interval":60,"api_keys":["calm"],"used_now":7,"waiting":0},
                 {"id":"g2","rate_limit_per_interval":10,"rate_limit_interval":60,"api_keys":["busy"],"used_now":8,"waiting":0},
                 {"id":"g3","rate_limit_per_interval":10,"rate_limit_interval":60,"api_keys":["queued"],"used_now":0,"waiting":3}]
                """);
        var typed = await Typed.ByScriptAsync(server, "status");
        Assert.Equal(0, typed.Exit);
        Assert.Contains("9.8.7", typed.Out, StringComparison.Ordinal);
        Assert.Contains("busy", typed.Out, StringComparison.Ordinal);
        Assert.Contains("queued", typed.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("calm", typed.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keypace api-k", "api-keys")]
    [InlineData("keypace api-keys st", "status")]
    [InlineData("keypace api-keys show ", "openai-main")]
    [InlineData("keypace api-keys show x", "")]
    [InlineData("keypace query hi --agent ", "bot")]
    [InlineData("keypace agents create a --key op", "openai-main")]
    [InlineData("keypace hubs show be", "bedrock")]
    [InlineData("keypace usage --by ho", "hour")]
    [InlineData("keypace query --max-t", "--max-tokens")]
    [InlineData("keypace completion z", "zsh")]
    public async Task A_shell_is_told_what_could_come_next(string typed, string offered)
    {
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/api-keys", Wires.Keys(Wires.Key)).On("GET /v1/hubs", Wires.Hubs).On("GET /v1/agent-configurations", Wires.AgentPage(1, 0, Wires.AgentOne));
        var suggested = await Typed.ByScriptAsync(server, "[suggest]", typed);
        Assert.Equal((0, offered.Length == 0 ? "" : offered + "\n", ""), (suggested.Exit, suggested.Out, suggested.Error));
    }

    [Fact]
    public async Task Without_a_server_nothing_is_suggested_and_nothing_said()
    {
        var suggested = await Typed.ByScriptAsync(null, "[suggest]", "keypace api-keys show ");
        Assert.Equal(new Typed(0, "", ""), suggested);
    }
}
