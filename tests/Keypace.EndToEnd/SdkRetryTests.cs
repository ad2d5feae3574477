using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using Keypace.Demo;
using OpenAI;
using OpenAI.Chat;

namespace Keypace.EndToEnd;

/// <summary>
/// What the official SDKs do with our refusals (docs/use/sdks.md has the table): their retries and ours do not multiply. How often each asks is counted where
/// it asks; nothing here measures a time.
/// </summary>
public sealed class SdkRetryTests(SdkRetryTests.RefusingHubs all) : IClassFixture<SdkRetryTests.RefusingHubs>
{
    private static readonly string Node = Path.Combine(Checkout.Root, "tests", "clients", "openai-js");
    private static readonly string Anthropic = Path.Combine(Checkout.Root, "tests", "clients", "anthropic-js");

    [Fact]
    public async Task OpenAI_for_Node_waits_once_where_the_turn_comes_soon_and_never_asks_again_where_it_is_no_help()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Node, "node_modules", "openai")), "the npm package openai is not installed (node and npm are needed; then: ./dev test)");

        var seen = await RunAsync(Node, new() { ["BASE_URL"] = new Uri(all.Keypace.Address, "/v1").ToString(), ["TOKEN"] = all.Keypace.Folder.Token });

        Assert.Equal(($"429,200", HubAnswers.Sentence), Of(seen, "soon"));
        Assert.Equal(("200", HubAnswers.Sentence), Of(seen, "inLine"));
        Assert.Equal(("429", "RateLimitError 429 no_turn_in_time"), Of(seen, "late"));
        Assert.Equal(("502", "InternalServerError 502 hub_refused_key"), Of(seen, "refused"));
        Assert.Equal("429", Of(seen, "spent").Statuses);
        Assert.StartsWith("RateLimitError 429", Of(seen, "spent").End, StringComparison.Ordinal);
        Assert.Equal("404", Of(seen, "unknown").Statuses);
    }

    [Fact]
    public async Task Anthropic_for_Node_does_the_same_through_a_keys_own_path()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Anthropic, "node_modules", "@anthropic-ai")), "the npm package @anthropic-ai/sdk is not installed (node and npm are needed; then: ./dev test)");

        var seen = await RunAsync(Anthropic, new() { ["BASE_URL"] = new Uri(all.Keypace.Address, "/keys").ToString(), ["TOKEN"] = all.Keypace.Folder.Token });

        Assert.Equal(($"429,200", HubAnswers.Sentence), Of(seen, "soon"));
        Assert.Equal(("200", HubAnswers.Sentence), Of(seen, "inLine"));
        Assert.Equal("429", Of(seen, "late").Statuses);
        Assert.StartsWith("RateLimitError 429", Of(seen, "late").End, StringComparison.Ordinal);
        Assert.Equal("502", Of(seen, "refused").Statuses);
        Assert.Equal("404", Of(seen, "unknown").Statuses);
    }

    [Fact]
    public async Task OpenAI_for_DotNet_is_answered_when_it_asks_again()
    {
        var (soon, asked) = Client("dotnet soon", maxWait: "0");
        await soon.CompleteChatAsync("Say hello.");
        asked.Statuses.Clear();

        ChatCompletion completion = await soon.CompleteChatAsync("Say hello.");

        Assert.Equal(HubAnswers.Sentence, completion.Content[0].Text);
        Assert.Equal([429, 200], asked.Statuses);
    }

    [Fact]
    public async Task OpenAI_for_DotNet_does_not_ask_again_for_a_name_that_is_not_there()
    {
        var (unknown, asked) = Client("nobody", maxWait: null);

        var failure = await Assert.ThrowsAsync<ClientResultException>(() => unknown.CompleteChatAsync("Say hello."));

        Assert.Equal(404, failure.Status);
        Assert.Equal([404], asked.Statuses);
    }

    /// <summary>It knows no x-should-retry, and asks again as after any other 429 or 502.</summary>
    [Theory]
    [InlineData("refused", 502)]
    [InlineData("spent", 429)]
    public async Task OpenAI_for_DotNet_asks_three_times_more_where_waiting_is_no_help(string key, int status)
    {
        var (client, asked) = Client(key, maxWait: null);

        var failure = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync("Say hello."));

        Assert.Equal(status, failure.Status);
        Assert.Equal([status, status, status, status], asked.Statuses);
    }

    private (ChatClient Client, Asked Asked) Client(string key, string? maxWait)
    {
        var asked = new Asked(key, maxWait);
        var options = new OpenAIClientOptions { Endpoint = new Uri(all.Keypace.Address, "/v1") };
        options.AddPolicy(asked, PipelinePosition.PerTry);
        return (new ChatClient("pretend-large", new ApiKeyCredential(all.Keypace.Folder.Token), options), asked);
    }

    private static (string Statuses, string? End) Of(JsonElement seen, string name) =>
        (string.Join(',', seen.GetProperty(name).GetProperty("statuses").EnumerateArray().Select(status => status.GetInt32())), seen.GetProperty(name).GetProperty("end").GetString());

    private static async Task<JsonElement> RunAsync(string folder, Dictionary<string, string> environment)
    {
        var (exitCode, output) = await ChildProcess.RunAsync("node", ["retries.mjs"], environment, folder: folder);
        Assert.True(exitCode == 0, output);
        return JsonDocument.Parse(output.Trim().Split('\n')[^1]).RootElement;
    }

    /// <summary>Adds our headers to each try, and notes how it was answered.</summary>
    private sealed class Asked(string key, string? maxWait) : PipelinePolicy
    {
        public List<int> Statuses { get; } = [];

        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) => throw new NotSupportedException();

        public override async ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Headers.Set("x-keypace-key", key);
            if (maxWait is not null)
                message.Request.Headers.Set("x-keypace-max-wait", maxWait);

            await ProcessNextAsync(message, pipeline, currentIndex);
            Statuses.Add(message.Response!.Status);
        }
    }

    /// <summary>Keys whose turn comes soon or late, that their hub refuses, or whose account is empty.</summary>
    public sealed class RefusingHubs : IAsyncLifetime
    {
        private readonly List<PretendHub> _hubs = [];
        private RunningKeypace? _keypace;

        internal RunningKeypace Keypace => _keypace ?? throw new InvalidOperationException("Not started.");

        public async ValueTask InitializeAsync()
        {
            _keypace = await RunningKeypace.StartAsync();
            await AddAsync("soon", new HubLimit(1, 5));
            await AddAsync("dotnet soon", new HubLimit(1, 5));
            await AddAsync("anthropic-soon", new HubLimit(1, 5));
            await AddAsync("late", new HubLimit(1, 120));
            await AddAsync("anthropic-late", new HubLimit(1, 120));
            await AddAsync("refused", null, HubFault.Unauthorized);
            await AddAsync("spent", null, HubFault.SpendLimit);
        }

        public async ValueTask DisposeAsync()
        {
            if (_keypace is not null)
                await _keypace.DisposeAsync();

            foreach (var hub in _hubs)
                await hub.DisposeAsync();
        }

        /// <summary>A hub each: keys of one hub and account would share a line.</summary>
        private async Task AddAsync(string name, HubLimit? limit, HubFault fault = HubFault.None)
        {
            var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = fault });
            _hubs.Add(hub);
            await Keypace.StoreKeyAsync(hub, name, limit);
        }
    }
}
