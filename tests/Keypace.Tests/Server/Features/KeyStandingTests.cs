using Keypace.Tests.Server.Gateway;
using Microsoft.Data.Sqlite;

namespace Keypace.Tests.Server.Features;

/// <summary>
/// What a hub said of a secret ends with that secret: in the same commit, so that no crash brings it back, and for what still runs with the old one, too.
/// </summary>
public sealed class KeyStandingTests : IAsyncLifetime
{
    private const int Rounds = 10;   // each reads the store right behind the answer

    private static readonly string Unauthorized = Refusal("401 No", """{"error":{"message":"Incorrect API key provided"}}""");
    private static readonly string Spent = Refusal("429 Too Many Requests", """{"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"You exceeded your current quota"}}""");
    private static readonly string Busy = Refusal("429 Too Many Requests", """{"error":{"code":"rate_limit_exceeded","message":"slow down"}}""", "Retry-After: 300\r\n");

    private readonly FeatureHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(true, "refused")]
    [InlineData(false, "spend_limit")]
    public async Task Another_secret_ends_it_in_its_own_commit(bool isRefused, string state)
    {
        await using var hub = new RawHub(isRefused ? Unauthorized : Spent);
        for (var round = 0; round < Rounds; round++)
        {
            var (name, id) = await StoreAsync(hub);
            await AskAsync(name);
            if (!isRefused)
                await AskAsync(name);   // refused here, without being sent
            Assert.Equal(state, await StateAsync(id));
            await Until.TrueAsync(() => Rows("key_troubles") == 1);

            (await _host.PutAsync($"/v1/api-keys/{id}", new { value = $"sk-test-another-{name}" })).MustBe(200);

            Assert.Equal(0, Rows("key_troubles"));
            Assert.Equal("active", await StateAsync(id));
            await _host.RestartAsync();
            Assert.Equal("active", await StateAsync(id));
        }
    }

    [Fact]
    public async Task So_does_deletion()
    {
        await using var hub = new RawHub(Unauthorized);
        for (var round = 0; round < Rounds; round++)
        {
            var (name, id) = await StoreAsync(hub);
            await AskAsync(name);
            await Until.TrueAsync(() => Rows("key_troubles") == 1);
            (await _host.DeleteAsync($"/v1/api-keys/{id}")).MustBe(200);
            Assert.Equal(0, Rows("key_troubles"));
        }
    }

    [Theory]
    [InlineData(401)]
    [InlineData(200)]
    public async Task What_runs_with_the_old_secret_says_nothing_of_the_new_one(int status)
    {
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var hub = new RawHub(async (request, connection) =>
        {
            if (request.Contains("another", StringComparison.Ordinal))
            {
                await connection.SendAsync(Unauthorized);
                return;
            }

            asked.TrySetResult();
            await go.Task;
            await connection.SendAsync(status == 200 ? RawHub.Completion : Unauthorized);
        });
        var (name, id) = await StoreAsync(hub);
        var running = AskAsync(name);
        await asked.Task;
        (await _host.PutAsync($"/v1/api-keys/{id}", new { value = $"sk-test-another-{name}" })).MustBe(200);
        if (status == 200)
            await AskAsync(name);   // the new one is refused

        go.SetResult();
        await running;

        Assert.Equal(status == 200 ? "refused" : "active", await StateAsync(id));
        await _host.RestartAsync();
        Assert.Equal(status == 200 ? "refused" : "active", await StateAsync(id));
    }

    [Fact]
    public async Task A_pause_that_somebody_ended_is_ended_on_the_disk_before_the_answer()
    {
        await using var hub = new RawHub(Busy);
        for (var round = 0; round < Rounds; round++)
        {
            var (name, id) = await StoreAsync(hub);
            (await AskAsync(name)).MustBe(429);
            await Until.TrueAsync(() => Rows("lessons WHERE \"Lessons\" LIKE '%\"Pause\"%'") == 1);
            if (round % 2 == 0)
                (await _host.PostAsync($"/v1/api-keys/{id}/unpause")).MustBe(200);
            else
                (await _host.DeleteAsync($"/v1/api-keys/{id}/lessons?kind=pause")).MustBe(200);
            Assert.Equal(0, Rows("lessons WHERE \"Lessons\" LIKE '%\"Pause\"%'"));
        }
    }

    private static string Refusal(string status, string body, string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}";

    private async Task<string> StateAsync(string id) => (await _host.GetAsync($"/v1/api-keys/{id}")).MustBe(200)["state"].GetString()!;

    private Task<Answer> AskAsync(string name) => _host.SendAsync(
        HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[]}""", null, ("x-keypace-key", name), ("x-keypace-max-wait", "0"));

    private async Task<(string Name, string Id)> StoreAsync(RawHub hub)
    {
        var name = FeatureHost.Unique("standing").Replace(' ', '-');
        var stored = await _host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1 });
        return (name, stored.MustBe(200)["id"].GetString()!);
    }

    private long Rows(string table)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_host.Folder, "data", "keypace.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {table}";
        return (long)command.ExecuteScalar()!;
    }
}
