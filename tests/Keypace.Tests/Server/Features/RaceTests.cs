namespace Keypace.Tests.Server.Features;

/// <summary>Several at once want what only one can have.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class RaceTests(FeatureHost host)
{
    private const string Secret = "sk-test-not-a-real-key-abcd";
    private const int Rivals = 8;

    [Fact]
    public async Task Of_several_new_keys_with_one_name_exactly_one_is_stored()
    {
        var name = FeatureHost.Unique("raced");

        var answers = await Task.WhenAll(Enumerable.Range(0, Rivals).Select(_ => host.PostAsync("/v1/api-keys", new { name, hub = "openai", value = Secret })));

        Assert.Single(answers, answer => (int)answer.Status == 200);
        Assert.All(answers.Where(answer => (int)answer.Status != 200), answer => answer.MustRefuse(409, "name_taken"));
        Assert.Single((await host.GetAsync($"/v1/api-keys?q={Uri.EscapeDataString(name)}")).Json.EnumerateArray());
    }

    [Fact]
    public async Task Of_several_renames_to_one_name_exactly_one_wins()
    {
        var name = FeatureHost.Unique("wanted");
        var ids = new List<string>();
        for (var rival = 0; rival < Rivals; rival++)
            ids.Add((await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("rival"), hub = "openai", value = Secret })).MustBe(200)["id"].GetString()!);

        var answers = await Task.WhenAll(ids.Select(id => host.PutAsync($"/v1/api-keys/{id}", new { name })));

        var winner = Assert.Single(answers, answer => (int)answer.Status == 200);
        Assert.Equal(winner["id"].GetString(), (await host.GetAsync($"/v1/api-keys/{Uri.EscapeDataString(name)}")).MustBe(200)["id"].GetString());
    }

    [Fact]
    public async Task Of_several_changes_of_one_version_exactly_one_wins_and_the_snapshot_shows_it()
    {
        var made = (await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("versioned"), hub = "openai", value = $"sk-test-{FeatureHost.Unique("x").Replace(' ', '-')}" })).MustBe(200);
        var id = made["id"].GetString();

        var answers = await Task.WhenAll(Enumerable.Range(1, Rivals).Select(count => host.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = count, version = 1 })));

        var winner = Assert.Single(answers, answer => (int)answer.Status == 200);
        Assert.All(answers.Where(answer => (int)answer.Status != 200), answer => answer.MustRefuse(412, "stale_version"));
        Assert.Equal(winner["rate_limit_per_interval"].GetInt32(), (await host.GetAsync($"/v1/api-keys/{id}/status"))["effective_limit"].GetInt32());
    }

    [Fact]
    public async Task After_many_changes_at_once_the_snapshot_is_the_last_one_that_was_stored()
    {
        var id = (await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("many"), hub = "openai", value = $"sk-test-{FeatureHost.Unique("y").Replace(' ', '-')}" })).MustBe(200)["id"].GetString();

        await Task.WhenAll(Enumerable.Range(1, 40).Select(count => host.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = count })));

        Assert.Equal(
            (await host.GetAsync($"/v1/api-keys/{id}"))["rate_limit_per_interval"].GetInt32(),
            (await host.GetAsync($"/v1/api-keys/{id}/status"))["effective_limit"].GetInt32());
    }
}
