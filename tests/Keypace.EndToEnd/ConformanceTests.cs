using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>
/// Exchanges of the shapes that SDKs have (tests/vectors/exchanges.json), asked of a hub directly and through Keypace, on the hub's own routes and on those by
/// model: status, content type and every byte of the answer are the same, and so is what the hub gets to read.
/// </summary>
public sealed class ConformanceTests(ConformanceTests.OneHub all) : IClassFixture<ConformanceTests.OneHub>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, JsonElement> Exchanges
    {
        get
        {
            var exchanges = new TheoryData<string, JsonElement>();
            foreach (var each in JsonDocument.Parse(File.ReadAllText(Path.Combine(Checkout.Root, "tests", "vectors", "exchanges.json"))).RootElement.EnumerateArray())
                exchanges.Add(each.GetProperty("name").GetString()!, each);
            return exchanges;
        }
    }

    [Theory]
    [MemberData(nameof(Exchanges), DisableDiscoveryEnumeration = true)]
    public async Task The_same_directly_and_through_Keypace(string name, JsonElement exchange)
    {
        var path = exchange.GetProperty("path").GetString()!;
        var key = exchange.GetProperty("hub").GetString()!;
        var direct = await AskAsync(new Uri(all.Hub.Address + path), exchange, key, null);

        AssertSame(name, direct, await AskAsync(new Uri(all.Keypace.Address, $"/keys/{key}{path}"), exchange, key, all.Keypace.Folder.Token));
        if (exchange.TryGetProperty("by_model", out _))
            AssertSame(name, direct, await AskAsync(new Uri(all.Keypace.Address, path), exchange, key, all.Keypace.Folder.Token));
    }

    [Fact]
    public void There_are_enough_exchanges() => Assert.True(Exchanges.Count >= 30, $"{Exchanges.Count} exchanges");

    private static void AssertSame(string name, Seen direct, Seen through)
    {
        Assert.True(direct.Status == through.Status, $"{name}: {direct.Status} became {through.Status}\n{Encoding.UTF8.GetString(through.Answer)}");
        Assert.Equal(direct.ContentType, through.ContentType);
        Assert.Equal(Encoding.UTF8.GetString(direct.Answer), Encoding.UTF8.GetString(through.Answer));
        Assert.True(direct.Answer.AsSpan().SequenceEqual(through.Answer), name);
        Assert.Equal(Encoding.UTF8.GetString(direct.Asked), Encoding.UTF8.GetString(through.Asked));
    }

    private async Task<Seen> AskAsync(Uri address, JsonElement exchange, string key, string? token)
    {
        using var request = new HttpRequestMessage(new HttpMethod(exchange.TryGetProperty("method", out var method) ? method.GetString()! : "POST"), address);
        if (exchange.TryGetProperty("body", out var body))
            request.Content = new StringContent(body.GetString()!, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? "directly");
        request.Headers.Add("x-keypace-key", key);
        request.Headers.Add("x-client-request-id", exchange.GetProperty("name").GetString()!.Replace(' ', '-'));
        using var answer = await all.Client.SendAsync(request, Ct);
        return new Seen((int)answer.StatusCode, answer.Content.Headers.ContentType?.ToString(), await answer.Content.ReadAsByteArrayAsync(Ct), all.Hub.Seen[^1].Body);
    }

    private sealed record Seen(int Status, string? ContentType, byte[] Answer, byte[] Asked);

    /// <summary>A hub that answers as the exchange says which the request names, behind two keys: one of OpenAI's language, one of Anthropic's.</summary>
    public sealed class OneHub : IAsyncLifetime
    {
        internal RunningKeypace Keypace { get; private set; } = null!;

        internal NativeHub Hub { get; private set; } = null!;

        internal HttpClient Client { get; } = new();

        public async ValueTask InitializeAsync()
        {
            var replies = Exchanges.ToDictionary(row => row.Data.Item1.Replace(' ', '-'), row => row.Data.Item2);
            Hub = await NativeHub.StartAsync(request => Reply(replies[request.Header("x-client-request-id")!]));
            Keypace = await RunningKeypace.StartAsync();
            foreach (var (name, hub) in new[] { ("open", "custom"), ("ant", "anthropic") })
            {
                (await Keypace.Api.PostAsync("/v1/api-keys", new { name, hub, value = "not-a-real-key-0001", url = Hub.Address + "/v1", rate_limit_per_interval = 1_000_000, rate_limit_interval = 1 }))
                    .MustBe(200);
            }
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Keypace.DisposeAsync();
            await Hub.DisposeAsync();
        }

        private static NativeReply Reply(JsonElement exchange) => new(
            exchange.TryGetProperty("status", out var status) ? status.GetInt32() : 200,
            exchange.TryGetProperty("type", out var type) ? type.GetString() : "application/json",
            Encoding.UTF8.GetBytes(exchange.GetProperty("answer").GetString()!));
    }
}
