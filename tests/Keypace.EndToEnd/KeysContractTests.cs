using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>API keys over HTTP, as the clients that exist send and read them.</summary>
public sealed class KeysContractTests(SharedKeypace keypace)
{
    private const string Secret = "sk-test-not-a-real-key-abcd";

    private Api Api => keypace.Api;

    [Fact]
    public async Task A_key_is_stored_with_nulls_where_the_client_has_nothing_to_say()
    {
        var made = (await Api.PostAsync("/v1/api-keys", """
            {"name":"legacy","hub":"openai","rate_limit_per_interval":60,"rate_limit_interval":10,"value":"sk-test-not-a-real-key-abcd","hub_config":null,"url":null,"not_known":1}
            """)).MustBe(200);

        Assert.Equal("legacy", made["name"].GetString());
        Assert.Equal("openai", made["hub"].GetString());
        Assert.Equal(60, made["rate_limit_per_interval"].GetInt32());
        Assert.Equal(10, made["rate_limit_interval"].GetInt32());
        Assert.Equal("****abcd", made["display_value"].GetString());
        Assert.Equal("active", made["status"].GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, made["hub_config"].ValueKind);
        Assert.NotEmpty(made["user_id"].GetString()!);
        Assert.NotEmpty(made["team_id"].GetString()!);
        Secrets.MustBeAbsent(made.Text, Secret, "the answer");

        var shown = (await Api.GetAsync($"/v1/api-keys/{made["id"].GetString()}")).MustBe(200);
        Assert.Equal(made["display_value"].GetString(), shown["display_value"].GetString());
        Assert.True(Guid.TryParse(made["id"].GetString(), out _));
    }

    [Theory]
    [InlineData("short", "****")]
    [InlineData("nineteen-characters", "****")]
    [InlineData("twenty-characters-00", "****s-00")]
    public async Task Short_secrets_are_masked_whole(string value, string mask)
    {
        var made = (await Api.PostAsync("/v1/api-keys", new { name = $"mask {value}", hub = "openai", value })).MustBe(200);

        Assert.Equal(mask, made["display_value"].GetString());
    }

    [Fact]
    public async Task A_limit_that_is_left_out_is_the_hubs_own()
    {
        var hub = (await Api.GetAsync("/v1/hubs")).MustBe(200).Json.EnumerateArray().Single(one => one.GetProperty("name").GetString() == "mistral");

        var made = (await Api.PostAsync("/v1/api-keys", """
            {"name":"default limit","hub":"mistral","value":"sk-test-not-a-real-key-abcd","rate_limit_per_interval":null,"rate_limit_interval":null}
            """)).MustBe(200);
        var countOnly = (await Api.PostAsync("/v1/api-keys", new { name = "count only", hub = "mistral", value = Secret, rate_limit_per_interval = 7 })).MustBe(200);

        Assert.Equal(hub.GetProperty("rate_limit_per_interval").GetInt32(), made["rate_limit_per_interval"].GetInt32());
        Assert.Equal(hub.GetProperty("rate_limit_interval").GetInt32(), made["rate_limit_interval"].GetInt32());
        Assert.Equal(7, countOnly["rate_limit_per_interval"].GetInt32());
        Assert.Equal(60, countOnly["rate_limit_interval"].GetInt32());
    }

    [Fact]
    public async Task Every_route_answers_with_and_without_a_slash_at_the_end()
    {
        var made = (await Api.PostAsync("/v1/api-keys/", new { name = "slashes", hub = "openai", value = Secret })).MustBe(200);
        var id = made["id"].GetString();

        (await Api.GetAsync("/v1/api-keys/")).MustBe(200);
        (await Api.GetAsync($"/v1/api-keys/{id}/")).MustBe(200);
        (await Api.PutAsync($"/v1/api-keys/{id}/", new { name = "slashes still" })).MustBe(200);
        (await Api.GetAsync("/v1/hubs/")).MustBe(200);
        (await Api.GetAsync("/v1/users/me/")).MustBe(200);
        (await Api.GetAsync("/v1/agent-configurations/")).MustBe(200);
        Assert.Equal(System.Text.Json.JsonValueKind.Object, (await Api.DeleteAsync($"/v1/api-keys/{id}/")).MustBe(200).Json.ValueKind);
        (await Api.GetAsync($"/v1/api-keys/{id}")).MustRefuse(404, "not_found");
    }

    [Fact]
    public async Task The_list_is_bare_complete_and_filtered_by_hub()
    {
        foreach (var hub in new[] { "groq", "together", "groq" })
            (await Api.PostAsync("/v1/api-keys", new { name = $"listed {hub} {Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}", hub, value = Secret })).MustBe(200);

        var listed = (await Api.GetAsync("/v1/api-keys?hubs=groq,together")).MustBe(200).Json.EnumerateArray().ToArray();

        Assert.True(listed.Length >= 3);
        Assert.All(listed, key => Assert.Contains(key.GetProperty("hub").GetString(), new[] { "groq", "together" }));
        Assert.True((await Api.GetAsync("/v1/api-keys")).MustBe(200).Json.GetArrayLength() >= listed.Length);
    }

