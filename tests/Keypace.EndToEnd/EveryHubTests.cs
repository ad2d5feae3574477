using System.Text;
using System.Text.Json;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Every hub and each of its ways in, asked on every route through the built server: what callers get, and what arrives at the hub.</summary>
public sealed class EveryHubTests(EveryHub hubs) : IClassFixture<EveryHub>
{
    private static readonly object[] Messages = [new { role = "user", content = "Say hello." }];

    public static TheoryData<string> Rows => new(EveryHubRow.All.Select(row => row.Name));

    [Fact]
    public void There_is_a_row_for_every_hub()
    {
        var files = Directory.EnumerateFiles(Path.Combine(Checkout.Root, "src", "Keypace.Domain", "Hubs"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)!);
        Assert.Equal(files.Order(StringComparer.Ordinal), EveryHubRow.All.Select(row => row.Hub).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_hub_on_every_route(string name)
    {
        var row = EveryHubRow.All.Single(each => each.Name == name);
        var key = (await hubs.Api.PostAsync("/v1/api-keys", new
        {
            name, hub = row.Hub, value = row.Value, url = UrlOf(row), hub_config = row.Config, rate_limit_per_interval = 1_000_000, rate_limit_interval = 1,
        })).MustBe(200);
        var id = key["id"].GetString()!;
        Assert.All(Secrets(row), secret => Assert.DoesNotContain(secret, key.Text, StringComparison.Ordinal));
        Task<Answer> AskAsync(string route, object body) => hubs.Api.PostAsync(route, body, ("x-keypace-key", Uri.EscapeDataString(name)));

        var whole = await SeenAsync(row, row.Chat, () => AskAsync("/v1/chat/completions", new { model = "m", messages = Messages }));
        Assert.Equal(EveryHub.Text, whole["choices"][0].GetProperty("message").GetProperty("content").GetString());

        var streamed = await SeenAsync(row, row.Stream ?? row.Chat, () => AskAsync("/v1/chat/completions", new { model = "m", stream = true, messages = Messages }), CheckStreamed);
        Assert.StartsWith("text/event-stream", streamed.Header("content-type"), StringComparison.Ordinal);
        Assert.Equal(EveryHub.Text, TextOf(streamed));
        Assert.EndsWith("data: [DONE]\n\n", streamed.Text, StringComparison.Ordinal);

        var contracts = await SeenAsync(row, row.Chat, () => hubs.Api.PostAsync("/v1/chat_complete", new { prompt = "Say hello.", completion_params = new { api_key = id, hub = row.Hub, model = "m" } }));
        Assert.Equal(EveryHub.Text, contracts["response"][0].GetString());

        await SeenAsync(row, $"{row.Base}/a%20b?c=d%2Fe", () => hubs.Api.GetAsync($"/keys/{Uri.EscapeDataString(name)}/a%20b?c=d%2Fe"), status: 404);

        await OfferedAsync(row, row.Completions, "completions", () => AskAsync("/v1/completions", new { model = "m", prompt = "Say hello." }),
            answer => answer["choices"][0].GetProperty("text").GetString());
        // In the languages of other SDKs where the hub has no such route: by its chat.
        var responses = await SeenAsync(row, row.Responses ?? row.Chat, () => AskAsync("/v1/responses", new { model = "m", input = "Say hello." }));
        Assert.Equal(EveryHub.Text, responses["output"][0].GetProperty("content")[0].GetProperty("text").GetString());
        var messages = await SeenAsync(row, row.Chat, () => AskAsync("/v1/messages", new { model = "m", max_tokens = 50, messages = Messages }));
        Assert.Equal(EveryHub.Text, messages["content"][0].GetProperty("text").GetString());
        await OfferedAsync(row, row.Embeddings, "embeddings", () => AskAsync("/v1/embeddings", new { model = "m", input = "hello" }),
            answer => answer["data"][0].GetProperty("embedding").GetArrayLength() == 2 ? EveryHub.Text : null);

        await TestedAsync(row, "works", () => hubs.Api.PostAsync($"/v1/api-keys/{id}/test", null));
        await TestedAsync(row, "works", () => hubs.Api.PostAsync("/v1/api-keys/test", new { hub = row.Hub, value = row.Value, url = UrlOf(row), hub_config = row.Config }));
        if (row.Secret is { } secret)
        {
            var config = row.Config.ToDictionary(field => field.Key, field => field.Key == secret ? "wrong-not-a-real-secret" : field.Value);
            var refused = await TestedAsync(row, "refused", () => hubs.Api.PostAsync("/v1/api-keys/test", new { hub = row.Hub, value = secret == "value" ? "wrong-not-a-real-secret" : row.Value, url = UrlOf(row), hub_config = config }));
            Assert.DoesNotContain("wrong-not-a-real-secret", refused.Text, StringComparison.Ordinal);
        }

        var before = hubs.Hub.Seen.Count;
        var models = (await hubs.Api.GetAsync($"/v1/api-keys/{id}/models")).MustBe(200)["models"];
        Assert.Equal(row.Models is null ? [] : [row.Models], hubs.SeenSince(before).Select(request => request.Target));
        Assert.Equal(row.Models is null ? null : row.FirstModel, models.ValueKind is JsonValueKind.Array ? models[0].GetString() : null);

        // The three chats, one of them streamed, have their tokens in the record; an agent on Bedrock and an endpoint of any JSON count none.
        await Until.TrueAsync(async () =>
        {
            var queries = (await hubs.Api.GetAsync($"/v1/api-keys/{id}/queries")).MustBe(200)["results"].EnumerateArray().ToList();
            var chats = queries.Where(query => query.GetProperty("route").GetString()!.StartsWith("chat", StringComparison.Ordinal)).ToList();
            var counts = chats.Select(query => $"{query.GetProperty("prompt_tokens")} {query.GetProperty("completion_tokens")}".Trim());
            return chats.Count == 3 && counts.All(count => count == (row.CountsTokens ? "9 4" : ""));
        }, $"the records of {name}");

        void CheckStreamed(NativeRequest request) =>
            Assert.Equal(row.AsksForUsage, Encoding.UTF8.GetString(request.Body).Contains("\"include_usage\":true", StringComparison.Ordinal));
    }

    private string? UrlOf(EveryHubRow row) => row.Url is null ? null : hubs.Hub.Address + row.Url;

    /// <summary>The route's answer where the hub has it; otherwise a refusal that names hub and key, and nothing at the hub.</summary>
    private async Task OfferedAsync(EveryHubRow row, string? target, string route, Func<Task<Answer>> ask, Func<Answer, string?> textOf)
    {
        if (target is not null)
        {
            Assert.Equal(EveryHub.Text, textOf(await SeenAsync(row, target, ask)));
            return;
        }

        var before = hubs.Hub.Seen.Count;
        var message = (await ask()).MustRefuseQuery(404, "route_not_offered")["error"].GetProperty("message").GetString();
        Assert.Contains($"'{row.Name}'", message, StringComparison.Ordinal);
        Assert.Contains(route, message, StringComparison.Ordinal);
        Assert.Empty(hubs.SeenSince(before));
    }

    /// <summary>One request that arrives at the target, with the row's credential and no other.</summary>
    private async Task<Answer> SeenAsync(EveryHubRow row, string target, Func<Task<Answer>> ask, Action<NativeRequest>? check = null, int status = 200)
    {
        var before = hubs.Hub.Seen.Count;
        var answer = (await ask()).MustBe(status);
        var request = Assert.Single(hubs.SeenSince(before));
        AssertTarget(target, request.Target);
        Assert.StartsWith(row.Header.Start, request.Header(row.Header.Name), StringComparison.Ordinal);
        Assert.DoesNotContain(request.Headers, header => header.Value.Contains(hubs.Keypace.Folder.Token, StringComparison.Ordinal));
        Assert.DoesNotContain(request.Headers, header => header.Key.StartsWith("x-keypace", StringComparison.OrdinalIgnoreCase));
        check?.Invoke(request);
        return answer;
    }

    private async Task<Answer> TestedAsync(EveryHubRow row, string status, Func<Task<Answer>> test)
    {
        var before = hubs.Hub.Seen.Count;
        var answer = (await test()).MustBe(200);
        Assert.True(status == answer["status"].GetString(), answer.Text);
        Assert.True(answer["latency_ms"].GetInt32() >= 0);
        if (hubs.SeenSince(before) is [var request])
            Assert.Equal(row.Tests, $"{request.Method} {request.Target}");
        else
            Assert.Equal("refused", status);   // the token endpoint refused it, and the hub was not asked
        return answer;
    }

    private static void AssertTarget(string expected, string target)
    {
        var parts = expected.Split('*');
        Assert.True(parts.Length == 1 ? expected == target : target.StartsWith(parts[0], StringComparison.Ordinal) && target.EndsWith(parts[1], StringComparison.Ordinal), $"expected {expected}, seen {target}");
    }

    private static IEnumerable<string> Secrets(EveryHubRow row) =>
        row.Config.Where(field => field.Key is "client_secret" or "refresh_token" or "agent_key" or "api_key" or "secret_access_key").Select(field => field.Value).Append(row.Value).Where(secret => secret.Length > 0);

    private static string TextOf(Answer answer) => string.Concat(
        from line in answer.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
        where line != "data: [DONE]"
        let choices = JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("choices")
        select choices[0].GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : "");
}
