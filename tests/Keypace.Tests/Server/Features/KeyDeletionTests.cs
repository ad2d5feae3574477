using Keypace.Domain.Vault;
using Microsoft.Data.Sqlite;

namespace Keypace.Tests.Server.Features;

/// <summary>Deleting a key, having it back, and its end. On a server of its own, for its clock is moved.</summary>
public sealed class KeyDeletionTests : IAsyncLifetime
{
    private readonly FeatureHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_deleted_key_is_gone_at_once_names_its_agents_and_comes_back_with_them()
    {
        var id = await StoreAsync("main");
        (await _host.PutAsync($"/v1/api-keys/{id}", new { status = "disabled" })).MustBe(200);
        (await _host.PostAsync("/v1/agent-configurations", new { agent_name = "asks", model_name = "m", api_key_id = id })).MustBe(200);

        var deleted = (await _host.DeleteAsync("/v1/api-keys/main")).MustBe(200);
        var orphan = (await _host.GetAsync("/v1/agent-configurations/asks")).MustBe(200);
        (await _host.GetAsync($"/v1/api-keys/{id}")).MustRefuse(404);
        var restored = (await _host.PostAsync($"/v1/api-keys/{id}/restore")).MustBe(200);

        Assert.Equal(["asks"], deleted["agents_without_key"].EnumerateArray().Select(agent => agent.GetString()));
        Assert.Equal(_host.Time.GetUtcNow().AddSeconds(15).ToUnixTimeSeconds(), deleted["restorable_until"].GetInt64());
        Assert.False(orphan["has_api_key"].GetBoolean());
        Assert.Equal("disabled", restored["status"].GetString());
        Assert.True((await _host.GetAsync("/v1/agent-configurations/asks"))["has_api_key"].GetBoolean());
    }

    [Fact]
    public async Task A_name_that_was_taken_meanwhile_is_a_409_and_the_old_key_stays_away()
    {
        var id = await StoreAsync("main");
        (await _host.DeleteAsync($"/v1/api-keys/{id}")).MustBe(200);
        await StoreAsync("MAIN");

        (await _host.PostAsync($"/v1/api-keys/{id}/restore")).MustRefuse(409, "name_taken");
        (await _host.GetAsync($"/v1/api-keys/{id}")).MustRefuse(404);
    }

    [Fact]
    public async Task After_fifteen_seconds_row_and_envelope_are_destroyed_and_agents_point_at_nothing()
    {
        var id = await StoreAsync("main");
        (await _host.PostAsync("/v1/agent-configurations", new { agent_name = "asks", model_name = "m", api_key_id = id })).MustBe(200);
        (await _host.DeleteAsync("/v1/api-keys/main")).MustBe(200);
        Assert.Equal(1, Count("api_keys"));

        await Until.TrueAsync(() =>
        {
            _host.Time.Advance(TimeSpan.FromSeconds(5));
            return Count("api_keys") == 0;
        });

        (await _host.PostAsync($"/v1/api-keys/{id}/restore")).MustRefuse(404);
        Assert.Equal(0, Count("agents WHERE \"ApiKeyId\" IS NOT NULL"));
        Assert.Equal(1, Count("audit WHERE \"Action\" = 'destroyed'"));
    }

    [Fact]
    public async Task What_was_deleted_before_a_stop_is_destroyed_at_the_next_start()
    {
        await StoreAsync("main");
        await StoreAsync("kept");
        (await _host.DeleteAsync("/v1/api-keys/main")).MustBe(200);

        await _host.RestartAsync();

        await Until.TrueAsync(() => Count("api_keys") == 1);
        (await _host.GetAsync("/v1/api-keys/kept")).MustBe(200);
    }

    private async Task<string> StoreAsync(string name) =>
        (await _host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = PretendHub.Secret, url = _host.Hub.Url })).MustBe(200)["id"].GetString()!;

    private long Count(string table)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_host.Folder, "data", "keypace.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM {table}";
        return (long)command.ExecuteScalar()!;
    }
}
