using Keypace.Server.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Tests.Server.Storage;

public sealed class StoreOpeningTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_store_is_refused_and_not_made()
    {
        Assert.Equal("store_missing", _folder.Refused().Code);
        Assert.False(Directory.Exists(_folder.Data.Path));
    }

    [Fact]
    public async Task A_newer_store_is_refused_as_it_was()
    {
        await _folder.InitAsync();
        await using (_folder.Open(TestOnlySchema.WithOneMore))
        {
        }

        var before = _folder.Picture();
        var refusal = _folder.Refused();
        Assert.Equal("store_newer", refusal.Code);
        Assert.Contains(TestOnlySchema.Migration, refusal.Detail, StringComparison.Ordinal);
        Assert.Equal(before, _folder.Picture());
    }

    [Fact]
    public async Task An_older_store_is_upgraded_after_a_copy_was_made()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        await using (var opened = _folder.Open(TestOnlySchema.WithOneMore))
        {
            Assert.Contains(opened.Notices, notice => notice.Contains("keypace.db.before-" + TestOnlySchema.Migration, StringComparison.Ordinal));
            using var connection = opened.Store.OpenConnection();
            Assert.Equal(0L, Scalar(connection, "SELECT count(*) FROM test_only"));
        }

        var backup = _folder.Data.BackupBefore(TestOnlySchema.Migration);
        Assert.Equal(DataFolder.FileMode, TestFolder.ModeOf(backup));
        // The copy is a whole store of the older version: put in place it opens with the older program.
        File.Copy(backup, _folder.Data.Store, overwrite: true);
        await using var older = _folder.Open();
        using var db = older.Store.Read();
        Assert.Equal("ada@example.org", (await db.Members.SingleAsync(TestContext.Current.CancellationToken)).Email);
    }

    [Fact]
    public async Task An_upgrade_that_was_killed_does_not_hold_up_the_next_one()
    {
        await _folder.InitAsync();
        using (var connection = StoreSchema.OpenConnection(_folder.Data.Store))
        {
            Scalar(connection, "CREATE TABLE IF NOT EXISTS \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL PRIMARY KEY, \"Timestamp\" TEXT NOT NULL)");
            Scalar(connection, "INSERT OR REPLACE INTO \"__EFMigrationsLock\" VALUES (1, '2030-01-01')");
        }

        await using var opened = _folder.Open(TestOnlySchema.WithOneMore);
        Assert.NotEmpty(opened.Notices);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("page")]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("other")]
    public async Task A_damaged_store_is_refused_as_it_was(string damage)
    {
        await _folder.InitAsync();
        Damage(_folder.Data.Store, damage);
        var before = _folder.Picture();
        var refusal = _folder.Refused();
        Assert.Equal("store_damaged", refusal.Code);
        Assert.DoesNotContain('\n', refusal.Detail);
        Assert.Equal(before, _folder.Picture());
    }

    [Fact]
    public async Task Another_stores_key_is_refused_and_nothing_is_changed()
    {
        await _folder.InitAsync();
        using var other = new TestFolder();
        await other.InitAsync();
        File.Delete(_folder.Kek);
        File.Copy(other.Kek, _folder.Kek);
        var before = _folder.Picture();
        // Older, too: a wrong key must be found before the upgrade.
        Assert.Equal("kek_wrong", _folder.Refused(TestOnlySchema.WithOneMore).Code);
        Assert.Equal(before, _folder.Picture());
    }

    [Fact]
    public async Task A_missing_key_is_refused_and_none_is_made()
    {
        await _folder.InitAsync();
        File.Delete(_folder.Kek);
        Assert.Equal("kek_missing", _folder.Refused().Code);
        Assert.False(File.Exists(_folder.Kek));
    }

    [Fact]
    public async Task A_second_holder_is_told_who_holds_the_folder()
    {
        await _folder.InitAsync();
        await using var first = _folder.Open();
        var refusal = _folder.Refused();
        Assert.Equal("folder_in_use", refusal.Code);
        Assert.Contains($"(process {Environment.ProcessId})", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_killed_process_leaves_opens_with_every_commit_in_it()
    {
        await _folder.InitAsync();
        using var killed = new TestFolder();
        await using (var opened = _folder.Open())
        {
            await using (var change = await opened.Store.BeginChangeAsync(TestContext.Current.CancellationToken))
            {
                (await change.Db.Teams.SingleAsync(TestContext.Current.CancellationToken)).Name = "After";
                await change.CommitAsync(TestContext.Current.CancellationToken);
            }

            // The files as they lie there in this moment are what kill -9 would leave.
            killed.Data.Create();
            foreach (var file in Directory.EnumerateFiles(_folder.Data.Path, "keypace.db*"))
                File.Copy(file, Path.Combine(killed.Data.Path, Path.GetFileName(file)));
        }

        Assert.True(new FileInfo(killed.Data.Store + "-wal").Length > 0);
        File.Copy(_folder.Kek, killed.Kek);
        await using var again = killed.Open();
        using var db = again.Store.Read();
        Assert.Equal("After", (await db.Teams.SingleAsync(TestContext.Current.CancellationToken)).Name);
    }

    [Fact]
    public async Task A_newer_store_that_was_killed_keeps_its_log_when_it_is_refused()
    {
        await _folder.InitAsync();
        using var killed = new TestFolder();
        await using (_folder.Open(TestOnlySchema.WithOneMore))
        {
            killed.Data.Create();
            foreach (var file in Directory.EnumerateFiles(_folder.Data.Path, "keypace.db*"))
                File.Copy(file, Path.Combine(killed.Data.Path, Path.GetFileName(file)));
        }

        File.Delete(killed.Data.Store + "-shm");
        File.Copy(_folder.Kek, killed.Kek);
        var before = killed.Picture();
        Assert.Equal("store_newer", killed.Refused().Code);
        Assert.Equal(before, killed.Picture());
    }

    private static void Damage(string path, string how)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        switch (how)
        {
            case "header":
                file.Write("Not a database at all, whoever says otherwise"u8);
                break;
            case "page":
                var noise = new byte[3000];
                new Random(1).NextBytes(noise);
                for (var page = 1; page < file.Length / 4096; page++)
                {
                    file.Position = (page * 4096) + 100;
                    file.Write(noise);
                }

                file.Position = 0;
                break;
            case "cut":
                file.SetLength(file.Length / 2);
                break;
            case "empty":
                file.SetLength(0);
                break;
            default:
                file.SetLength(0);
                file.Dispose();
                using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
                {
                    connection.Open();
                    Scalar(connection, "CREATE TABLE somebody_elses (id INTEGER)");
                }

                break;
        }
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
