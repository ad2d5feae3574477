using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Keypace.Server.Storage;

/// <summary>
/// The open store. Readers never wait; writers take turns here, in the order in which they came, so that none meets a busy database.
/// What <see cref="StoreChange.CommitAsync"/> has returned from is on the disk.
/// </summary>
internal sealed class Store : IAsyncDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly DbContextOptions<KeypaceDb> _options;
    private readonly FolderLock _lock;

    // SQLite folds its log into the file when the last connection closes. Without this one that would be after every request.
    private readonly SqliteConnection _anchor;

    /// <param name="folderLock">Owned from here on.</param>
    public Store(DataFolder folder, Guid instanceId, StoreSchema schema, FolderLock folderLock)
    {
        Folder = folder;
        InstanceId = instanceId;
        _lock = folderLock;
        _options = schema.OptionsFor(folder.Store);
        _anchor = StoreSchema.OpenConnection(folder.Store);
    }

    public DataFolder Folder { get; }

    public Guid InstanceId { get; }

    /// <summary>For reading: nothing is tracked, and saving through it would pass by the writers' turns. The caller disposes it.</summary>
    public KeypaceDb Read()
    {
        var db = new KeypaceDb(_options);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        // Kept open for all its queries; left to itself, it would open one connection for each.
        db.Database.OpenConnection();
        return db;
    }

    /// <summary>Waits for its turn and begins a transaction that holds the write lock from its first statement on.</summary>
    public async ValueTask<StoreChange> BeginChangeAsync(CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        KeypaceDb? db = null;
        try
        {
            db = new KeypaceDb(_options);
            db.Database.AutoSavepointsEnabled = false;   // one SaveChanges a transaction; a failed one is rolled back whole
            var transaction = await db.Database.BeginTransactionAsync(ct);
            return new StoreChange(db, transaction, _writing);
        }
        catch
        {
            if (db is not null)
                await db.DisposeAsync();
            _writing.Release();
            throw;
        }
    }

    /// <summary>Waits for a writer's turn without a transaction, on the calling thread. For writers with a connection of their own.</summary>
    public WriteTurn TakeTurn()
    {
        _writing.Wait();
        return new WriteTurn(_writing);
    }

    /// <summary>A connection of the caller's own, to be disposed before the store.</summary>
    public SqliteConnection OpenConnection() => StoreSchema.OpenConnection(Folder.Store);

    /// <summary>True when any key is stored, also one that is on its way out.</summary>
    public bool HasApiKeys()
    {
        using var connection = OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT EXISTS (SELECT 1 FROM api_keys)";
        return (long)command.ExecuteScalar()! != 0;
    }

    /// <summary>True when the store answers.</summary>
    public bool Answers()
    {
        try
        {
            using var connection = OpenConnection();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT 1 FROM instance";
            return command.ExecuteScalar() is 1L;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    /// <summary>Waits for a running change, folds the log into the file and gives the folder free.</summary>
    public async ValueTask DisposeAsync()
    {
        // Longer than any change takes: one that was never disposed must not keep the process from ending.
        await _writing.WaitAsync(TimeSpan.FromSeconds(5));
        _anchor.Dispose();
        _lock.Dispose();
    }
}

/// <summary>A writer's turn; disposing it lets the next one write.</summary>
internal readonly struct WriteTurn(SemaphoreSlim writing) : IDisposable
{
    public void Dispose() => writing.Release();
}

/// <summary>A change that is being made. Disposing it without <see cref="CommitAsync"/> takes everything back.</summary>
internal sealed class StoreChange(KeypaceDb db, IDbContextTransaction transaction, SemaphoreSlim writing) : IAsyncDisposable
{
    private const int SqliteIoError = 10;

    public KeypaceDb Db => db;

    /// <summary>A commit that threw may be on the disk all the same, and be found at the next start: the disk failed in the midst of it.</summary>
    public bool MayBeCommitted { get; private set; }

    /// <summary>Saves what <see cref="Db"/> tracks and commits. After it returns the change is on the disk.</summary>
    public async Task CommitAsync(CancellationToken ct)
    {
        await db.SaveChangesAsync(ct);
        // No token: a commit that has begun is finished, so that the answer is never "perhaps".
        MayBeCommitted = true;
        try
        {
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode != SqliteIoError)
        {
            MayBeCommitted = false;   // full, busy, refused: nothing of it is there
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await transaction.DisposeAsync();
            await db.DisposeAsync();
        }
        finally
        {
            writing.Release();
        }
    }
}
