using System.Text.Json;

namespace Keypace.Tests.Server.Features;

/// <summary>API keys as the clients that exist send and read them.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class ApiKeyContractTests(FeatureHost host)
{
    private const string Secret = "sk-test-not-a-real-key-abcd";

    [Fact]
    public async Task A_key_is_stored_with_nulls_and_unknown_fields_and_shown_masked()
    {
        var name = FeatureHost.Unique("stored");
        var made = (await host.PostAsync("/v1/api-keys", new { name, hub = "openai", rate_limit_per_interval = 60, rate_limit_interval = 10, value = Secret, hub_config = (object?)null, url = (string?)null, unknown = new[] { 1 } })).MustBe(200);

        Assert.Equal("****abcd", made["display_value"].GetString());
        Assert.Equal("active", made["status"].GetString());
        Assert.Equal(JsonValueKind.Null, made["hub_config"].ValueKind);
        Assert.Equal(60, made["rate_limit_per_interval"].GetInt32());
        var shown = (await host.GetAsync($"/v1/api-keys/{Uri.EscapeDataString(name)}/")).MustBe(200);
        Assert.Equal(made.Text, shown.Text);
        Assert.Equal("no-store", shown.Headers["Cache-Control"]);
    }

    [Theory]
    [InlineData(null, null, 60, 60)]   // together: 60 a minute is checked against /v1/hubs below
    [InlineData(7, null, 7, 60)]
    [InlineData(null, 5, -1, 5)]
    [InlineData(7, 5, 7, 5)]
    public async Task What_a_limit_leaves_out_comes_from_the_hub_or_is_a_minute(int? count, int? seconds, int wantedCount, int wantedSeconds)
    {
        var hub = (await host.GetAsync("/v1/hubs")).Json.EnumerateArray().Single(one => one.GetProperty("name").GetString() == "together");
        var (hubCount, hubSeconds) = (hub.GetProperty("rate_limit_per_interval").GetInt32(), hub.GetProperty("rate_limit_interval").GetInt32());

        var made = (await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("limit"), hub = "together", value = Secret, rate_limit_per_interval = count, rate_limit_interval = seconds })).MustBe(200);

        Assert.Equal(count is null ? hubCount : wantedCount, made["rate_limit_per_interval"].GetInt32());
        Assert.Equal(count is null && seconds is null ? hubSeconds : wantedSeconds, made["rate_limit_interval"].GetInt32());
    }

    [Fact]
    public async Task Names_with_slashes_and_percent_signs_are_found_by_their_encoded_form()
    {
        foreach (var name in new[] { FeatureHost.Unique("a/b"), FeatureHost.Unique("100%2F"), FeatureHost.Unique("Schlüssel? #1") })
        {
            var id = (await host.PostAsync("/v1/api-keys", new { name, hub = "openai", value = Secret })).MustBe(200)["id"].GetString();

            var found = (await host.GetAsync($"/v1/api-keys/{Uri.EscapeDataString(name)}")).MustBe(200);

            Assert.Equal(id, found["id"].GetString());
            Assert.Equal(name, found["name"].GetString());
        }
    }

    [Fact]
    public async Task The_list_is_bare_and_filtered_and_cut_when_asked()
    {
        var tag = FeatureHost.Unique("listed");
        foreach (var (suffix, hub) in new[] { ("b", "groq"), ("a", "together"), ("c", "groq") })
        {
            (await host.PostAsync("/v1/api-keys", new { name = $"{tag} {suffix}", hub, value = Secret })).MustBe(200);
            host.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var q = Uri.EscapeDataString(tag);

        string[] Names(Answer answer) => [.. answer.MustBe(200).Json.EnumerateArray().Select(key => key.GetProperty("name").GetString()![^1..])];

        Assert.Equal(["b", "a", "c"], Names(await host.GetAsync($"/v1/api-keys?q={q}")));
        Assert.Equal(["b", "c"], Names(await host.GetAsync($"/v1/api-keys?q={q}&hubs=groq,openai")));
        Assert.Equal(["c", "b", "a"], Names(await host.GetAsync($"/v1/api-keys?q={q}&sort=-name")));
        Assert.Equal(["a"], Names(await host.GetAsync($"/v1/api-keys?q={q}&limit=1&offset=1")));
        (await host.GetAsync("/v1/api-keys?limit=x")).MustRefuse(422);
        (await host.GetAsync("/v1/api-keys?sort=value")).MustRefuse(422);
    }

    [Fact]
    public async Task Rename_and_modify_change_what_they_name_and_nothing_else()
    {
        var name = FeatureHost.Unique("renamed");
        var id = (await host.PostAsync("/v1/api-keys", new { name, hub = "openai", value = Secret })).MustBe(200)["id"].GetString();

        var renamed = (await host.PutAsync($"/v1/api-keys/{id}", new { name = name + " anew" })).MustBe(200);
        var modified = (await host.PutAsync($"/v1/api-keys/{id}", new { name = name + " anew", hub = "openai", rate_limit_per_interval = 5, rate_limit_interval = 7, value = "sk-test-not-a-real-key-wxyz", hub_config = (object?)null })).MustBe(200);
        var same = (await host.PutAsync($"/v1/api-keys/{id}", new { name = name + " anew", value = "****wxyz", status = "active", rate_limit_interval = 7 })).MustBe(200);

        Assert.Equal("****abcd", renamed["display_value"].GetString());
        Assert.Equal(2, renamed["version"].GetInt32());
        Assert.Equal("****wxyz", modified["display_value"].GetString());
        Assert.Equal(3, modified["version"].GetInt32());
        Assert.Equal(3, same["version"].GetInt32());
        (await host.GetAsync($"/v1/api-keys/{Uri.EscapeDataString(name)}")).MustRefuse(404, "not_found");
    }

    [Fact]
    public async Task A_secret_follows_the_key_to_no_other_hub_or_address()
    {
        var id = (await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("bound"), hub = "custom", value = Secret, url = "https://api.example.test/v1" })).MustBe(200)["id"].GetString();

        (await host.PutAsync($"/v1/api-keys/{id}", new { hub = "together" })).MustRefuse(422, "destination_needs_secret");
        (await host.PutAsync($"/v1/api-keys/{id}", new { url = "https://other.example.test/v1" })).MustRefuse(422, "destination_needs_secret");
        (await host.PutAsync($"/v1/api-keys/{id}", new { url = "HTTPS://API.example.test:443/v1/" })).MustBe(200);
        var moved = (await host.PutAsync($"/v1/api-keys/{id}", new { url = "https://other.example.test/v1", value = "sk-test-not-a-real-key-moved" })).MustBe(200);
        var changed = (await host.PutAsync($"/v1/api-keys/{id}", new { hub = "together", value = "sk-test-not-a-real-key-hub2" })).MustBe(200);

        Assert.Equal("https://other.example.test/v1", moved["url"].GetString());
        Assert.Equal("together", changed["hub"].GetString());
        Assert.Equal(JsonValueKind.Null, changed["url"].ValueKind);
    }

    [Fact]
    public async Task Masks_of_a_config_come_back_unharmed_and_one_secret_of_several_can_be_new()
    {
        var made = (await host.PostAsync("/v1/api-keys", new { name = FeatureHost.Unique("bedrock"), hub = "bedrock", value = "", hub_config = new { region = "eu-central-1", access_key = "AKIA-NOT-A-REAL-ONE-0001", secret_access_key = "not-a-real-secret-access-key-0002" } })).MustBe(200);
        var id = made["id"].GetString();
        var config = made["hub_config"];

        var unchanged = (await host.PutAsync($"/v1/api-keys/{id}", new { hub_config = config })).MustBe(200);
        var oneNew = (await host.PutAsync($"/v1/api-keys/{id}", new { hub_config = new { region = "eu-central-1", display_access_key = "****0001", secret_access_key = "not-a-real-secret-access-key-0003" } })).MustBe(200);

        Assert.Equal(["display_access_key", "display_secret_access_key", "region"], config.EnumerateObject().Select(field => field.Name).Order());
        Assert.Equal("****0002", config.GetProperty("display_secret_access_key").GetString());
        Assert.Equal(1, unchanged["version"].GetInt32());
        Assert.Equal("****0001", oneNew["hub_config"].GetProperty("display_access_key").GetString());
        Assert.Equal("****0003", oneNew["hub_config"].GetProperty("display_secret_access_key").GetString());
    }

    [Fact]
    public async Task Keys_with_one_secret_and_address_share_the_lower_limit_and_say_so()
    {
        var (first, second) = (FeatureHost.Unique("first"), FeatureHost.Unique("second"));
        const string shared = "sk-test-not-a-real-key-shared";
        (await host.PostAsync("/v1/api-keys", new { name = first, hub = "mistral", value = shared, rate_limit_per_interval = 60, rate_limit_interval = 10 })).MustBe(200);

        var made = (await host.PostAsync("/v1/api-keys", new { name = second, hub = "mistral", value = shared, rate_limit_per_interval = 10, rate_limit_interval = 60 })).MustBe(200);

        Assert.Contains($"'{first}'", made["notice"].GetString(), StringComparison.Ordinal);
        Assert.Contains("10 / 60 s", made["notice"].GetString(), StringComparison.Ordinal);
        var status = (await host.GetAsync($"/v1/api-keys/{Uri.EscapeDataString(first)}/status")).MustBe(200);
        Assert.Equal(10, status["effective_limit"].GetInt32());
        Assert.Equal(60, status["rate_limit_interval"].GetInt32());
        Assert.Equal([first, second], status["rate_group_keys"].EnumerateArray().Select(key => key.GetString()));
        Assert.Contains((await host.GetAsync("/v1/rate-groups")).MustBe(200).Json.EnumerateArray(), group => group.GetProperty("id").GetString() == made["rate_group_id"].GetString());
    }

    [Fact]
    public async Task A_stale_change_is_told_both_values_and_changes_nothing()
    {
        var name = FeatureHost.Unique("stale");
        var id = (await host.PostAsync("/v1/api-keys", new { name, hub = "openai", value = Secret, rate_limit_per_interval = 60 })).MustBe(200)["id"].GetString();
        (await host.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = 50, version = 1 })).MustBe(200);

        var stale = (await host.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = 40, value = "sk-test-not-a-real-key-stale", version = 1 })).MustRefuse(412, "stale_version");
        (await host.SendAsync(HttpMethod.Put, $"/v1/api-keys/{id}", new { rate_limit_per_interval = 40 }, null, ("If-Match", "\"1\""))).MustRefuse(412);
        (await host.SendAsync(HttpMethod.Put, $"/v1/api-keys/{id}", new { rate_limit_per_interval = 40 }, null, ("If-Match", "yesterday"))).MustRefuse(400, "bad_header");

        Assert.Contains("rate_limit_per_interval: now 50, you sent 40", stale["detail"].GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("sk-test", stale.Text, StringComparison.Ordinal);
        Assert.Equal(50, (await host.GetAsync($"/v1/api-keys/{id}"))["rate_limit_per_interval"].GetInt32());
        (await host.SendAsync(HttpMethod.Put, $"/v1/api-keys/{id}", new { rate_limit_per_interval = 40 }, null, ("If-Match", "\"2\""))).MustBe(200);
    }

    [Fact]
    public async Task Names_are_unique_in_any_case_and_Unicode_form_and_a_409_names_the_holder()
    {
        var name = FeatureHost.Unique("Schlüssel");
        (await host.PostAsync("/v1/api-keys", new { name, hub = "openai", value = Secret })).MustBe(200);

        var taken = (await host.PostAsync("/v1/api-keys", new { name = name.ToUpperInvariant().Normalize(System.Text.NormalizationForm.FormD), hub = "openai", value = Secret })).MustRefuse(409, "name_taken");

        Assert.Contains(name, taken["detail"].GetString(), StringComparison.Ordinal);
    }
}
