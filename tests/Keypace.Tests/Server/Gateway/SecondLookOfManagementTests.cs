using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>What the management asks of a hub waits like any query, and is decided again like any.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class SecondLookOfManagementTests(FeatureHost host) : OnWaitingQueries(host)
{
    public static TheoryData<string> Kinds => ["models", "test"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_waits_is_refused_where_its_key_is_gone_or_disabled_meanwhile(string kind)
    {
        foreach (var (status, code) in new[] { (404, "key_not_found"), (409, "key_disabled") })
        {
            await using var hub = new RawHub(RawHub.Json("""{"data":[{"id":"m"}]}"""));
            var key = await StoreAsync(hub);
            var waiting = await AskedAsync(key, kind, null);
            if (status == 404)
                (await Host.DeleteAsync($"/v1/api-keys/{key.Id}")).MustBe(200);
            else
                (await Host.PutAsync($"/v1/api-keys/{key.Id}", new { status = "disabled" })).MustBe(200);
            (await TurnAsync(waiting)).MustRefuse(status, code);
            Assert.Single(hub.Requests);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_waits_ends_with_its_token_and_is_not_asked_without_the_scope_for_it(string kind)
    {
        foreach (var how in new[] { "revoked", "expired", "scope" })
        {
            await using var hub = new RawHub(RawHub.Json("""{"data":[{"id":"m"}]}"""));
            var key = await StoreAsync(hub);
            var (tokenId, token) = await TokenAsync(how == "expired" ? 2 : null);
            var waiting = await AskedAsync(key, kind, token);
            if (how == "expired")
                Host.Time.Advance(TimeSpan.FromSeconds(3));   // its turn is later
            else if (how == "revoked")
                (await Host.DeleteAsync($"/v1/access-tokens/{tokenId}")).MustBe(200);
            else
                (await Host.PutAsync($"/v1/access-tokens/{tokenId}", new { scopes = new[] { "query" } })).MustBe(200);
            (await TurnAsync(waiting)).MustRefuse(how == "scope" ? 403 : 401, how == "scope" ? "scope_missing" : $"token_{how}");
            Assert.Single(hub.Requests);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_runs_ends_with_its_token(string kind)
    {
        var isFirst = true;
        await using var hub = new RawHub(async (_, connection) =>
        {
            if (isFirst)
                await connection.SendAsync(RawHub.Completion);
            isFirst = false;   // and never answers again
        });
        var key = await StoreAsync(hub);
        var (tokenId, token) = await TokenAsync(null);
        var waiting = await AskedAsync(key, kind, token);
        await Until.TrueAsync(() =>
        {
            Host.Time.Advance(TimeSpan.FromMilliseconds(100));
            return hub.Requests.Count == 2;
        });
        (await Host.DeleteAsync($"/v1/access-tokens/{tokenId}")).MustBe(200);
        (await waiting).MustRefuse(401, "token_revoked");
    }

    /// <summary>One query takes the permit, and the management's question waits for the next.</summary>
    private Task<Task<Answer>> AskedAsync((string Name, string Id) key, string kind, string? token) =>
        WaitingAsync(key, $"/v1/api-keys/{key.Id}/{kind}", kind == "test" ? "{}" : "", token);
}
