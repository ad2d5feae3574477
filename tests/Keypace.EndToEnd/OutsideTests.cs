using System.Text.Json;

namespace Keypace.EndToEnd;

/// <summary>The addresses that people, probes and scrapers rely on.</summary>
public sealed class OutsideTests(SharedKeypace keypace)
{
    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/sign-in")]
    [InlineData("/openapi/v1.json")]
    public async Task They_answer_without_a_token_and_with_a_request_id(string path)
    {
        using var stranger = new Api(keypace.Running.Address, null);

        Assert.NotEmpty((await stranger.GetAsync(path)).MustBe(200).Header("x-request-id")!);
    }

    [Fact]
    public async Task The_description_of_the_routes_names_them_and_metrics_count()
    {
        var paths = (await keypace.Api.GetAsync("/openapi/v1.json")).MustBe(200)["paths"].EnumerateObject().Select(path => path.Name).ToList();
        var metrics = (await keypace.Api.GetAsync("/metrics")).MustBe(200).Text;

        Assert.Contains("/v1/api-keys", paths);
        Assert.Contains("# TYPE", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_change_is_in_the_audit_without_its_secret()
    {
        const string Secret = "sk-test-not-a-real-key-audited";
        var id = (await keypace.Api.PostAsync("/v1/api-keys", new { name = "audited", hub = "openai", value = Secret })).MustBe(200)["id"].GetString();
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { name = "audited anew" })).MustBe(200);
        (await keypace.Api.DeleteAsync($"/v1/api-keys/{id}")).MustBe(200);

        var audit = (await keypace.Api.GetAsync("/v1/audit?limit=1000")).MustBe(200);
        var mine = audit["results"].EnumerateArray().Where(record => record.GetProperty("subject_id").GetString() == id).ToArray();

        Assert.True(mine.Length >= 3, audit.Text);
        Assert.Contains(mine, record => record.GetProperty("before").ValueKind == JsonValueKind.Object && record.GetProperty("after").ValueKind == JsonValueKind.Object);
        Assert.All(mine, record => Assert.NotEmpty(record.GetProperty("actor_name").GetString()!));
        Secrets.MustBeAbsent(audit.Text, Secret, "the audit");
    }

    [Fact]
    public async Task Ready_is_answered_while_nothing_else_is_told_to_strangers()
    {
        using var stranger = new Api(keypace.Running.Address, null);

        foreach (var path in new[] { "/v1/api-keys", "/v1/usage", "/v1/audit", "/v1/settings", "/v1/access-tokens", "/v1/teams", "/v1/rate-groups", "/v1/models" })
            (await stranger.GetAsync(path)).MustBe(401);
    }
}
