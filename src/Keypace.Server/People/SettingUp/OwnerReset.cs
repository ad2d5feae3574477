using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Server.Platform;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.People.SettingUp;

/// <summary><c>keypace owner reset</c>.</summary>
internal static class OwnerReset
{
    public static async Task<int> RunAsync(OwnerResetOptions options, Surroundings around, CancellationToken ct)
    {
        if (options.Email is not null && NewOwner.CheckEmail(options.Email) is { } wrong)
            return await EndAsync(wrong, ExitCodes.WrongUsage, around);
        if (!(await PasswordSource.ReadAsync(options.PasswordFile, around, ct)).TryGet(out var password, out wrong)
            || (wrong = PasswordRules.Check(password)) is not null)
        {
            return await EndAsync(wrong!, ExitCodes.WrongUsage, around);
        }

        var folder = new DataFolder(options.Data);
        if (!StoreOpening.Open(folder, options.KekFile, around.Variable, StoreSchema.Current).TryGet(out var opened, out var refusal))
            return await EndAsync(refusal, ExitCodes.Refused, around);
        await using (opened)
        {
            foreach (var notice in opened.Notices)
                await around.Errors.WriteLineAsync(notice);
            if (!(await ResetAsync(opened, options, password, around, ct)).TryGet(out var owner, out refusal))
                return await EndAsync(refusal, ExitCodes.Refused, around);
            await around.Output.WriteLineAsync($"{owner.Email} has the new password.");
            if (options.TokenFile is not null)
                await around.Output.WriteLineAsync($"A new admin access token (90 days) is in {options.TokenFile}.");
            return ExitCodes.Done;
        }
    }

    private static async Task<Outcome<MemberRow>> ResetAsync(
        OpenedStore opened, OwnerResetOptions options, string password, Surroundings around, CancellationToken ct)
    {
        var hash = await around.Passwords.HashAsync(password, ct);
        var now = around.Time.GetUtcNow();
        await using var change = await opened.Store.BeginChangeAsync(ct);
        var owners = await change.Db.Members.Where(member => member.Role == "owner").ToListAsync(ct);
        if (Choose(owners, options.Email) is not { } owner)
        {
            return new Refusal(
                RefusalReason.Conflict,
                "no_owner",
                owners.Count == 0
                    ? $"The store has no owner yet: 'keypace serve --data {opened.Store.Folder.Path}' gives a link to set it up."
                    : "There are several owners: say with --email which one is meant.");
        }

        var undo = new Undo();
        try
        {
            var emailBefore = owner.Email;
            owner.PasswordHash = hash;
            owner.UpdatedAt = now.ToUnixTimeMilliseconds();
            if (options.Email is not null)
            {
                owner.Email = options.Email.Trim();
                owner.EmailKey = NewOwner.KeyOf(options.Email);
            }

            await change.Db.Sessions.Where(session => session.MemberId == owner.Id).ExecuteDeleteAsync(ct);
            var audit = new SetupAudit("system", "keypace", SetupAudit.CommandLine, null, now);
            change.Db.Add(audit.OwnerReset(owner, emailBefore));
            if (options.TokenFile is not null)
            {
                if (!TokenFiles.Reserve(options.TokenFile).TryGet(out var file, out var refusal))
                    return refusal;
                undo.Add(() => File.Delete(options.TokenFile));
                using (file)
                {
                    var token = FirstToken.Create(opened.Vault, owner.TeamId, owner.Id, around.Random, now);
                    change.Db.Add(token.Row);
                    change.Db.Add(audit.TokenCreated(token.Row));
                    TokenFiles.Write(file, token);
                }
            }

            await change.CommitAsync(ct);
            undo.Nothing();
            return owner;
        }
        finally
        {
            undo.All();
        }
    }

    private static MemberRow? Choose(List<MemberRow> owners, string? email) =>
        owners.Count == 1 ? owners[0] : owners.FirstOrDefault(owner => email is not null && owner.EmailKey == NewOwner.KeyOf(email));

    private static async Task<int> EndAsync(Refusal refusal, int exitCode, Surroundings around)
    {
        await around.Errors.WriteLineAsync(refusal.Detail);
        return exitCode;
    }
}
