using Keypace.Domain.Keys;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Keypace.Tests.Server.Storage;

/// <summary>What an upgrade makes of what an older program wrote.</summary>
public sealed class UpgradeTests : IDisposable
{
    private const string BeforeDeletionsSaidIt = "20261130143000_KeyTroubles";

    private readonly TestFolder _folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_key_that_an_older_program_deleted_is_restored_as_it_was()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        var (disabled, active, disabledLater, present) = (await AddKeyAsync(), await AddKeyAsync(), await AddKeyAsync(), await AddKeyAsync());
        using (var connection = BackTo(BeforeDeletionsSaidIt))
        {
            Delete(connection, disabled, "disabled");
            Delete(connection, active, "active");
            Delete(connection, disabledLater, "active");     // deleted once, restored, disabled, and deleted again
            Delete(connection, disabledLater, "disabled");
        }

        await using var opened = _folder.Open();
        await using var db = opened.Store.Read();
        var rows = await db.ApiKeys.ToDictionaryAsync(row => row.Id, Ct);
        Assert.Equal((KeyStatus.Deleted, true), (rows[disabled].Status, rows[disabled].DisabledBeforeDeletion));
        Assert.Equal((KeyStatus.Deleted, false), (rows[active].Status, rows[active].DisabledBeforeDeletion));
        Assert.Equal((KeyStatus.Deleted, true), (rows[disabledLater].Status, rows[disabledLater].DisabledBeforeDeletion));
        Assert.Equal((KeyStatus.Active, false), (rows[present].Status, rows[present].DisabledBeforeDeletion));
    }

    private async Task<Guid> AddKeyAsync()
    {
        await using var opened = _folder.Open();
        await using var change = await opened.Store.BeginChangeAsync(Ct);
        var id = Guid.CreateVersion7(_folder.Time.GetUtcNow());
        change.Db.ApiKeys.Add(new ApiKeyRow { Id = id, TeamId = (await change.Db.Teams.FirstAsync(Ct)).Id, Name = id.ToString(), NameKey = id.ToString() });
        await change.CommitAsync(Ct);
        return id;
    }

    /// <summary>The store as the program of an earlier migration had it.</summary>
    private SqliteConnection BackTo(string migration)
    {
        using (var db = new KeypaceDb(StoreSchema.Current.OptionsFor(_folder.Data.Store)))
            db.GetService<IMigrator>().Migrate(migration);
        return StoreSchema.OpenConnection(_folder.Data.Store);
    }

    private static void Delete(SqliteConnection connection, Guid id, string statusBefore)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            UPDATE api_keys SET "Status" = 'deleted', "DeletedAt" = 1 WHERE "Id" = $key;
            INSERT INTO audit ("TeamId", "At", "Actor", "ActorName", "Action", "Subject", "SubjectId", "Before")
            VALUES ($key, 1, 'system', '', 'deleted', 'api_key', lower($key), json_object('status', $status));
            """;
        command.Parameters.AddWithValue("$key", id.ToString().ToUpperInvariant());
        command.Parameters.AddWithValue("$status", statusBefore);
        Assert.Equal(2, command.ExecuteNonQuery());
    }
}
