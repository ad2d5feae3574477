using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>What callers get, and what hubs see, when a hub misbehaves.</summary>
public sealed class HubFaultTests(SharedKeypace keypace)
{
    [Fact]
    public async Task A_429_with_a_time_is_waited_out_and_sent_again_without_the_caller_noticing()
    {
        await using var hub = await FaultyAsync("429 twice", HubFault.TooManyRequests, times: 2);

        (await keypace.Api.ChatAsync("429 twice")).MustBe(200);

        var arrivals = hub.Log.Snapshot();
        Assert.Equal([429, 429, 200], arrivals.Select(arrival => arrival.Status));
        Assert.True(arrivals[1].AtNs - arrivals[0].AtNs >= 990_000_000, "the first wait was shorter than the hub asked for");
        Assert.True(arrivals[2].AtNs - arrivals[1].AtNs >= 990_000_000, "the second wait was shorter than the hub asked for");
    }

    [Fact]
    public async Task A_refused_query_goes_back_to_the_front()
    {
        var limit = new HubLimit(1, 2);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(), Fault = HubFault.TooManyRequests, FaultTimes = 1,
        });
        await keypace.StoreKeyAsync(hub, "front", limit);

        var first = keypace.Api.ChatAsync("front", "first");
        await Until.TrueAsync(() => hub.Log.Count == 1, "the first query is at the hub");
        var second = keypace.Api.ChatAsync("front", "second");

        (await first).MustBe(200);
        (await second).MustBe(200);
        Assert.Equal(["first", "first", "second"], hub.Log.Snapshot().Select(arrival => arrival.Caller));
        Assert.True(hub.Log.Report(limit).Holds);
    }

    [Fact]
    public async Task A_429_beyond_the_callers_patience_is_given_to_the_caller()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(), Fault = HubFault.TooManyRequests, FaultRetryAfterSeconds = 30,
        });
        await keypace.StoreKeyAsync(hub, "short patience");

        var answer = (await keypace.Api.ChatAsync("short patience", null, ("x-keypace-max-wait", "1"))).MustBe(429);

        Assert.InRange(int.Parse(answer.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), 28, 31);
        Assert.Equal(1, hub.Log.Count);
    }

    [Fact]
    public async Task An_account_without_money_is_not_asked_again()
    {
        await using var hub = await FaultyAsync("spend limit", HubFault.SpendLimit);

        var answer = (await keypace.Api.ChatAsync("spend limit")).MustBe(429);

        Assert.Equal("insufficient_quota", answer["error"].GetProperty("code").GetString());
        Assert.Null(answer.Header("x-keypace-error"));
        Assert.Equal(1, hub.Log.Count);
    }

    [Theory]
    [InlineData(HubFault.ServerError, 500, "server_error")]
    [InlineData(HubFault.Html, 502, "Bad Gateway")]
    public async Task Other_errors_of_a_hub_pass_as_they_are(object fault, int status, string text)
    {
        await using var hub = await FaultyAsync($"passes {fault}", (HubFault)fault);

        var answer = (await keypace.Api.ChatAsync($"passes {fault}")).MustBe(status);

        Assert.Contains(text, answer.Text, StringComparison.Ordinal);
        Assert.Null(answer.Header("x-keypace-error"));
        Assert.Equal(1, hub.Log.Count);
    }

    [Fact]
    public async Task A_refused_key_is_a_502_that_does_not_say_the_key()
    {
        await using var hub = await FaultyAsync("refused key", HubFault.Unauthorized);

        var answer = (await keypace.Api.ChatAsync("refused key")).MustRefuseQuery(502, "hub_refused_key");

        Secrets.MustBeAbsent(answer.Text, hub.Options.RequiredKey!, "the answer");
        Assert.Equal("false", answer.Header("x-should-retry"));
        var message = answer["error"].GetProperty("message").GetString()!;
        Assert.Contains("'refused key'", message, StringComparison.Ordinal);
        Assert.Contains("Incorrect API key provided", message, StringComparison.Ordinal);
        var shown = (await keypace.Api.GetAsync("/v1/api-keys/refused%20key")).MustBe(200);
        Assert.StartsWith(message, shown["notice"].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var elsewhere = await PretendHub.StartAsync(new PretendHubOptions());
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(), Fault = HubFault.Redirect, RedirectTo = $"{elsewhere.Address}/v1/chat/completions",
        });
        await keypace.StoreKeyAsync(hub, "redirected");

        var answer = await keypace.Api.ChatAsync("redirected");

        Assert.True((int)answer.Status >= 300, answer.Text);
        Assert.Equal(0, elsewhere.Log.Count);
        Assert.Equal(1, hub.Log.Count);
    }

    [Fact]
    public async Task A_compressed_answer_that_nobody_asked_for_is_decoded()
    {
        await using var hub = await FaultyAsync("gzip", HubFault.GzipDespiteIdentity);

        var answer = (await keypace.Api.ChatAsync("gzip")).MustBe(200);

        Assert.Null(answer.Header("Content-Encoding"));
        Assert.Contains(HubAnswers.Sentence, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_closes_without_an_answer_is_a_502()
    {
        await using var hub = await FaultyAsync("closes", HubFault.CloseBeforeAnswer);

        (await keypace.Api.ChatAsync("closes")).MustRefuseQuery(502);

        Assert.InRange(hub.Log.Count, 1, 2);
    }

    [Fact]
    public async Task A_connection_that_ends_when_it_is_used_again_costs_a_second_permit_but_no_answer()
    {
        await using var hub = await FaultyAsync("stale connection", HubFault.CloseWhenReused, times: 1);
        (await keypace.Api.ChatAsync("stale connection")).MustBe(200);

        (await keypace.Api.ChatAsync("stale connection")).MustBe(200);

        Assert.Equal([200, 0, 200], hub.Log.Snapshot().Select(arrival => arrival.Status));
    }

    private async Task<PretendHub> FaultyAsync(string name, HubFault fault, int times = int.MaxValue)
    {
        var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = fault, FaultTimes = times });
        await keypace.StoreKeyAsync(hub, name);
        return hub;
    }
}