    [Fact]
    public async Task Rename_sends_only_the_name_and_modify_sends_name_and_hub_unchanged()
    {
        var id = (await Api.PostAsync("/v1/api-keys", new { name = "renamed", hub = "openai", value = Secret })).MustBe(200)["id"].GetString();

        var renamed = (await Api.PutAsync($"/v1/api-keys/{id}", """{"name":"renamed anew"}""")).MustBe(200);
        var modified = (await Api.PutAsync($"/v1/api-keys/{id}", """
            {"name":"renamed anew","hub":"openai","rate_limit_per_interval":5,"rate_limit_interval":7,"value":"sk-test-not-a-real-key-wxyz","hub_config":null}
            """)).MustBe(200);

        Assert.Equal("renamed anew", renamed["name"].GetString());
        Assert.Equal("****abcd", renamed["display_value"].GetString());
        Assert.Equal("****wxyz", modified["display_value"].GetString());
        Assert.Equal(5, modified["rate_limit_per_interval"].GetInt32());
        Assert.Equal(7, modified["rate_limit_interval"].GetInt32());
        (await Api.PutAsync($"/v1/api-keys/{id}", new { hub = "together" })).MustRefuse(422);
    }

    [Fact]
    public async Task A_mask_that_comes_back_is_never_stored()
    {
        var made = (await Api.PostAsync("/v1/api-keys", """
            {"name":"in region","hub":"bedrock","value":null,"hub_config":{"region":"eu-central-1","access_key":"AKIA-NOT-A-REAL-ONE-0001","secret_access_key":"not-a-real-secret-access-key-0002"}}
            """)).MustBe(200);
        var id = made["id"].GetString();
        var config = made["hub_config"];
        Assert.Equal("eu-central-1", config.GetProperty("region").GetString());
        Assert.Equal("****0001", config.GetProperty("display_access_key").GetString());
        Assert.Equal("****0002", config.GetProperty("display_secret_access_key").GetString());
        Assert.False(config.TryGetProperty("secret_access_key", out _));

        var changed = (await Api.PutAsync($"/v1/api-keys/{id}", new
        {
            name = "in region",
            hub_config = new { region = "eu-central-1", display_access_key = "****0001", display_secret_access_key = "****0002" },
        })).MustBe(200);

        Assert.Equal("****0002", changed["hub_config"].GetProperty("display_secret_access_key").GetString());
        Secrets.MustBeAbsent(made.Text + changed.Text, "not-a-real-secret-access-key-0002", "an answer");
    }

    [Fact]
    public async Task Names_are_unique_whatever_their_case_and_Unicode_form()
    {
        (await Api.PostAsync("/v1/api-keys", new { name = "Schlüssel Eins", hub = "openai", value = Secret })).MustBe(200);

        var taken = (await Api.PostAsync("/v1/api-keys", new { name = "SCHLU\u0308SSEL eins", hub = "openai", value = Secret })).MustRefuse(409);

        Assert.Contains("chl", taken["detail"].GetString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_stale_version_is_told_and_changes_nothing()
    {
        var made = (await Api.PostAsync("/v1/api-keys", new { name = "versioned", hub = "openai", value = Secret })).MustBe(200);
        var id = made["id"].GetString();
        (await Api.PutAsync($"/v1/api-keys/{id}", new { name = "versioned 2", version = made["version"].GetInt32() })).MustBe(200);

        (await Api.PutAsync($"/v1/api-keys/{id}", new { name = "versioned 3", version = made["version"].GetInt32() })).MustRefuse(412);

        Assert.Equal("versioned 2", (await Api.GetAsync($"/v1/api-keys/{id}"))["name"].GetString());
    }

    [Fact]
    public async Task A_deleted_key_can_be_had_back_for_a_moment()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "had back");

        (await Api.DeleteAsync($"/v1/api-keys/{id}")).MustBe(200);
        (await Api.ChatAsync("had back")).MustRefuseQuery(404);
        (await Api.PostAsync($"/v1/api-keys/{id}/restore", null)).MustBe(200);

        (await Api.ChatAsync("had back")).MustBe(200);
    }

    [Fact]
    public async Task A_key_is_tested_without_being_stored_and_its_models_are_listed()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "models listed");

        var works = (await Api.PostAsync("/v1/api-keys/test", new { hub = "custom", value = hub.Options.RequiredKey, url = $"{hub.Address}/v1" })).MustBe(200);
        var refused = (await Api.PostAsync("/v1/api-keys/test", new { hub = "custom", value = "sk-test-not-the-one", url = $"{hub.Address}/v1" })).MustBe(200);
        var models = (await Api.GetAsync($"/v1/api-keys/{id}/models")).MustBe(200);

        Assert.Equal("works", works["status"].GetString());
        Assert.Equal("refused", refused["status"].GetString());
        Secrets.MustBeAbsent(refused.Text, "sk-test-not-the-one", "the answer");
        Assert.Contains("maker/pretend-1", models["models"].EnumerateArray().Select(model => model.GetString()));
    }
}
