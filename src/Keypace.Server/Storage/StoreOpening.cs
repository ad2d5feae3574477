using Keypace.Domain;
using Keypace.Domain.Vault;
using Keypace.Server.Platform.MasterKey;
using Microsoft.Data.Sqlite;

namespace Keypace.Server.Storage;

/// <summary>A store that is open, and the vault over its keys.</summary>
/// <param name="IsClaimed">Whether it had an owner when it was opened.</param>
/// <param name="Notices">Sentences for the log: a backup that was made, a key-encryption key in an unwise place.</param>
internal sealed record OpenedStore(Store Store, SecretVault Vault, bool IsClaimed, IReadOnlyList<string> Notices) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        Vault.Dispose();
        await Store.DisposeAsync();
    }
}

/// <summary>
/// Opens a store that exists: lock, inspect, unlock, and only then change anything. Whatever is refused is left as it was found.
/// </summary>
internal static class StoreOpening
{
    /// <param name="kekFile">The value of <c>--kek-file</c>; null where it was not given.</param>
    public static Outcome<OpenedStore> Open(DataFolder folder, string? kekFile, Func<string, string?> environment, StoreSchema schema)
    {
        if (!folder.HasStore)
        {
            return new Refusal(
                RefusalReason.Unavailable, "store_missing", $"There is no store in {folder.Path}. Make one with: keypace init --data {folder.Path}");
        }

        if (!FolderLock.Take(folder).TryGet(out var folderLock, out var refusal))
            return refusal;
        var opened = Open(folder, kekFile, environment, schema, folderLock);
        if (!opened.TryGet(out _, out _))
        {
            folderLock.DeleteIfCreated();
            folderLock.Dispose();
        }

        return opened;
    }

    /// <summary>The same under a lock that is already held; after a refusal it still is the caller's.</summary>
    public static Outcome<OpenedStore> Open(
        DataFolder folder, string? kekFile, Func<string, string?> environment, StoreSchema schema, FolderLock folderLock)
    {
        if (!StoreInspection.Read(folder, schema).TryGet(out var state, out var refusal))
            return refusal;
        if (!MasterKeys.Load(new KekQuestion(kekFile, folder.Path, state.InstanceId, environment)).TryGet(out var kek, out refusal))
            return refusal;
        using var key = kek.Key;
        if (!VaultKeys.Unlock(key, state.InstanceId, state.Keys).TryGet(out var vault, out refusal))
            return refusal;

        var notices = new List<string>(kek.Warnings);
        try
        {
            folder.Narrow();
            if (schema.Migrations.Except(state.Applied).Any())
                notices.Add($"The store was upgraded; a copy of it as it was is {StoreUpgrade.Run(folder, schema, state.Applied)}.");
            var store = new Store(folder, state.InstanceId, schema, folderLock);
            folderLock.NameHolder();
            return new OpenedStore(store, vault, state.IsClaimed, notices);
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            vault.Dispose();
            return new Refusal(
                RefusalReason.Unavailable, "store_unreadable", $"The store {folder.Store} cannot be opened for writing: {failure.Message}");
        }
    }
}
