using System.Text;
using Keypace.Domain;
using Keypace.Domain.Vault;
using Keypace.Server.Platform;
using Keypace.Server.Platform.MasterKey;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.People.SettingUp;

/// <param name="Owner">Null for a store that its first visitor claims.</param>
/// <param name="TokenFile">Where the first token goes; null for none. Without an owner it belongs to whoever becomes the owner.</param>
internal sealed record StoreWish(DataFolder Folder, string? KekFile, NewOwner? Owner, string? TokenFile);

/// <param name="KekPlace">Where the key-encryption key is, in words.</param>
/// <param name="Token">The owner's first token, where it was asked for.</param>
internal sealed record CreatedStore(string KekPlace, bool KekWasCreated, IReadOnlyList<string> Warnings, FirstToken? Token);

/// <summary>
/// Makes a store beside its place and renames it there as the last step: whoever interrupts this finds a whole store or none.
/// </summary>
internal static class StoreCreation
{
    /// <summary>Under the folder's lock. Refuses with the codes of <see cref="MasterKeys"/> or <c>file_exists</c>; nothing is left after a refusal.</summary>
    public static Outcome<CreatedStore> Create(StoreWish wish, Surroundings around)
    {
        var undo = new Undo();
        try
        {
            var created = Create(wish, around, undo);
            if (created.TryGet(out _, out _))
                undo.Nothing();
            return created;
        }
        finally
        {
            undo.All();
        }
    }

    private static Outcome<CreatedStore> Create(StoreWish wish, Surroundings around, Undo undo)
    {
        var folder = wish.Folder;
        var now = around.Time.GetUtcNow();
        var instance = new InstanceRow { Id = Guid.CreateVersion7(now), CreatedAt = now.ToUnixTimeMilliseconds() };
        if (!ReserveTokenFile(wish.TokenFile, undo).TryGet(out var tokenFile, out var refusal))
            return refusal;
        using var reserved = tokenFile.Stream;
        if (!FindKek(new KekQuestion(wish.KekFile, folder.Path, instance.Id, around.Variable), around.Random, undo).TryGet(out var kek, out refusal))
            return refusal;

        using var key = kek.Key;
        DeleteUnfinished(folder);
        undo.Add(() => DeleteUnfinished(folder));
        DataFolder.CreateFile(folder.UnfinishedStore).Dispose();
        StoreUpgrade.CreateTables(folder.UnfinishedStore, StoreSchema.Current);
        var token = Fill(folder.UnfinishedStore, wish, instance, key, around, now);

        if (reserved is not null && token is not null)
            Write(reserved, wish.TokenFile!, token);
        using (var file = new FileStream(folder.UnfinishedStore, FileMode.Open, FileAccess.ReadWrite))
            file.Flush(flushToDisk: true);
        File.Move(folder.UnfinishedStore, folder.Store);
        LibC.SyncFolder(folder.Path);
        return new CreatedStore(kek.Place.Spoken, kek.WasCreated, kek.Warnings, token);
    }

    private static FirstToken? Fill(
        string path, StoreWish wish, InstanceRow instance, KeyEncryptionKey kek, Surroundings around, DateTimeOffset now)
    {
        var nowMs = now.ToUnixTimeMilliseconds();
        var team = new TeamRow { Id = Guid.CreateVersion7(now), Name = "Default", CreatedAt = nowMs, UpdatedAt = nowMs };
        var keys = VaultKeys.Create(kek, instance.Id, team.Id, around.Random);
        var audit = new SetupAudit("system", "keypace", SetupAudit.CommandLine, null, now);

        using var db = new KeypaceDb(StoreSchema.Current.OptionsFor(path));
        db.Add(instance);
        db.Add(team);
        db.AddRange(keys.Select(one => WrappedKeys.ToRow(one, nowMs)));
        db.Add(audit.TeamCreated(team));
        var ownerId = Guid.CreateVersion7(now);   // kept for the owner when there is none yet: see Claim
        if (wish.Owner is not null)
        {
            var owner = wish.Owner.ToRow(team.Id, now);
            owner.Id = ownerId;
            instance.ClaimedAt = nowMs;
            db.Add(owner);
            db.Add(audit.OwnerCreated(owner));
        }

        FirstToken? token = null;
        if (wish.TokenFile is not null)
        {
            if (!VaultKeys.Unlock(kek, instance.Id, keys).TryGet(out var vault, out var refusal))
                throw new InvalidOperationException(refusal.Detail);
            using (vault)
                token = FirstToken.Create(vault, team.Id, ownerId, around.Random, now);
            db.Add(token.Row);
            db.Add(audit.TokenCreated(token.Row));
        }

        db.SaveChanges();
        return token;
    }

    private static Outcome<FoundKek> FindKek(KekQuestion question, RandomBytes random, Undo undo)
    {
        var folder = KekPlace.Find(question).TryGet(out var place, out _) ? Path.GetDirectoryName(place.Path) : null;
        var folderExisted = folder is null || Directory.Exists(folder);
        if (!MasterKeys.LoadOrCreate(question, random).TryGet(out var kek, out var refusal))
            return refusal;
        if (!folderExisted)
            undo.Add(() => Directory.Delete(folder!));   // refuses where somebody else has put something into it meanwhile
        if (kek.WasCreated)
            undo.Add(() => File.Delete(kek.Place.Path!));
        return kek;
    }

    private static void DeleteUnfinished(DataFolder folder)
    {
        foreach (var suffix in (ReadOnlySpan<string>)["", "-wal", "-shm", "-journal"])
            File.Delete(folder.UnfinishedStore + suffix);
    }

    /// <summary>The name is taken first, so that nothing is made where the token could not be handed over.</summary>
    private static Outcome<(FileStream? Stream, bool IsReserved)> ReserveTokenFile(string? path, Undo undo)
    {
        if (path is null)
            return (null, false);
        if (!TokenFiles.Reserve(path).TryGet(out var stream, out var refusal))
            return refusal;
        undo.Add(() => File.Delete(path));
        return (stream, true);
    }

    private static void Write(FileStream file, string path, FirstToken token)
    {
        TokenFiles.Write(file, token);
        LibC.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}

/// <summary>Files that hold one access token, for the person who asked for it (0600, never over an existing file).</summary>
internal static class TokenFiles
{
    /// <summary>Refuses with <c>file_exists</c> or <c>file_not_written</c>.</summary>
    public static Outcome<FileStream> Reserve(string path)
    {
        try
        {
            return DataFolder.CreateFile(path);
        }
        catch (IOException) when (File.Exists(path))
        {
            return new Refusal(RefusalReason.Conflict, "file_exists", $"There is already a file {path}; it was left as it is. Name another for the token.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new Refusal(RefusalReason.Unavailable, "file_not_written", $"The token cannot be written to {path}: {failure.Message}");
        }
    }

    public static void Write(FileStream file, FirstToken token)
    {
        file.Write(Encoding.ASCII.GetBytes(token.Token.Reveal() + "\n"));
        file.Flush(flushToDisk: true);
    }
}
