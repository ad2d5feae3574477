using Keypace.Domain;
using Keypace.Server.Platform;
using Keypace.Server.Storage;

namespace Keypace.Server.People.SettingUp;

/// <summary><c>keypace init</c>.</summary>
internal static class Initialisation
{
    public static async Task<int> RunAsync(InitOptions options, Surroundings around, CancellationToken ct)
    {
        if (options.OwnerEmail is null && options.PasswordFile is not null)
        {
            await around.Errors.WriteLineAsync("--password-file is the owner's: give --owner-email too, or leave it out.");
            return ExitCodes.WrongUsage;
        }

        NewOwner? owner = null;
        if (options.OwnerEmail is not null)
        {
            // Before the slow hash, and before the folder is looked at: usage errors come first.
            if (!(await PasswordSource.ReadAsync(options.PasswordFile, around, ct)).TryGet(out var password, out var wrong)
                || !(await NewOwner.CreateAsync(options.OwnerEmail, password, around.Passwords, ct)).TryGet(out owner, out wrong))
            {
                await around.Errors.WriteLineAsync(wrong.Detail);
                return ExitCodes.WrongUsage;
            }
        }

        var folder = new DataFolder(options.Data);
        if (Create(folder, options, owner, around).TryGet(out var created, out var refusal))
        {
            await DescribeAsync(folder, options, created, around);
            return ExitCodes.Done;
        }

        await around.Errors.WriteLineAsync(refusal.Detail);
        return refusal.Code == NewFolder.Broken ? ExitCodes.Failed : ExitCodes.Refused;
    }

    private static Outcome<CreatedStore> Create(DataFolder folder, InitOptions options, NewOwner? owner, Surroundings around)
    {
        if (folder.FirstForeignEntry() is { } foreign)
        {
            return new Refusal(RefusalReason.Conflict, "folder_in_use", folder.HasStore
                ? $"There is a store in {folder.Path} already; nothing was changed. Start it with: keypace serve --data {folder.Path}"
                : $"The folder {folder.Path} holds other things ('{foreign}'); nothing was changed. Name an empty or a new one.");
        }

        return NewFolder.Make(
            folder, _ => StoreCreation.Create(new StoreWish(folder, options.KekFile, owner, options.TokenFile), around), folderLock => folderLock.Dispose());
    }

    private static async Task DescribeAsync(DataFolder folder, InitOptions options, CreatedStore created, Surroundings around)
    {
        foreach (var warning in created.Warnings)
            await around.Errors.WriteLineAsync(warning);
        await around.Output.WriteLineAsync($"Made the store {folder.Store}.");
        await around.Output.WriteLineAsync(created.KekWasCreated
            ? $"Its key-encryption key is {created.KekPlace}: keep a copy somewhere else, for without it no stored key can be opened."
            : $"Its key-encryption key is the one that {created.KekPlace} holds.");
        if (options.OwnerEmail is not null)
            await around.Output.WriteLineAsync($"The owner is {options.OwnerEmail.Trim()}.");
        if (created.Token is not null)
            await around.Output.WriteLineAsync($"An admin access token ({created.Token.Token.Id}, 90 days) is in {options.TokenFile}.");
        await around.Output.WriteLineAsync(options.OwnerEmail is null
            ? $"It has no owner yet: 'keypace serve --data {folder.Path}' gives a link to set it up."
            : $"Start it with: keypace serve --data {folder.Path}");
    }
}
