namespace Keypace.Tests.Server.Features;

/// <summary>Every route with every kind of caller: who is let in and who gets which refusal.</summary>
public sealed class AuthorizationTests(AuthorizationTests.Callers callers) : IClassFixture<AuthorizationTests.Callers>
{
    private const string NoId = "00000000-0000-7000-8000-000000000000";

    /// <summary>Method, path, and the least role; <c>team</c> marks routes that a bound token does not get into, <c>new</c> those that make something.</summary>
    public static TheoryData<string, string, string, bool> Routes => new()
    {
        { "GET", "/v1/hubs", "viewer", true },
        { "GET", $"/v1/hubs/{NoId}", "viewer", true },
        { "PUT", $"/v1/hubs/{NoId}", "admin", false },
        { "GET", "/v1/api-keys", "viewer", true },
        { "POST", "/v1/api-keys", "member", false },
        { "POST", "/v1/api-keys/test", "member", false },
        { "GET", $"/v1/api-keys/{NoId}", "viewer", true },
        { "PUT", $"/v1/api-keys/{NoId}", "member", true },
        { "DELETE", $"/v1/api-keys/{NoId}", "member", true },
        { "POST", $"/v1/api-keys/{NoId}/restore", "member", true },
        { "POST", $"/v1/api-keys/{NoId}/test", "member", true },
        { "POST", $"/v1/api-keys/{NoId}/unpause", "member", true },
        { "DELETE", $"/v1/api-keys/{NoId}/lessons", "member", true },
        { "POST", $"/v1/api-keys/{NoId}/take-reported-limit", "member", true },
        { "POST", $"/v1/api-keys/{NoId}/move-agents", "member", true },
        { "GET", $"/v1/api-keys/{NoId}/models", "viewer", true },
        { "GET", $"/v1/api-keys/{NoId}/status", "viewer", true },
        { "GET", $"/v1/api-keys/{NoId}/queries", "viewer", true },
        { "GET", "/v1/agent-configurations", "viewer", true },
        { "POST", "/v1/agent-configurations", "member", false },
        { "GET", $"/v1/agent-configurations/{NoId}", "viewer", true },
        { "PUT", $"/v1/agent-configurations/{NoId}", "member", true },
        { "PUT", $"/v1/agent-configurations/{NoId}/update", "member", true },
        { "PUT", $"/v1/agent-configurations/{NoId}/archive", "member", true },
        { "GET", "/v1/access-tokens", "viewer", false },
        { "POST", "/v1/access-tokens", "admin", false },
        { "GET", $"/v1/access-tokens/{NoId}", "viewer", false },
        { "PUT", $"/v1/access-tokens/{NoId}", "admin", false },
        { "DELETE", $"/v1/access-tokens/{NoId}", "admin", false },
        { "GET", "/v1/users/me", "viewer", true },
        { "GET", "/v1/teams", "viewer", true },
        { "GET", $"/v1/teams/{NoId}", "viewer", true },
        { "PUT", $"/v1/teams/{NoId}", "admin", false },
        { "DELETE", $"/v1/teams/{NoId}", "admin", false },
        { "GET", $"/v1/teams/{NoId}/users", "viewer", false },
        { "GET", "/v1/members", "viewer", false },
        { "POST", "/v1/sign-in-links", "admin", false },
        { "POST", "/v1/invites", "admin", false },
        { "POST", $"/v1/invites/{NoId}/accept", "viewer", true },
        { "GET", "/v1/rate-groups", "viewer", true },
        { "GET", "/v1/usage", "viewer", true },
        { "GET", "/v1/audit", "viewer", false },
        { "GET", "/v1/settings", "viewer", false },
        { "PUT", "/v1/settings", "admin", false },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Every_caller_gets_what_its_token_allows(string method, string path, string leastRole, bool isForBound)
    {
        async Task<Answer> AskAsync(string token) => await callers.Host.SendAsync(new HttpMethod(method), path, method is "POST" or "PUT" ? "{}" : null, token);
        static int Rank(string role) => Array.IndexOf(["viewer", "member", "admin"], role);

        (await AskAsync("")).MustRefuse(401, "unauthorized");
        (await AskAsync("kpa_nonsense")).MustRefuse(401, "unauthorized");
        (await AskAsync(callers.Expired)).MustRefuse(401, "token_expired");
        (await AskAsync(callers.Revoked)).MustRefuse(401, "token_revoked");
        (await AskAsync(callers.QueryOnly)).MustRefuse(403, "scope_missing");
        foreach (var (role, token) in new[] { ("viewer", callers.Viewer), ("member", callers.Member), ("admin", callers.Admin) })
        {
            var answer = await AskAsync(token);
            if (Rank(role) < Rank(leastRole))
                answer.MustRefuse(403, "role_too_low");
            else
                Assert.False((int)answer.Status is 401 or 403 or >= 500 and not 501, $"{role}: {answer.Text}");
        }

        var bound = await AskAsync(callers.Bound);
        if (leastRole == "admin")
            bound.MustRefuse(403);
        else if (isForBound)
            Assert.False((int)bound.Status is 401 or 403 or >= 500 and not 501, bound.Text);
        else
            bound.MustRefuse(403, "token_bound");
    }

    [Fact]
    public async Task Every_management_route_of_the_interface_description_is_in_this_matrix()
    {
        var described = (await callers.Host.GetAsync("/openapi/v1.json", "")).MustBe(200)["paths"].EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        var tested = Routes.Select(row => row.Data).Select(row => $"{row.Item1} {row.Item2.Replace(NoId, "{id}", StringComparison.Ordinal)}");

        Assert.Equal(tested.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    /// <summary>A server with one token of each kind.</summary>
    public sealed class Callers : IAsyncLifetime
    {
        public FeatureHost Host { get; } = new();

        public string Viewer { get; private set; } = "";

        public string Member { get; private set; } = "";

        public string Admin { get; private set; } = "";

        public string Bound { get; private set; } = "";

        public string QueryOnly { get; private set; } = "";

        public string Expired { get; private set; } = "";

        public string Revoked { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            await Host.InitializeAsync();
            (await Host.PostAsync("/v1/api-keys", new { name = "one", hub = "openai", value = "sk-test-not-a-real-key-0001" })).MustBe(200);
            Viewer = await Host.NewTokenAsync(new { name = "viewer", role = "viewer" });
            Member = await Host.NewTokenAsync(new { name = "member", role = "member" });
            Admin = await Host.NewTokenAsync(new { name = "admin", role = "admin" });
            Bound = await Host.NewTokenAsync(new { name = "bound", role = "member", api_keys = new[] { "one" } });
            QueryOnly = await Host.NewTokenAsync(new { name = "query only", scopes = new[] { "query" } });
            Revoked = await Host.NewTokenAsync(new { name = "revoked" });
            (await Host.DeleteAsync("/v1/access-tokens/revoked")).MustBe(200);
            Expired = await Host.NewTokenAsync(new { name = "expired", expires_at = Host.Time.GetUtcNow().AddMinutes(1).ToUnixTimeSeconds() });
            Host.Time.Advance(TimeSpan.FromMinutes(2));
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
