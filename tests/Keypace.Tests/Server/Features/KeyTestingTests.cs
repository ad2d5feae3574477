namespace Keypace.Tests.Server.Features;

/// <summary>Tests of keys and lists of models: what a hub says, and under whose limit it is asked.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class KeyTestingTests(FeatureHost host)
{
    [Fact]
    public async Task A_stored_key_works_reports_the_hubs_limit_and_lists_models()
    {
        var name = FeatureHost.Unique("tested");
        (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = PretendHub.Secret, url = host.Hub.Url })).MustBe(200);
        var path = $"/v1/api-keys/{Uri.EscapeDataString(name)}";
        var before = (await host.GetAsync($"{path}/status"))["used_now"].GetInt32();

        var tested = (await host.PostAsync($"{path}/test")).MustBe(200);
        var models = (await host.GetAsync($"{path}/models")).MustBe(200);

        Assert.Equal("works", tested["status"].GetString());
        Assert.Equal(500, tested["rate_limit"].GetInt32());
        Assert.Equal(["pretend-1", "pretend-2"], models["models"].EnumerateArray().Select(model => model.GetString()));
        Assert.Equal(before + 2, (await host.GetAsync($"{path}/status"))["used_now"].GetInt32());
    }

    [Fact]
    public async Task A_secret_that_is_not_stored_is_tested_under_the_limit_of_the_keys_that_have_it()
    {
        var name = FeatureHost.Unique("same secret");
        (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = PretendHub.Secret, url = host.Hub.Url })).MustBe(200);
        var path = $"/v1/api-keys/{Uri.EscapeDataString(name)}/status";
        var before = (await host.GetAsync(path))["used_now"].GetInt32();

        var tested = (await host.PostAsync("/v1/api-keys/test", new { hub = "custom", value = PretendHub.Secret, url = host.Hub.Url, model = (string?)null })).MustBe(200);

        Assert.Equal("works", tested["status"].GetString());
        Assert.Equal(before + 1, (await host.GetAsync(path))["used_now"].GetInt32());
        Assert.DoesNotContain("unsaved", (await host.GetAsync("/v1/api-keys")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_gives_the_hubs_status_and_words_without_the_secret()
    {
        const string wrong = "sk-test-not-the-right-one-0001";

        var tested = (await host.PostAsync("/v1/api-keys/test", new { hub = "custom", value = wrong, url = host.Hub.Url })).MustBe(200);

        Assert.Equal("refused", tested["status"].GetString());
        Assert.Contains("401", tested["detail"].GetString(), StringComparison.Ordinal);
        Assert.Contains("No such key", tested["detail"].GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(wrong, tested.Text, StringComparison.Ordinal);
        Assert.Contains(host.Hub.Seen, request => request.EndsWith($"Bearer {wrong}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hub_that_is_not_there_is_unreachable()
    {
        var nobody = (await host.PostAsync("/v1/api-keys/test", new { hub = "custom", value = "sk-test-1", url = "http://127.0.0.1:9/v1" })).MustBe(200);
        var signed = (await host.PostAsync("/v1/api-keys/test", new { hub = "bedrock", url = "http://127.0.0.1:9", hub_config = new { region = "eu-central-1", access_key = "not-real", secret_access_key = "not-real" } })).MustBe(200);

        Assert.Equal("unreachable", nobody["status"].GetString());
        Assert.Equal("unreachable", signed["status"].GetString());
    }
}
