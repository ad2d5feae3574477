using System.Text.Json;
using Keypace.Cli;
using Keypace.Cli.Running;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class RunCommandTests : IDisposable
{
    private const string Chat = "POST /v1/chat/completions";
    private const string Answer = """{"choices":[{"message":{"content":"Hello."}}],"usage":{"prompt_tokens":3,"completion_tokens":2}}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("keypace-run-");

    private string Questions => Path.Combine(_folder.FullName, "q.jsonl");

    private string Answers => Path.Combine(_folder.FullName, "a.jsonl");

    private string Errors => Path.Combine(_folder.FullName, "a.errors.jsonl");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Every_shape_of_a_line_is_sent_as_it_is_meant()
    {
        File.WriteAllText(Questions, """
            "plain"
            {"prompt":"with more","system":"Be short.","custom_id":"two","temperature":0,"stream":true}

            {"messages":[{"role":"user","content":"chat"}],"model":"openai/other","id":4}
            {"custom_id":"b","method":"POST","url":"/v1/embeddings","body":{"model":"x","input":"é","encoding_format":"float"}}
            """);
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Answer).On("POST /v1/embeddings", """{"data":[]}""");

        var typed = await RunAsync(server);

        Assert.Equal(0, typed.Exit);
        Assert.Equal(
            [
                """{"model":"agent/bot","input":"é","encoding_format":"float"}""",
                """{"model":"agent/bot","messages":[{"role":"system","content":"Be short."},{"role":"user","content":"with more"}],"temperature":0}""",
                """{"model":"agent/bot","messages":[{"role":"user","content":"chat"}]}""",
                """{"model":"agent/bot","messages":[{"role":"user","content":"plain"}]}""",
            ],
            server.Asked.Where(asked => asked.Method == "POST").Select(asked => asked.Body).Order(StringComparer.Ordinal));
        var lines = File.ReadLines(Answers).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal([1, 2, 4, 5], lines.Select(line => line.GetProperty("line").GetInt32()));
        Assert.Equal([null, "two", "4", "b"], lines.Select(line => line.GetProperty("custom_id").GetString()));
        Assert.Equal("Hello.", lines[0].GetProperty("text").GetString());
        Assert.Equal(200, lines[0].GetProperty("response").GetProperty("status_code").GetInt32());
        Assert.Contains("9 read, 6 written", typed.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"a\"\n{\"prompt\"", "Line 2 of ")]
    [InlineData("\"a\"\n\n7", "Line 3 of ")]
    [InlineData("{\"question\":1}", "Line 1 of ")]
    [InlineData("{\"messages\":[]}", "Line 1 of ")]
    [InlineData("{\"method\":\"GET\",\"body\":{}}", "Line 1 of ")]
    [InlineData("{\"url\":\"/v1/images\",\"body\":{}}", "Line 1 of ")]
    [InlineData("{\"prompt\":\"a\",\"id\":1}\n{\"prompt\":\"b\",\"id\":1}", "Lines 1 and 2 of ")]
    [InlineData("\n\n", "no question")]
    public async Task A_line_that_cannot_be_sent_is_named_and_nothing_is_begun(string text, string said)
    {
        File.WriteAllText(Questions, text);
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Answer);
        var typed = await RunAsync(server);
        Assert.Equal(2, typed.Exit);
        Assert.Contains(said, typed.Error, StringComparison.Ordinal);
        Assert.Empty(server.Asked);
        Assert.False(File.Exists(Answers));
    }

    [Fact]
    public async Task Answers_on_disk_are_not_asked_again_and_failures_are()
    {
        File.WriteAllText(Questions, "\"one\"\n\"two\"\n\"two\"\n\"three\"\n");
        await using var server = await AnswerServer.StartAsync();
        server.On(Chat, asked => asked.Body.Contains("three", StringComparison.Ordinal) ? Refusal(400, "content_filter") : new Answer(200, "application/json", Answer, []));

        var first = await RunAsync(server);
        Assert.Equal((1, 4), (first.Exit, server.Asked.Count(asked => asked.Method == "POST")));
        Assert.Equal(3, File.ReadLines(Answers).Count());
        Assert.Contains("content_filter", File.ReadAllText(Errors), StringComparison.Ordinal);

        server.On(Chat, Answer);
        var second = await RunAsync(server);
        Assert.Equal((0, 5), (second.Exit, server.Asked.Count(asked => asked.Method == "POST")));
        Assert.Equal([1, 2, 3, 4], File.ReadLines(Answers).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("line").GetInt32()));
        Assert.False(File.Exists(Errors));
        Assert.Equal(0, (await RunAsync(server)).Exit);
        Assert.Equal(5, server.Asked.Count(asked => asked.Method == "POST"));
    }

    [Theory]
    [InlineData("{\"line\":1,\"resp", 3, "cut off")]
    [InlineData("", 3, "1 of 3 questions")]
    public async Task Half_a_line_at_the_end_is_asked_again(string torn, int lines, string said)
    {
        File.WriteAllText(Questions, "\"one\"\n\"two\"\n\"three\"\n");
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Answer);
        await RunAsync(server);
        var whole = File.ReadLines(Answers).First();
        File.WriteAllText(Answers, torn.Length > 0 ? whole + "\n" + torn : whole);   // without a line break: whole, or not

        var typed = await RunAsync(server);

        Assert.Equal(0, typed.Exit);
        Assert.Contains(said, typed.Error, StringComparison.Ordinal);
        Assert.Equal(lines, File.ReadLines(Answers).Select(line => JsonDocument.Parse(line)).Count());
        Assert.Equal(3 + 2, server.Asked.Count(asked => asked.Method == "POST"));
    }

    [Fact]
    public async Task A_file_of_something_else_is_left_as_it_is()
    {
        File.WriteAllText(Questions, "\"one\"\n");
        File.WriteAllText(Answers, "my notes\nmore\n");
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Answer);
        var typed = await RunAsync(server);
        Assert.Equal((2, "my notes\nmore\n"), (typed.Exit, File.ReadAllText(Answers)));
        Assert.Contains("Line 1 of ", typed.Error, StringComparison.Ordinal);
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task What_no_question_can_cure_ends_the_run_at_once()
    {
        File.WriteAllLines(Questions, Enumerable.Range(0, 100).Select(number => $"\"{number}\""));
        await using var server = (await AnswerServer.StartAsync()).On(Chat, _ => Refusal(409, "key_disabled"));
        var typed = await RunAsync(server, "--concurrency", "4");
        Assert.Equal(3, typed.Exit);
        Assert.InRange(server.Asked.Count(asked => asked.Method == "POST"), 1, 8);
        Assert.False(File.Exists(Answers));
    }

    [Fact]
    public async Task An_agent_that_is_not_there_is_said_before_anything_is_sent()
    {
        File.WriteAllText(Questions, "\"one\"\n");
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/agent-configurations", Wires.AgentPage(1, 0, Wires.AgentOne.Replace("\"bot\"", "\"bots\"", StringComparison.Ordinal)));
        var typed = await RunAsync(server);
        Assert.Equal((1, "keypace: There is no agent 'bot'. Did you mean 'bots'?\n"), (typed.Exit, typed.Error));
        Assert.DoesNotContain(server.Asked, asked => asked.Method == "POST");
        Assert.False(File.Exists(Answers));
    }

    // 4 used, 3 waiting, 25 to send: the 32nd send is in the fourth window of ten, three windows of 60.05 s from now; evenly, 27 tenths of a window.
    [Theory]
    [InlineData("burst", 180.15)]
    [InlineData("smooth", 162.135)]
    public async Task The_outlook_reckons_windows_and_the_queue(string pacing, double seconds)
    {
        File.WriteAllLines(Questions, Enumerable.Range(0, 25).Select(number => $"\"{number}\""));
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/agent-configurations", Wires.AgentPage(1, 0, Wires.AgentOne))
            .On($"GET /v1/api-keys/{Wires.KeyId}/status", $$"""
                {"id":"{{Wires.KeyId}}","name":"openai-main","used_now":4,"waiting":3,"waiting_by_caller":[],"next_free_at":null,"effective_limit":10,
                 "rate_limit_interval":60,"paused_until":null,"paused_why":null,"guard_ms":50,"rate_group_id":"g","rate_group_keys":[],"pacing_now":"{{pacing}}"}
                """);
        var typed = await RunAsync(server, "--dry-run", "--json");
        Assert.Equal(0, typed.Exit);
        Assert.Equal(seconds, JsonDocument.Parse(typed.Out).RootElement.GetProperty("seconds").GetDouble(), 3);
        Assert.DoesNotContain(server.Asked, asked => asked.Method == "POST");
        Assert.False(File.Exists(Answers));
    }

    [Fact]
    public async Task Two_runs_do_not_write_to_one_file()
    {
        File.WriteAllText(Questions, "\"one\"\n");
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Answer);
        using var other = await AnswerFile.OpenAsync(Answers, onlyLook: false, TimeProvider.System, TestContext.Current.CancellationToken);
        var typed = await RunAsync(server);
        Assert.Equal(3, typed.Exit);
        Assert.Empty(server.Asked);
    }

    [Fact]
    public void A_question_is_recognized_by_what_is_sent_and_by_its_id()
    {
        var bot = new Keypace.Cli.Commands.Asked("bot", null, null);
        string Of(string line, Keypace.Cli.Commands.Asked asked) => RunQuestion.Read(new ByteLine(1, 0, System.Text.Encoding.UTF8.GetBytes(line), true), "f", asked).Fingerprint;
        Assert.Equal(Of("\"a\"", bot), Of(" \"a\" ", bot));
        Assert.NotEqual(Of("\"a\"", bot), Of("\"b\"", bot));
        Assert.NotEqual(Of("\"a\"", bot), Of("\"a\"", bot with { Agent = "other" }));
        Assert.NotEqual(Of("""{"prompt":"a","id":"1"}""", bot), Of("""{"prompt":"a","id":"2"}""", bot));
    }

    private static Answer Refusal(int status, string code) => new(status, "application/json", $$$"""{"error":{"message":"Not this.","code":"{{{code}}}"}}""", [("x-should-retry", "false")]);

    private Task<Typed> RunAsync(AnswerServer server, params string[] more) =>
        Typed.ByScriptAsync(server, ["run", Questions, "--agent", "bot", "--out", Answers, "--retries", "0", .. more]);
}
