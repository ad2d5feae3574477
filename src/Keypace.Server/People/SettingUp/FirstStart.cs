using Keypace.Domain;
using Keypace.Server.Platform;
using Keypace.Server.Storage;

namespace Keypace.Server.People.SettingUp;

/// <summary>Opens the store for <c>serve</c>; where there is none, makes one without an owner.</summary>
internal static class FirstStart
{
    /// <summary>Refuses with the codes of <see cref="StoreOpening"/> and <see cref="StoreCreation"/>.</summary>
    public static Outcome<OpenedStore> Open(DataFolder folder, string? kekFile, Surroundings around)
    {
        if (folder.HasStore)
            return StoreOpening.Open(folder, kekFile, around.Variable, StoreSchema.Current);
        if (folder.FirstForeignEntry() is { } foreign)
        {
            return new Refusal(
                RefusalReason.Conflict,
                "folder_in_use",
                $"The folder {folder.Path} has no store, but other things ('{foreign}'). Name the store's folder, or an empty one, with --data.");
        }

        return NewFolder.Make(folder, folderLock => Make(folder, kekFile, around, folderLock), _ => { });
    }

    /// <summary>The link to a terminal, to anything else only where it is written: logs are kept and sent around.</summary>
    public static async Task HandOutLinkAsync(Claim claim, string address, DataFolder folder, Surroundings around)
    {
        var link = claim.WriteLink(address.Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal).Replace("//[::]", "//[::1]", StringComparison.Ordinal));
        await around.Output.WriteLineAsync(around.IsTerminal
            ? $"It has no owner yet. Open this link within an hour to become the owner: {link}"
            : $"It has no owner yet. The link to become the owner is in {folder.SetupLink}, valid for an hour.");
    }

    private static Outcome<OpenedStore> Make(DataFolder folder, string? kekFile, Surroundings around, FolderLock folderLock)
    {
        if (!StoreCreation.Create(new StoreWish(folder, kekFile, null, null), around).TryGet(out var created, out var refusal))
            return refusal;
        if (created.KekWasCreated)
            around.Errors.WriteLine($"The new key-encryption key is {created.KekPlace}: keep a copy somewhere else, for without it no stored key can be opened.");
        return StoreOpening.Open(folder, kekFile, around.Variable, StoreSchema.Current, folderLock);
    }
}
