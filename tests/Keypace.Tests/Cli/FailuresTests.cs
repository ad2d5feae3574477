using System.Text.Json;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class FailuresTests
{
    [Theory]
    [InlineData(400, 1)]
    [InlineData(401, 1)]
    [InlineData(403, 1)]
    [InlineData(404, 1)]
    [InlineData(409, 3)]
    [InlineData(412, 3)]
    [InlineData(422, 1)]
    [InlineData(500, 1)]
    [InlineData(503, 1)]
    public async Task The_exit_code_says_whether_the_state_of_things_was_in_the_way(int status, int exit)
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", """{"detail":"Cannot.","code":"some_code","request_id":"req-9"}""", status);

        var typed = await Typed.ByScriptAsync(server, "hubs", "list");

        Assert.Equal((exit, ""), (typed.Exit, typed.Out));
        Assert.StartsWith("keypace: Cannot.", typed.Error, StringComparison.Ordinal);
        Assert.EndsWith("(some_code, request req-9)\n", typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_is_json_on_standard_error_where_json_was_asked_for()
    {
        await using var server = (await AnswerServer.StartAsync()).On(
            "GET /v1/hubs", """{"detail":[{"loc":["query","x"],"msg":"no","type":"t"}],"code":"invalid","request_id":"req-9"}""", 422, headers: [("retry-after-ms", "1500")]);

        var typed = await Typed.ByScriptAsync(server, "hubs", "list", "--json");

        var error = JsonDocument.Parse(typed.Error).RootElement;
        Assert.Equal((1, ""), (typed.Exit, typed.Out));
        Assert.Equal(("x: no.", "invalid", "req-9"), (error.GetProperty("detail").GetString(), error.GetProperty("code").GetString(), error.GetProperty("request_id").GetString()));
        Assert.Equal((422, 1500), (error.GetProperty("status").GetInt32(), error.GetProperty("retry_after_ms").GetInt32()));
        Assert.Equal("x", error.GetProperty("fields")[0].GetProperty("loc")[1].GetString());
    }

    [Fact]
    public async Task Wrong_usage_is_json_too_and_exits_with_2()
    {
        var typed = await Typed.ByScriptAsync(null, "api-keys", "lst", "--json");
        Assert.Equal(2, typed.Exit);
        Assert.Equal("wrong_usage", JsonDocument.Parse(typed.Error).RootElement.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("Did you mean 'api-keys'?", "api-keyz")]
    [InlineData("Did you mean 'list'?", "api-keys", "lsit")]
    [InlineData("Did you mean '--limit'?", "api-keys", "create", "a", "--hub", "openai", "--limt", "5")]
    [InlineData("Did you mean '--json'?", "hubs", "list", "--jsn")]
    [InlineData("Option '--hub' is required.", "api-keys", "create", "a")]
    [InlineData("Must be one of: 'key' 'caller'", "usage", "--by", "moon")]
    [InlineData("Say what to do: list, create", "api-keys")]
    public async Task A_mistyped_command_line_is_explained(string hint, params string[] args)
    {
        var typed = await Typed.ByScriptAsync(null, args);
        Assert.Equal((2, ""), (typed.Exit, typed.Out));
        Assert.Contains(hint, typed.Error, StringComparison.Ordinal);
        Assert.Single(typed.Error.Trim().Split('\n'));
    }

    [Fact]
    public async Task Where_no_server_runs_the_sentence_says_how_to_start_one()
    {
        var gone = await AnswerServer.StartAsync();
        var address = gone.Address.ToString();
        await gone.DisposeAsync();

        var typed = await Typed.RunAsync(null, ["hubs", "list", "--base-url", address], "", [], new Dictionary<string, string> { ["KEYPACE_TOKEN"] = Wires.Token });

        Assert.Equal(1, typed.Exit);
        Assert.Contains($"Nothing listens at {address}. Start a server with `keypace serve`", typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_comes_with_examples_and_the_version_alone()
    {
        var help = await Typed.ByScriptAsync(null, "api-keys", "create", "--help");
        var version = await Typed.ByScriptAsync(null, "--version");
        var bare = await Typed.ByScriptAsync(null);
        Assert.Equal((0, 0, 0), (help.Exit, version.Exit, bare.Exit));
        Assert.Contains("Examples:\n  keypace api-keys create openai-main --hub openai", help.Out, StringComparison.Ordinal);
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", version.Out);
        Assert.Contains("api-keys", bare.Out, StringComparison.Ordinal);
    }
}
