using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Tests.Server.Storage;

public sealed class StoreTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private OpenedStore _opened = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _folder.InitAsync();
        _opened = _folder.Open();
    }

    public async ValueTask DisposeAsync()
    {
        await _opened.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_connection_has_the_pragmas()
    {
        using var db = _opened.Store.Read();
        await db.Database.OpenConnectionAsync(Ct);
        using var raw = _opened.Store.OpenConnection();
        await using var change = await _opened.Store.BeginChangeAsync(Ct);
        foreach (var connection in new[] { (SqliteConnection)db.Database.GetDbConnection(), raw, (SqliteConnection)change.Db.Database.GetDbConnection() })
        {
            Assert.Equal(
                ["wal", "2", "1", "5000", "1", "1", "0", "0"],
                new[] { "journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete", "cell_size_check", "trusted_schema", "mmap_size" }
                    .Select(pragma => Pragma(connection, pragma)));
            Assert.ThrowsAny<SqliteException>(() => Pragma(connection, "writable_schema=1; UPDATE sqlite_schema SET sql = 'x'; --"));
        }
    }

    [Fact]
    public void A_connection_that_does_not_take_a_pragma_is_not_used()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");   // its journal cannot be a log
        connection.Open();
        Assert.Throws<InvalidOperationException>(() => StorePragmas.Apply(connection));
    }

    [Fact]
    public async Task Only_the_owner_can_reach_folder_and_files()
    {
        await ChangeAsync("x");
        Assert.Equal(DataFolder.FolderMode, TestFolder.ModeOf(_folder.Data.Path));
        var files = Directory.GetFiles(_folder.Data.Path);
        Assert.Contains(_folder.Data.Store + "-wal", files);
        Assert.Contains(_folder.Data.Store + "-shm", files);
        Assert.All(files, file => Assert.Equal(DataFolder.FileMode, TestFolder.ModeOf(file)));
        Assert.Equal(UnixFileMode.UserRead, TestFolder.ModeOf(_folder.Kek));
    }

    [Fact]
    public async Task A_change_that_is_not_committed_leaves_nothing()
    {
        await using (var change = await _opened.Store.BeginChangeAsync(Ct))
        {
            change.Db.Add(Record("lost"));
            await change.Db.SaveChangesAsync(Ct);
        }

        using var db = _opened.Store.Read();
        Assert.False(await db.Audit.AnyAsync(row => row.ActorName == "lost", Ct));
    }

    [Fact]
    public async Task Writers_take_turns_and_none_meets_a_busy_store()
    {
        const int writers = 8;
        const int changes = 10;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var count = 0; count < changes; count++)
            {
                await ChangeAsync($"writer {writer}");
                using var reader = _opened.Store.Read();
                await reader.Audit.CountAsync(Ct);
            }
        }, Ct)));

        using var db = _opened.Store.Read();
        Assert.Equal(writers * changes, await db.Audit.CountAsync(row => row.ActorName.StartsWith("writer"), Ct));
    }

    [Fact]
    public async Task A_change_holds_the_write_lock_from_its_start()
    {
        await using var change = await _opened.Store.BeginChangeAsync(Ct);
        using var other = _opened.Store.OpenConnection();
        Pragma(other, "busy_timeout=0");
        using var command = other.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.CommandTimeout = 1;
        Assert.Equal(5, Assert.Throws<SqliteException>(() => command.ExecuteNonQuery()).SqliteErrorCode);   // SQLITE_BUSY
    }

    [Fact]
    public async Task The_log_is_folded_into_the_file_at_the_end_and_the_lock_names_nobody()
    {
        await ChangeAsync("x");
        await _opened.DisposeAsync();
        Assert.False(File.Exists(_folder.Data.Store + "-wal"));
        Assert.Equal(0, new FileInfo(_folder.Data.Lock).Length);
        _opened = _folder.Open();
    }

    [Fact]
    public void The_model_has_a_migration_for_all_that_is_in_it()
    {
        using var db = _opened.Store.Read();
        Assert.False(db.Database.HasPendingModelChanges(), "Run dotnet ef migrations add.");
        Assert.Equal(db.Database.GetMigrations(), StoreSchema.Current.Migrations);
    }

    private async Task ChangeAsync(string who)
    {
        await using var change = await _opened.Store.BeginChangeAsync(Ct);
        change.Db.Add(Record(who));
        await change.CommitAsync(Ct);
    }

    private static AuditRow Record(string who) => new() { Actor = "system", ActorName = who, Action = "changed", Subject = "setting" };

    private static string? Pragma(SqliteConnection connection, string pragma)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA " + pragma;
        return Convert.ToString(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
