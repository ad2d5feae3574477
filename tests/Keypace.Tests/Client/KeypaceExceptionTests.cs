using System.Net;
using System.Net.Sockets;
using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Tests.Client;

public sealed class KeypaceExceptionTests
{
    private const string Html = "<html><body>Bad gateway; you sent sk-test-not-a-real-key-0001</body></html>";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sentence_of_a_management_route_is_read()
    {
        var failure = await FailAsync(409, """{"detail":"The name 'a' is taken.","code":"name_taken","request_id":"req-1"}""");
        Assert.Equal((409, "name_taken", "The name 'a' is taken.", "req-1"), (failure.Status, failure.Code, failure.Detail, failure.RequestId));
        Assert.Empty(failure.Fields);
    }

    [Fact]
    public async Task A_failed_validation_gives_its_fields_and_one_sentence()
    {
        var failure = await FailAsync(
            422, """{"detail":[{"loc":["body","hub_config","region"],"msg":"Say a region","type":"missing"},{"loc":["body",0],"msg":"no.","type":"x"}],"code":"invalid","request_id":"req-2"}""");
        Assert.Equal("hub_config.region: Say a region. 0: no.", failure.Detail);
        Assert.Equal(["body", "hub_config", "region"], failure.Fields[0].Loc);
        Assert.Equal("missing", failure.Fields[0].Type);
    }

    [Fact]
    public async Task An_error_of_a_hub_shaped_route_is_read()
    {
        var failure = await FailAsync(
            429,
            """{"type":"error","error":{"type":"rate_limit_error","message":"The queue is full.","code":"queue_full","param":null},"request_id":"req-3"}""",
            headers: [("Retry-After", "2"), ("retry-after-ms", "1234.5")]);
        Assert.Equal(("queue_full", "The queue is full.", "req-3"), (failure.Code, failure.Detail, failure.RequestId));
        Assert.Equal(TimeSpan.FromMilliseconds(1234.5), failure.RetryAfter);
    }

    [Fact]
    public async Task Problem_details_are_read()
    {
        var failure = await FailAsync(
            503, """{"type":"/docs/problems/x","title":"Not now","detail":"Shutting down.","status":503,"code":"shutting_down","request_id":"req-4"}""", "application/problem+json", ("Retry-After", "7"));
        Assert.Equal(("shutting_down", "Shutting down.", "req-4"), (failure.Code, failure.Detail, failure.RequestId));
        Assert.Equal(TimeSpan.FromSeconds(7), failure.RetryAfter);
    }

    [Theory]
    [InlineData(502, "text/html", Html)]
    [InlineData(500, "application/json", "")]
    [InlineData(418, "application/json", "[1,2]")]
    [InlineData(401, "application/json", """{"detail":5,"code":{}}""")]
    [InlineData(400, "application/json", "{\"detail\":")]
    [InlineData(302, "text/html", "moved")]
    public async Task A_body_that_is_none_of_ours_leaves_status_and_request_id(int status, string type, string body)
    {
        var failure = await FailAsync(status, body, type, ("x-request-id", "req-5"));
        Assert.Equal((status, $"http_{status}", "req-5"), (failure.Status, failure.Code, failure.RequestId));
        Assert.Contains(status.ToString(System.Globalization.CultureInfo.InvariantCulture), failure.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-test", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("<html>welcome</html>")]
    [InlineData("""{"name":5}""")]
    public async Task A_success_that_no_keypace_server_gives_is_a_failure(string body)
    {
        var failure = await FailAsync(200, body);
        Assert.Equal((200, KeypaceException.UnreadableAnswer), (failure.Status, failure.Code));
    }

    [Fact]
    public async Task A_secret_that_comes_back_is_not_in_the_message()
    {
        var failure = await FailAsync(422, $$"""{"detail":"bad value {{Wires.Secret}} with {{Wires.Token}}","code":"invalid","request_id":"req-6"}""");
        Assert.Equal("bad value [hidden] with [hidden]", failure.Detail);
    }

    [Fact]
    public async Task Where_nothing_listens_the_address_is_named()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        using var keypace = new KeypaceClient(new Uri($"http://127.0.0.1:{port}/v1"), Wires.Token);

        var failure = await Assert.ThrowsAsync<KeypaceException>(() => keypace.Hubs.ListAsync(Ct));

        Assert.Equal((null, KeypaceException.Unreachable), (failure.Status, failure.Code));
        Assert.Equal($"Nothing listens at http://127.0.0.1:{port}/.", failure.Detail);
        Assert.False(await keypace.Health.IsAliveAsync(Ct));
    }

    private static async Task<KeypaceException> FailAsync(int status, string body, string type = "application/json", params (string Name, string Value)[] headers)
    {
        await using var server = (await AnswerServer.StartAsync()).On("POST /v1/api-keys", body, status, type, headers);
        using var keypace = new KeypaceClient(server.Address, Wires.Token);
        return await Assert.ThrowsAsync<KeypaceException>(() => keypace.ApiKeys.CreateAsync(new NewApiKey("a", "openai", Wires.Secret), Ct));
    }
}
