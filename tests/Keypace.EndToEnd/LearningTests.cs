using System.Globalization;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Hubs that hold their callers to less, or otherwise, than the key says: what a key learns from them.</summary>
[Collection(nameof(Timed))]
public sealed class LearningTests(SharedKeypace keypace)
{
    [Fact]
    public async Task A_hub_that_enforces_in_slices_is_soon_sent_even_streams()
    {
        // 120 in 6 s, enforced as 20 a second.
        var limit = new HubLimit(120, 6);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit, Enforcement = HubEnforcement.Slices, SaysRetryAfter = false });
        var id = await keypace.StoreKeyAsync(hub, "sliced", limit);

        var answers = await Task.WhenAll(Load.Callers(keypace.Running, "sliced", ["alice", "bob"], queries: Campaign.Or(60, 1_500), connections: 20));

        Load.AllMustBeOk(answers.SelectMany(all => all));
        var status = await StatusAsync(id);
        Assert.Contains(Events(status), one => one is "bursts_shrunk" or "limit_lowered");
        Assert.Contains("refused a query although the limit was kept", status["pacing_why"].GetString(), StringComparison.Ordinal);
        Assert.True(hub.Log.Report(limit).Holds);
    }

    [Fact]
    public async Task Smooth_pacing_learns_of_slices_by_a_few_refusals_and_loses_no_query()
    {
        var limit = new HubLimit(120, 6);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit, Enforcement = HubEnforcement.Slices });
        var id = await keypace.StoreKeyAsync(hub, "smooth", limit);
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { pacing = "smooth" })).MustBe(200);

        var answers = await Task.WhenAll(Load.Callers(keypace.Running, "smooth", ["alice", "bob"], queries: 50, connections: 20));

        Load.AllMustBeOk(answers.SelectMany(all => all));
        Assert.InRange(hub.Log.Report(limit).Refused, 0, 20);   // its guard is once a window until the hub shows that it counts in slices
        Assert.Equal("smooth", (await StatusAsync(id))["pacing_now"].GetString());
    }

    [Theory]
    [InlineData("OpenAi")]
    [InlineData("Draft")]
    [InlineData("Plain")]
    [InlineData("Anthropic")]
    public async Task Other_users_of_the_account_are_counted_from_what_the_hub_says_is_left(string dialect)
    {
        var limit = new HubLimit(60, 60);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(), Limit = limit, Dialect = Enum.Parse<HubDialect>(dialect), SaidRemaining = arrival => arrival == 3 ? "10" : (60 - arrival).ToString(CultureInfo.InvariantCulture),
        });
        var id = await keypace.StoreKeyAsync(hub, $"shared {dialect}", limit);
        for (var query = 0; query < 3; query++)
            (await keypace.Api.ChatAsync($"shared {dialect}")).MustBe(200);

        var status = await StatusAsync(id);
        Assert.Contains("foreign_traffic", Events(status));
        Assert.Equal(50, status["used_now"].GetInt32());
    }

    [Fact]
    public async Task Nonsense_in_the_headers_changes_nothing()
    {
        var nonsense = new[] { "-5", "NaN", "99999999999999999999999999", "1e308", "soon", "", "٣", "0x10", "12;w=60;q=\"" };
        var limit = new HubLimit(60, 60);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(), Limit = limit, Dialect = HubDialect.Plain, SaidLimit = int.MaxValue,
            SaidRemaining = arrival => nonsense[arrival % (nonsense.Length - 1)] is var word && word.All(char.IsAscii) ? word : "?",
        });
        var id = await keypace.StoreKeyAsync(hub, "nonsense", limit);
        foreach (var _ in nonsense)
            (await keypace.Api.ChatAsync("nonsense")).MustBe(200);

        var status = await StatusAsync(id);
        Assert.Equal(60, status["effective_limit"].GetInt32());
        Assert.DoesNotContain("limit_lowered", Events(status));
    }

    [Fact]
    public async Task A_remaining_that_jumps_costs_at_most_what_it_says_and_comes_back()
    {
        var limit = new HubLimit(20, 2);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(), Limit = limit, Dialect = HubDialect.Plain, SaidRemaining = arrival => arrival % 2 == 0 ? "0" : "19",
        });
        await keypace.StoreKeyAsync(hub, "jumping", limit);   // the header counts by the minute, the key by two seconds: it says nothing of the key

        var answers = await Task.WhenAll(Load.Callers(keypace.Running, "jumping", ["alice"], queries: 50, connections: 10));

        Load.AllMustBeOk(answers.SelectMany(all => all));
        Assert.True(hub.Log.Report(limit).Holds);
    }

    [Fact]
    public async Task A_spent_account_is_asked_once_until_an_owner_lifts_it()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = HubFault.SpendLimit, FaultTimes = 1 });
        var id = await keypace.StoreKeyAsync(hub, "spent");
        (await keypace.Api.ChatAsync("spent")).MustBe(429);

        (await keypace.Api.ChatAsync("spent")).MustRefuseQuery(429, "hub_quota_exhausted");
        Assert.Equal(1, hub.Log.Count);
        Assert.Contains("circuit_opened", Events(await StatusAsync(id)));

        (await keypace.Api.PostAsync($"/v1/api-keys/{id}/unpause", null)).MustBe(200);
        (await keypace.Api.ChatAsync("spent")).MustBe(200);
    }

    private async Task<Answer> StatusAsync(string id) => (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200);

    private static string[] Events(Answer status) => [.. status["events"].EnumerateArray().Select(one => one.GetProperty("kind").GetString()!)];
}
