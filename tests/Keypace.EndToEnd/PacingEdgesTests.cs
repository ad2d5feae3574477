using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>
/// Hubs and callers at the edges, in real time beside whatever the machine does: judged is only that nothing goes over. Once each in a usual run, 5 times by
/// <c>./dev campaign pacing</c>.
/// </summary>
[Collection(nameof(Timed))]
public sealed class PacingEdgesTests(SharedKeypace keypace)
{
    private static readonly int Rounds = Campaign.Or(1, 5);
    private static readonly HubLimit Limit = new(20, 2);

    [Theory]
    [InlineData("frozen")]
    [InlineData("foreign")]
    [InlineData("flapping headers")]
    [InlineData("absurd headers")]
    [InlineData("bucket of a second")]
    [InlineData("slow accept")]
    [InlineData("aligned")]
    public async Task Nothing_goes_over_at_a_hub_that_is(string kind)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var options = new PretendHubOptions { RequiredKey = Secrets.New(), Limit = Limit, SaysRetryAfter = round % 2 == 0, Seed = round + 1 };
            await using var hub = await PretendHub.StartAsync(kind switch
            {
                "frozen" => options with { Enforcement = HubEnforcement.Slices },
                "foreign" => options with { ForeignShare = 0.3, Dialect = HubDialect.OpenAi },
                "flapping headers" => options with { Limit = null, Dialect = HubDialect.Plain, SaidRemaining = arrival => arrival % 2 == 0 ? "0" : "1000000" },
                "absurd headers" => options with { Dialect = HubDialect.Anthropic, SaidLimit = int.MaxValue, SaidRemaining = arrival => arrival % 3 == 0 ? "-7" : "1e9" },
                "bucket of a second" => options with { Enforcement = HubEnforcement.BucketOfASecond },
                "slow accept" => options with { DelayMs = (0, 1_500) },
                _ => options,
            });
            var name = $"{kind} {round}";
            await using var line = new SlowLine(hub.Port, (0, kind == "slow accept" ? 40 : 0), round + 1);
            var id = await keypace.Running.StoreKeyAsync(kind == "slow accept" ? line.Address : hub.Address, hub.Options.RequiredKey!, name, Limit);
            (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { limit_frozen = kind == "frozen" })).MustBe(200);
            if (kind == "aligned")
            {
                // A burst just before a whole minute of the hub's, and one just after: two calendar windows, one window of ours.
                var now = TimeProvider.System.GetUtcNow();
                await Task.Delay(TimeSpan.FromMilliseconds((2_000 - (now.ToUnixTimeMilliseconds() % 2_000) + 1_700) % 2_000), TimeProvider.System, TestContext.Current.CancellationToken);
            }

            _ = await Task.WhenAll(Load.Callers(keypace.Running, name, ["alice", "bob"], queries: 22, connections: 22));

            var report = hub.Log.Report(Limit);
            Assert.True(report.Count >= Limit.Requests, $"only {report.Count} went");
            Assert.True(report.Holds, $"{report.MostInWindow} of {Limit.Requests} in {Limit.Seconds} s, tightest {report.TightestSpanNs / 1e9} s, round {round}");
        }
    }

    [Fact]
    public async Task Many_generations_of_a_prompt_keep_the_limit_and_the_tokens()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "generations", Limit);
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { limits = new[] { new { dimension = "tokens", limit = 2_000, interval_seconds = 2 } } })).MustBe(200);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => keypace.Api.PostAsync("/v1/chat_complete", """
            {"prompt":"Say hello.","completion_params":{"api_key":"generations","hub":"custom","model":"maker/pretend-1","url":null,"timeout":90,"max_retries":5,
             "temperature":1,"top_p":0.99,"max_completion_tokens":8,"generations":4},"system_prompt":null,"prompt_role":"user","messages":null}
            """)));

        Assert.All(answers, answer => answer.MustBe(200));
        Assert.True(hub.Log.Report(Limit).Holds);
    }
}
