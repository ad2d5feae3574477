using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Tests of what becomes of a query while it waits: its key is good for one query in five seconds, by a clock that stands still until the test moves it.</summary>
public abstract class OnWaitingQueries(FeatureHost host)
{
    protected const string Chat = """{"model":"m","messages":[{"role":"user","content":"Hello"}]}""";

    protected FeatureHost Host => host;

    private protected async Task<(string Name, string Id)> StoreAsync(RawHub hub)
    {
        var name = FeatureHost.Unique("looked").Replace(' ', '-');
        var stored = (await Host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1, rate_limit_interval = 5 })).MustBe(200);
        return (name, stored["id"].GetString()!);
    }

    private protected async Task<(string Id, string Token)> TokenAsync(int? seconds)
    {
        var expires = Host.Time.GetUtcNow().ToUnixTimeSeconds() + (seconds ?? 86_400);
        var made = (await Host.PostAsync("/v1/access-tokens", new { name = FeatureHost.Unique("asker"), role = "member", expires_at = expires })).MustBe(200);
        return (made["id"].GetString()!, made["token"].GetString()!);
    }

    private protected Task<Answer> SendAsync((string Name, string Id) key, string path, string body, string? token, bool withKey = true) => Host.SendAsync(
        body.Length == 0 ? HttpMethod.Get : HttpMethod.Post, path.Replace("KEY", key.Name, StringComparison.Ordinal), body.Length == 0 ? null : body.Replace("KEY", key.Name, StringComparison.Ordinal), token,
        withKey ? [("x-keypace-key", key.Name)] : []);

    /// <summary>One query takes the permit, and this one waits for the next.</summary>
    private protected async Task<Task<Answer>> WaitingAsync((string Name, string Id) key, string path, string body, string? token = null, bool withKey = true)
    {
        (await SendAsync(key, "/v1/chat/completions", Chat, null)).MustBe(200);
        var waiting = SendAsync(key, path, body, token, withKey);
        await Until.TrueAsync(async () => (await Host.GetAsync($"/v1/api-keys/{key.Id}/status"))["waiting"].GetInt32() == 1);
        return waiting;
    }

    /// <summary>Time goes on until the query has its answer.</summary>
    private protected async Task<Answer> TurnAsync(Task<Answer> waiting)
    {
        await Until.TrueAsync(() =>
        {
            Host.Time.Advance(TimeSpan.FromMilliseconds(100));
            return waiting.IsCompleted;
        });
        return await waiting;
    }
}
