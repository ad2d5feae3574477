using System.Text;
using System.Text.Json;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

/// <summary>The forms of questions and answers that <c>keypace run</c> meets.</summary>
public sealed class RunFormsTests : IDisposable
{
    private const string Chat = "POST /v1/chat/completions";
    private const string Answer = """{"choices":[{"message":{"content":"Hello."}}],"usage":{"prompt_tokens":3,"completion_tokens":2}}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("keypace-run-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("""{"choices":null,"error":{"message":"Worker is full."}}""", "Worker is full.")]
    [InlineData("[]", "it holds no answer")]
    [InlineData("{}", "it holds no answer")]
    [InlineData("""{"error":"down"}""", "down")]
    public async Task What_is_no_answer_is_asked_again_and_never_kept_as_one(string body, string said)
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, body);
        var typed = await RunAsync(server, Write("q.jsonl", "\"one\"\n"), "--retries", "0");
        Assert.Equal(1, typed.Exit);
        Assert.False(File.Exists(Path("a.jsonl")));
        Assert.Contains(said, File.ReadAllText(Path("a.errors.jsonl")), StringComparison.Ordinal);

        server.On(Chat, Answer);
        Assert.Equal(0, (await RunAsync(server, Path("q.jsonl"))).Exit);
        Assert.Single(File.ReadAllLines(Path("a.jsonl")));
    }

    [Fact]
    public async Task Half_a_surrogate_pair_and_broken_bytes_cost_nothing_else()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, """
            {"choices":[{"message":{"content":"cut \ud83d here",
            "tool_calls":[{"function":{"arguments":"\udc00"}}]}}]}
            """);
        var bytes = Encoding.UTF8.GetBytes("\"one\"\n{\"prompt\":\"cut \\ud83d here\",\"user\":\"\\ud83d\"}\n\"\u00ff\"\n");
        bytes[Array.LastIndexOf(bytes, (byte)0xC3)] = 0xFF;   // no UTF-8
        File.WriteAllBytes(Path("q.jsonl"), bytes);
        var typed = await RunAsync(server, Path("q.jsonl"));
        Assert.Equal(0, typed.Exit);
        var answers = File.ReadAllLines(Path("a.jsonl"));
        Assert.Equal(3, answers.Length);
        Assert.All(answers, line => Assert.Equal("cut \uFFFD here", JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()));
        Assert.All(answers, line => Assert.Contains("\\udc00", line, StringComparison.Ordinal));
        Assert.Contains(server.Asked, asked => asked.Body.Contains("cut \uFFFD here", StringComparison.Ordinal) && asked.Body.Contains("\\ud83d", StringComparison.Ordinal));
        Assert.Equal(0, (await RunAsync(server, Path("q.jsonl"))).Exit);   // they are found again
        Assert.Equal(3, server.Asked.Count(asked => asked.Method == "POST"));
    }

    [Fact]
    public async Task A_table_gives_a_question_a_row()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Answer);
        var file = Write("q.csv", "\uFEFFid;Prompt;system;rating\r\n1;\"two\nlines; and\";;5\r\n2;b;Be short.;\r\n;;;\r\n");
        Assert.Equal(0, (await RunAsync(server, file)).Exit);
        Assert.Equal(
            [
                """{"model":"agent/bot","messages":[{"role":"system","content":"Be short."},{"role":"user","content":"b"}]}""",
                """{"model":"agent/bot","messages":[{"role":"user","content":"two\nlines; and"}]}""",
            ],
            server.Asked.Where(asked => asked.Method == "POST").Select(asked => asked.Body).Order(StringComparer.Ordinal));
        Assert.Equal(["1", "2"], File.ReadLines(Path("a.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("custom_id").GetString()));
    }

    [Theory]
    [InlineData("q.csv", "question,answer\na,b\n", "a column prompt")]
    [InlineData("q.csv", "prompt,id\n,1\n", "Line 2 of ")]
    [InlineData("q.jsonl", "\"a\"\n{\"question\":\"b\"}\n", "Line 2 of ")]
    [InlineData("q.jsonl", "{\"vars\":{}}\n", "it has \"vars\"")]
    [InlineData("q.jsonl", "[\"a\",\"b\"]\n", "is a list")]
    public async Task A_file_of_another_shape_is_named_by_its_line(string name, string text, string said)
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Answer);
        var typed = await RunAsync(server, Write(name, text));
        Assert.Equal(2, typed.Exit);
        Assert.Contains(said, typed.Error, StringComparison.Ordinal);
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task A_sample_is_the_same_for_the_same_seed_and_another_for_another()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Answer);
        var file = Write("q.jsonl", string.Concat(Enumerable.Range(0, 200).Select(number => $"\"{number}\"\n")));
        async Task<string[]> LinesAsync(params string[] more)
        {
            File.Delete(Path("a.jsonl"));
            Assert.Equal(0, (await RunAsync(server, file, ["--sample", "20", .. more])).Exit);
            return [.. File.ReadLines(Path("a.jsonl")).Select(line => line.Split(',')[0])];
        }

        var first = await LinesAsync();
        Assert.Equal(20, first.Distinct().Count());
        Assert.Equal(first, await LinesAsync());
        Assert.NotEqual(first, await LinesAsync("--seed", "7"));
        var posts = server.Asked.Count(asked => asked.Method == "POST");
        Assert.Equal(0, (await RunAsync(server, file, "--sample", "20", "--seed", "7")).Exit);   // all of it is answered
        Assert.Equal(posts, server.Asked.Count(asked => asked.Method == "POST"));
    }

    [Fact]
    public async Task The_first_failure_ends_the_run_when_it_shall_and_causes_are_counted()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, asked => new Answer(400, "application/json",
            asked.Body.Contains("long", StringComparison.Ordinal)
                ? """{"error":{"message":"Too long.","code":"context_length_exceeded"}}""" : """{"error":{"message":"Not that.","code":"content_filter"}}""",
            [("x-keypace-key", "main")]));
        var file = Write("q.jsonl", "\"long 1\"\n\"bad\"\n\"long 2\"\n");
        var typed = await RunAsync(server, file);
        Assert.Equal(1, typed.Exit);
        Assert.Matches("2 +context_length_exceeded +Too long", typed.Out);
        Assert.Matches("1 +content_filter +Not that", typed.Out);

        var posts = server.Asked.Count(asked => asked.Method == "POST");
        Assert.Equal(1, (await RunAsync(server, file, "--fail-fast", "--concurrency", "1")).Exit);
        Assert.Equal(posts + 1, server.Asked.Count(asked => asked.Method == "POST"));
    }

    private string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    private string Write(string name, string text)
    {
        File.WriteAllText(Path(name), text);
        return Path(name);
    }

    private Task<Typed> RunAsync(AnswerServer server, string file, params string[] more) =>
        Typed.ByScriptAsync(server, ["run", file, "--agent", "bot", "--out", Path("a.jsonl"), .. more]);
}
