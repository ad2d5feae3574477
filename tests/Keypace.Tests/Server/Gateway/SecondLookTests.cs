using System.Net.Http.Headers;
using System.Text;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>What decides a query is read again when its turn has come, and what runs ends with whoever asked for it.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class SecondLookTests(FeatureHost host) : OnWaitingQueries(host)
{
    private const string Stream = """{"model":"m","stream":true,"messages":[{"role":"user","content":"Hello"}]}""";

    public static TheoryData<string, string> Kinds => new()
    {
        { "/v1/chat/completions", Chat },
        { "/v1/chat/completions", Stream },
        { "/v1/embeddings", """{"model":"m","input":"x"}""" },
        { "/keys/KEY/chat/completions", Chat },
        { "/keys/KEY/anything?x=y", "" },
        { "/v1/chat_complete", """{"prompt":"Hello","completion_params":{"api_key":"KEY","model":"m"}}""" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_waits_is_refused_where_its_key_is_gone_or_disabled_meanwhile(string path, string body)
    {
        foreach (var (status, code) in new[] { (404, "key_not_found"), (409, "key_disabled") })
        {
            await using var hub = new RawHub(RawHub.Completion);
            var key = await StoreAsync(hub);
            var waiting = await WaitingAsync(key, path, body);

            if (status == 404)
                (await Host.DeleteAsync($"/v1/api-keys/{key.Id}")).MustBe(200);
            else
                (await Host.PutAsync($"/v1/api-keys/{key.Id}", new { status = "disabled" })).MustBe(200);
            var answer = (await TurnAsync(waiting)).MustBe(status);

            Assert.Equal(code, answer.Headers["x-keypace-error"]);
            Assert.Single(hub.Requests);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_waits_goes_with_the_secret_that_its_key_has_by_then(string path, string body)
    {
        await using var hub = new RawHub(RawHub.Completion);
        var key = await StoreAsync(hub);
        var waiting = await WaitingAsync(key, path, body);

        (await Host.PutAsync($"/v1/api-keys/{key.Id}", new { value = $"sk-test-new-{key.Name}" })).MustBe(200);
        (await TurnAsync(waiting)).MustBe(200);

        Assert.Contains($"Bearer sk-test-new-{key.Name}\r\n", hub.Requests.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_waits_ends_at_once_with_its_token(string path, string body)
    {
        foreach (var byTime in new[] { false, true })
        {
            await using var hub = new RawHub(RawHub.Completion);
            var key = await StoreAsync(hub);
            var (tokenId, token) = await TokenAsync(byTime ? 2 : null);
            var waiting = await WaitingAsync(key, path, body, token);

            if (byTime)
                Host.Time.Advance(TimeSpan.FromSeconds(3));   // its turn is later
            else
                (await Host.DeleteAsync($"/v1/access-tokens/{tokenId}")).MustBe(200);
            var answer = (await waiting).MustBe(401);

            Assert.Equal(byTime ? "token_expired" : "token_revoked", answer.Headers["x-keypace-error"]);
            Assert.Single(hub.Requests);
        }
    }

    [Fact]
    public async Task An_agents_query_goes_with_the_key_and_the_prompt_that_the_agent_has_by_then()
    {
        await using var first = new RawHub(RawHub.Completion);
        await using var second = new RawHub(RawHub.Completion);
        var (from, to) = (await StoreAsync(first), await StoreAsync(second));
        var name = FeatureHost.Unique("agent").Replace(' ', '-');
        var agent = (await Host.PostAsync("/v1/agent-configurations", new { agent_name = name, model_name = "m", hub = "custom", api_key_id = from.Id, agent_system_prompt = "old prompt" })).MustBe(200)["id"].GetString();
        var waiting = await WaitingAsync(from, "/v1/chat/completions", Chat.Replace("\"m\"", $"\"agent/{name}\"", StringComparison.Ordinal), null, withKey: false);

        (await Host.PutAsync($"/v1/agent-configurations/{agent}", new { api_key_id = to.Id, agent_system_prompt = "new prompt" })).MustBe(200);
        var answer = (await TurnAsync(waiting)).MustBe(200);

        Assert.Equal(to.Name, answer.Headers["x-keypace-key"]);
        Assert.Contains("new prompt", Assert.Single(second.Requests), StringComparison.Ordinal);
        Assert.DoesNotContain("old prompt", second.Requests.Single(), StringComparison.Ordinal);
        Assert.Single(first.Requests);
        // The permit that it did not use is there for the next one.
        Assert.Equal(0, (await Host.GetAsync($"/v1/api-keys/{from.Id}/status"))["waiting"].GetInt32());
        (await TurnAsync(SendAsync(from, "/v1/chat/completions", Chat, null))).MustBe(200);
    }

    [Fact]
    public async Task A_running_query_of_a_deleted_key_finishes()
    {
        var go = new TaskCompletionSource();
        await using var hub = new RawHub(async (_, connection) =>
        {
            await go.Task;
            await connection.SendAsync(RawHub.Completion);
        });
        var key = await StoreAsync(hub);
        var running = SendAsync(key, "/v1/chat/completions", Chat, null);
        await Until.TrueAsync(() => hub.Requests.Count == 1);

        (await Host.DeleteAsync($"/v1/api-keys/{key.Id}")).MustBe(200);
        go.SetResult();

        (await running).MustBe(200);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "data: {\"error\":")]
    [InlineData("/keys/KEY/chat/completions", "data: {\"error\":")]
    [InlineData("/v1/responses", "event: error\ndata: {\"type\":\"error\",\"message\":")]
    [InlineData("/keys/KEY/messages", "event: error\ndata: {\"type\":\"error\",\"error\":")]
    public async Task A_running_stream_ends_with_its_token_by_an_event_and_a_cut(string path, string form)
    {
        foreach (var ending in new[] { "revoked", "expired", "hub" })
        {
            RawHub.Connection? open = null;
            await using var hub = new RawHub(async (_, connection) =>
            {
                open = connection;
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n1E\r\ndata: {\"choices\":[]}\n\ndata: {\"\r\n");
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, TestContext.Current.CancellationToken);   // until it is cut
            });
            var key = await StoreAsync(hub);
            var (tokenId, token) = await TokenAsync(ending == "expired" ? 30 : null);
            using var client = new HttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Host.Address, path.Replace("KEY", key.Name, StringComparison.Ordinal)));
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            request.Headers.Add("x-keypace-key", key.Name);
            request.Content = new StringContent(Stream, Encoding.UTF8, "application/json");
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal("no", response.Headers.GetValues("X-Accel-Buffering").Single());

            if (ending == "expired")
                Host.Time.Advance(TimeSpan.FromSeconds(31));
            else if (ending == "revoked")
                (await Host.DeleteAsync($"/v1/access-tokens/{tokenId}")).MustBe(200);
            else
                open!.Cut();

            var text = new StringBuilder();
            await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            var buffer = new byte[1024];
            await Assert.ThrowsAnyAsync<IOException>(async () =>
            {
                while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var count)
                    text.Append(Encoding.UTF8.GetString(buffer, 0, count));
            });
            Assert.Contains($"\n\n{form}", text.ToString(), StringComparison.Ordinal);
            Assert.Contains(ending == "hub" ? "hub_broke_off" : $"token_{ending}", text.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("unhandled", Host.Errors, StringComparison.OrdinalIgnoreCase);
        }
    }
}
