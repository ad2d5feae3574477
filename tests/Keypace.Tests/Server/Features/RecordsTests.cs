using System.Text;
using System.Text.Json;

namespace Keypace.Tests.Server.Features;

/// <summary>Audit, usage, people and settings; and that no secret is in any of them. On a server of its own, so that counts are exact.</summary>
public sealed class RecordsTests : IAsyncLifetime
{
    private readonly FeatureHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Every_change_leaves_a_record_with_before_and_after()
    {
        var id = (await StoreAsync("main")).GetString();
        (await _host.PutAsync($"/v1/api-keys/{id}", new { name = "renamed" })).MustBe(200);
        (await _host.PutAsync($"/v1/api-keys/{id}", new { name = "renamed" })).MustBe(200);
        (await _host.PutAsync($"/v1/api-keys/{id}", new { status = "disabled" })).MustBe(200);
        (await _host.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = 3 })).MustBe(200);
        (await _host.DeleteAsync($"/v1/api-keys/{id}")).MustBe(200);
        (await _host.PutAsync("/v1/teams/Default", new { name = "Red team" })).MustBe(200);

        var records = (await _host.GetAsync("/v1/audit?limit=6")).MustBe(200);
        var next = (await _host.GetAsync($"/v1/audit?limit=1&after={records["after"].GetInt64()}")).MustBe(200);
        var found = (await _host.GetAsync("/v1/audit?q=renam")).MustBe(200);

        Assert.Equal(["renamed", "deleted", "changed", "disabled", "renamed", "created"], records["results"].EnumerateArray().Select(record => record.GetProperty("action").GetString()));
        var renamed = records["results"][4];
        Assert.Equal(("main", "renamed"), (renamed.GetProperty("before").GetProperty("name").GetString(), renamed.GetProperty("after").GetProperty("name").GetString()));
        Assert.StartsWith("token:", renamed.GetProperty("actor").GetString(), StringComparison.Ordinal);
        Assert.Equal("127.0.0.1", renamed.GetProperty("from").GetString());
        Assert.Equal(JsonValueKind.Null, records["results"][1].GetProperty("after").ValueKind);
        Assert.True(next["results"][0].GetProperty("id").GetInt64() < records["results"][5].GetProperty("id").GetInt64());
        Assert.True(found["results"].GetArrayLength() >= 5);
        Assert.Equal(0, (await _host.GetAsync("/v1/audit?q=%25")).MustBe(200)["results"].GetArrayLength());
    }

    [Fact]
    public async Task Usage_is_summed_by_every_grouping()
    {
        var id = (await StoreAsync("main")).GetString();
        for (var count = 0; count < 3; count++)
            (await _host.PostAsync("/v1/api-keys/main/test")).MustBe(200);
        await Until.TrueAsync(async () =>
        {
            _host.Time.Advance(TimeSpan.FromSeconds(1));   // usage is written in batches, some time apart
            return (await _host.GetAsync("/v1/api-keys/main/queries"))["results"].GetArrayLength() == 3;
        });

        foreach (var by in new[] { "key", "caller", "model", "hour", "day" })
        {
            var report = (await _host.GetAsync($"/v1/usage?by={by}")).MustBe(200);
            var row = Assert.Single(report["results"].EnumerateArray());
            Assert.Equal((by, 3, 3, 0), (row.GetProperty("by").GetString(), row.GetProperty("queries").GetInt32(), row.GetProperty("sent").GetInt32(), row.GetProperty("errors").GetInt32()));
            Assert.Equal(by switch { "key" => id, "hour" => "2026-11-23T12:00Z", "day" => "2026-11-23", _ => row.GetProperty("group").GetString() }, row.GetProperty("group").GetString());
        }

        Assert.Equal("main", (await _host.GetAsync("/v1/usage"))["results"][0].GetProperty("name").GetString());
        Assert.Empty((await _host.GetAsync("/v1/usage?by=agent")).MustBe(200)["results"].EnumerateArray());
        Assert.Empty((await _host.GetAsync("/v1/usage?until=1000")).MustBe(200)["results"].EnumerateArray());
    }

    [Fact]
    public async Task The_owner_the_team_and_the_settings_are_there()
    {
        var me = (await _host.GetAsync("/v1/users/me")).MustBe(200);
        var team = (await _host.GetAsync("/v1/teams")).MustBe(200).Json.EnumerateArray().Single().GetProperty("id").GetString();

        Assert.Equal((FeatureHost.OwnerEmail, "ACTIVE", team, "owner"), (me["email"].GetString(), me["status"].GetString(), me["team_id"].GetString(), me["team_role"].GetString()));
        Assert.Equal(me["user_id"].GetString(), (await _host.GetAsync($"/v1/teams/{team}/users")).MustBe(200).Json.EnumerateArray().Single().GetProperty("user_id").GetString());
        (await _host.DeleteAsync($"/v1/teams/{team}")).MustRefuse(409, "last_team");
        (await _host.PostAsync("/v1/invites", new { email = "a@example.test" })).MustRefuse(501, "not_served");
        (await _host.PostAsync("/v1/invites/1/accept")).MustRefuse(501, "not_served");
        Assert.Contains((await _host.GetAsync("/v1/settings")).MustBe(200).Json.EnumerateArray(),
            setting => setting.GetProperty("name").GetString() == "Egress:Allow" && setting.GetProperty("source").GetString() == "environment");
    }

    [Fact]
    public async Task No_secret_is_in_any_answer_or_file_in_any_form()
    {
        const string odd = "sk-test-0dd/+secret=not:real~0001";
        (await _host.PostAsync("/v1/api-keys", new { name = "hidden", hub = "custom", value = odd, url = _host.Hub.Url })).MustBe(200);
        (await _host.PostAsync("/v1/api-keys", new { name = "hidden", hub = "custom", value = odd, url = _host.Hub.Url })).MustRefuse(409);
        (await _host.PostAsync("/v1/api-keys", new { name = "broken", hub = "custom", value = odd + "\n", url = _host.Hub.Url })).MustRefuse(422);
        (await _host.PutAsync("/v1/api-keys/hidden", new { value = odd, rate_limit_interval = 0 })).MustRefuse(422);
        (await _host.PutAsync("/v1/api-keys/hidden", new { value = new[] { odd } })).MustRefuse(422);
        (await _host.PutAsync("/v1/api-keys/hidden", new { value = odd, version = 77 })).MustRefuse(412);
        (await _host.PostAsync("/v1/api-keys/hidden/test")).MustBe(200);
        (await _host.PostAsync("/v1/api-keys/test", new { hub = "custom", value = odd, url = _host.Hub.Url })).MustBe(200);
        (await _host.PostAsync("/v1/agent-configurations", new { agent_name = "a", model_name = "m", hub = "openai", api_key = odd })).MustBe(200);
        (await _host.PostAsync("/v1/agent-configurations", new { agent_name = "b", model_name = "m", hub = "bedrock", hub_config = new { region = "eu-central-1", access_key = odd, secret_access_key = odd } })).MustBe(200);
        foreach (var path in new[] { "/v1/api-keys", "/v1/api-keys/hidden", "/v1/api-keys/hidden/status", "/v1/api-keys/hidden/queries", "/v1/agent-configurations", "/v1/audit", "/v1/usage", "/v1/settings", "/v1/rate-groups", "/v1/access-tokens" })
            (await _host.GetAsync(path)).MustBe(200);
        (await _host.GetAsync("/v1/api-keys/hidden/models")).MustBe(502);   // the hub refuses the secret, and says it back

        Assert.All(_host.Answers, answer => MustNotHold(answer, odd, answer));
        Assert.All(_host.Answers, answer => MustNotHold(answer, _host.Token, answer));
        MustNotHold(_host.Errors, odd, "the log");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(_host.Folder, "data"), "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, TestContext.Current.CancellationToken);
            var text = Encoding.Latin1.GetString(bytes.ToArray());
            MustNotHold(text, odd, file);
            MustNotHold(text, _host.Token, file);
        }
    }

    private static void MustNotHold(string text, string secret, string where)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        foreach (var form in new[] { secret, Uri.EscapeDataString(secret), Convert.ToBase64String(bytes)[..40], Convert.ToHexString(bytes), Convert.ToHexStringLower(bytes), JsonEncodedText.Encode(secret).ToString() })
            Assert.False(text.Contains(form, StringComparison.Ordinal), $"A secret is in {where}");
    }

    private async Task<JsonElement> StoreAsync(string name) =>
        (await _host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = PretendHub.Secret, url = _host.Hub.Url })).MustBe(200)["id"];
}
