using System.Text;
using System.Text.Json;
using Keypace.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Tests.Client;

public sealed class QueriesTests
{
    private const string Chat = "POST /v1/chat/completions";

    private const string Hello =
        """{"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_agent_is_asked_and_the_headers_tell_of_the_way()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Hello, headers: [("x-keypace-key", "main%20key"), ("x-keypace-waited-ms", "1250"), ("x-request-id", "req-1")]);
        using var keypace = new KeypaceClient(server.Address, Wires.Token);

        var answer = await keypace.Queries.AskAsync(new Query("Hi") { Agent = "bot", SystemPrompt = "Be short.", Temperature = 0.5, MaxTokens = 9 }, Ct);

        Assert.Equal(("Hello.", "stop", "m-1", 3L, 2L), (answer.Text, answer.FinishReason, answer.Model, answer.PromptTokens, answer.CompletionTokens));
        Assert.Equal(new QueryDelivery("main key", TimeSpan.FromMilliseconds(1250), "req-1"), answer.Delivery);
        Assert.Equal(
            """{"model":"agent/bot","messages":[{"role":"system","content":"Be short."},{"role":"user","content":"Hi"}],"temperature":0.5,"max_tokens":9}""",
            server.Asked.Single().Body);
    }

    [Fact]
    public async Task Routing_travels_in_headers_and_never_in_the_body()
    {
        var seen = new List<string>();
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Hello);
        server.Seen = request => seen.AddRange(request.Headers.Where(header => header.Key.StartsWith("x-keypace-", StringComparison.OrdinalIgnoreCase)).Select(header => $"{header.Key}: {header.Value}"));
        using var keypace = new KeypaceClient(server.Address, Wires.Token);

        await keypace.Queries.AskAsync(new Query("Hi") { ApiKey = "main ä", Model = "m-1", Caller = "cell 3", MaxWait = TimeSpan.FromMilliseconds(1500) }, Ct);

        Assert.Equal(["x-keypace-caller: cell%203", "x-keypace-key: main%20%C3%A4", "x-keypace-max-wait: 1.5"], seen.Select(header => header.Replace("X-Keypace", "x-keypace", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("main", server.Asked.Single().Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bot", "openai/x")]
    [InlineData(null, null)]
    [InlineData("", " ")]
    public async Task A_query_names_an_agent_or_a_model(string? agent, string? model)
    {
        using var keypace = new KeypaceClient(new Uri("http://127.0.0.1:9"), Wires.Token);
        var query = new Query("Hi") { Agent = agent, Model = model?.Trim() };
        await Assert.ThrowsAsync<ArgumentException>(() => keypace.Queries.AskAsync(query, Ct));
    }

    [Fact]
    public async Task A_stream_gives_its_pieces()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Events(Delta("Hel"), Delta("lo."), """{"choices":[{"delta":{},"finish_reason":"stop"}]}""", "[DONE]"), type: "text/event-stream");
        using var keypace = new KeypaceClient(server.Address, Wires.Token);
        Assert.Equal(["Hel", "lo."], await StreamAsync(keypace));
        Assert.Contains("\"stream\":true", server.Asked.Single().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_ends_too_early_is_an_error_after_its_pieces()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Events(Delta("Hel")), type: "text/event-stream");
        using var keypace = new KeypaceClient(server.Address, Wires.Token);
        var failure = await Assert.ThrowsAsync<KeypaceException>(() => StreamAsync(keypace));
        Assert.Equal(KeypaceException.Unreachable, failure.Code);
    }

    [Fact]
    public async Task An_error_in_a_stream_is_thrown_with_its_code()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Events(Delta("Hel"), """{"error":{"message":"The hub went silent.","code":"hub_timed_out"}}"""), type: "text/event-stream");
        using var keypace = new KeypaceClient(server.Address, Wires.Token);
        Assert.Equal("hub_timed_out", (await Assert.ThrowsAsync<KeypaceException>(() => StreamAsync(keypace))).Code);
    }

    [Fact]
    public async Task A_hub_that_does_not_stream_answers_in_one_piece()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, Hello);
        using var keypace = new KeypaceClient(server.Address, Wires.Token);
        Assert.Equal(["Hello."], await StreamAsync(keypace));
    }

    [Fact]
    public async Task A_refusal_says_when_to_ask_again_and_whether()
    {
        await using var server = (await AnswerServer.StartAsync()).On(
            Chat, """{"type":"error","error":{"message":"Too late.","code":"no_turn_in_time"},"request_id":"r"}""", 429,
            headers: [("retry-after-ms", "1500"), ("Retry-After", "2"), ("x-should-retry", "true")]);
        using var keypace = new KeypaceClient(server.Address, Wires.Token);

        var refused = await Assert.ThrowsAsync<KeypaceException>(() => keypace.Queries.AskAsync("Hi", "bot", Ct));

        Assert.Equal((429, "no_turn_in_time", TimeSpan.FromMilliseconds(1500), true), (refused.Status, refused.Code, refused.RetryAfter, refused.ShouldRetry));
    }

    [Fact]
    public async Task An_answer_that_is_no_chat_is_said_to_be_none()
    {
        await using var server = (await AnswerServer.StartAsync()).On(Chat, """{"choices":[]}""");
        using var keypace = new KeypaceClient(server.Address, Wires.Token);
        Assert.Equal(KeypaceException.UnreadableAnswer, (await Assert.ThrowsAsync<KeypaceException>(() => keypace.Queries.AskAsync("Hi", "bot", Ct))).Code);
    }

    [Fact]
    public async Task A_body_of_ones_own_is_sent_as_it_is()
    {
        await using var server = (await AnswerServer.StartAsync()).On("POST /v1/embeddings", """{"data":[1]}""");
        using var keypace = new KeypaceClient(server.Address, Wires.Token);

        var raw = await keypace.Queries.SendAsync("/v1/embeddings", Encoding.UTF8.GetBytes("""{"model":"openai/e","input":"ä"}"""), ct: Ct);

        Assert.Equal((200, JsonValueKind.Array), (raw.Status, raw.Body.GetProperty("data").ValueKind));
        Assert.Equal("""{"model":"openai/e","input":"ä"}""", server.Asked.Single().Body);
    }

    [Fact]
    public async Task An_older_server_is_named_as_the_reason_for_an_unknown_path()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/rate-groups", """{"detail":"There is nothing here.","code":"unknown_path","request_id":"r"}""", 404);
        using var keypace = new KeypaceClient(server.Address, Wires.Token);
        var failure = await Assert.ThrowsAsync<KeypaceException>(() => keypace.RateGroups.ListAsync(Ct));
        Assert.Contains("may be older", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dependency_injection_gives_one_client_and_named_ones()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", Wires.Hubs);
        var services = new ServiceCollection();
        services.AddKeypaceClient(options => (options.BaseAddress, options.Token) = (server.Address, Wires.Token));
        services.AddKeypaceClient("other", options => (options.BaseAddress, options.Token) = (new Uri("http://127.0.0.1:9/v1"), "kpa_other"));
        await using var provider = services.BuildServiceProvider();

        var keypace = provider.GetRequiredService<KeypaceClient>();

        Assert.Same(keypace, provider.GetRequiredService<KeypaceClient>());
        Assert.NotEmpty(await keypace.Hubs.ListAsync(Ct));
        Assert.Equal("Bearer " + Wires.Token, server.Asked.Single().Authorization);
        Assert.Equal("http://127.0.0.1:9/", provider.GetRequiredKeyedService<KeypaceClient>("other").BaseAddress.ToString());
    }

    [Fact]
    public void What_is_not_set_comes_from_the_environment()
    {
        var variables = new Dictionary<string, string> { ["KEYPACE_BASE_URL"] = "http://h:1/v1", ["KEYPACE_TOKEN"] = " kpa_x\n" };
        var options = KeypaceClientOptions.Completed(new KeypaceClientOptions(), variables.GetValueOrDefault);
        Assert.Equal(("http://h:1/v1", "kpa_x"), (options.BaseAddress?.ToString(), options.Token));
        Assert.Throws<InvalidOperationException>(() => KeypaceClientOptions.Completed(new KeypaceClientOptions(), _ => null));
    }

    private static string Delta(string text) => $$$"""{"choices":[{"index":0,"delta":{"content":"{{{text}}}"},"finish_reason":null}]}""";

    private static string Events(params string[] data) => string.Concat(data.Select(one => $"data: {one}\n\n"));

    private static async Task<List<string>> StreamAsync(KeypaceClient keypace)
    {
        var pieces = new List<string>();
        await foreach (var piece in keypace.Queries.StreamAsync(new Query("Hi") { Agent = "bot" }, Ct))
        {
            pieces.Add(piece);
        }

        return pieces;
    }
}
