using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Server.People.SettingUp;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.People.SignIn;

/// <summary>The ways into a session, each audited.</summary>
internal sealed class SignInOperations(
    Store store, Sessions sessions, SignInTries tries, KnownBrowsers browsers, RefusedSignIns refused, SignInLinks links, Passwords passwords, TimeProvider time)
{
    // The same for an address that nobody has, after the same work.
    private static readonly Refusal _wrong = new(
        RefusalReason.Unauthenticated, "sign_in_refused", "No account has this e-mail address and password. Check both; capital letters count in the password.");

    private static readonly Refusal _busy = new(
        RefusalReason.Unavailable, "sign_in_busy", "Too many people sign in at once. Try again in a few seconds; your password was not looked at.", RetryAfter: TimeSpan.FromSeconds(5));

    private static readonly Refusal _badLink = new(
        RefusalReason.Forbidden, "sign_in_link_refused", "This sign-in link was used already, or is older than ten minutes. Ask for a new one, or sign in with a password.");

    /// <summary>Refuses with <c>sign_in_refused</c>, <c>sign_in_locked</c> or <c>sign_in_busy</c>.</summary>
    /// <param name="from">The address that the request came from.</param>
    /// <param name="browser">What the browser was given when it last signed in; null for nothing.</param>
    public async Task<Outcome<Entry>> WithPasswordAsync(string email, string password, string? browser, string from, string requestId, CancellationToken ct)
    {
        var key = NewOwner.KeyOf(email.Length > 254 ? email[..254] : email);
        MemberRow? member;
        await using (var db = store.Read())
            member = await db.Members.FirstOrDefaultAsync(row => row.EmailKey == key, ct);
        if (!tries.Reserve(key, from, member is null ? null : browsers.Of(browser, member.Id)).TryGet(out var counted, out var locked))
        {
            refused.Note(member, isLocked: true, from, requestId);
            return locked;
        }

        var isRight = password.Length <= 2 * PasswordRules.MostCharacters ? await passwords.VerifyAsync(member?.PasswordHash, password, ct) : false;
        if (isRight is null)
        {
            tries.TakeBack(counted);
            return _busy;
        }

        if (isRight is false || member is null || !AccessWords.TryParseRole(member.Role, out var role))
        {
            refused.Note(member, isLocked: false, from, requestId);
            return _wrong;
        }

        tries.WasRight(counted);
        return new Entry(await BeginAsync(member, role, "password", null, from, requestId, ct), browsers.Create(member.Id));
    }

    /// <summary>Refuses with <c>sign_in_link_refused</c>.</summary>
    public async Task<Outcome<Entry>> WithLinkAsync(string token, string from, string requestId, CancellationToken ct)
    {
        if (links.Take(token) is not { } link || !sessions.Stands(link.Opener))
            return _badLink;
        await using var db = store.Read();
        var member = await db.Members.FirstOrDefaultAsync(row => row.Id == link.MemberId, ct);
        if (member is null || !AccessWords.TryParseRole(member.Role, out var own))
            return _badLink;
        return new Entry(await BeginAsync(member, link.Role < own ? link.Role : own, "link", link.Opener, from, requestId, ct), null);
    }

    /// <summary>Whether a link would open a session now. Looking at it changes nothing.</summary>
    public bool IsGoodLink(string token) => links.Find(token) is { } link && sessions.Stands(link.Opener);

    /// <summary>For somebody who has just proved who they are, by the set-up link.</summary>
    public async Task<Entry?> AsNewOwnerAsync(string email, string from, string requestId, CancellationToken ct)
    {
        var key = NewOwner.KeyOf(email);
        await using var db = store.Read();
        return await db.Members.FirstOrDefaultAsync(row => row.EmailKey == key, ct) is { } owner
            ? new Entry(await BeginAsync(owner, Role.Owner, "set-up link", null, from, requestId, ct), browsers.Create(owner.Id))
            : null;
    }

    private async Task<string> BeginAsync(MemberRow member, Role role, string how, SessionOpener? openedBy, string from, string requestId, CancellationToken ct)
    {
        await using (var change = await store.BeginChangeAsync(ct))
        {
            var audit = new SetupAudit($"member:{member.Id}", member.Email, from, requestId, time.GetUtcNow());
            change.Db.Add(audit.SignedIn(member, how));
            await change.CommitAsync(ct);
        }

        return await sessions.BeginAsync(member, role, openedBy, ct);
    }
}

/// <summary>Somebody is in.</summary>
/// <param name="Session">The text of the session's cookie.</param>
/// <param name="Browser">What the browser is to show next time; null where no password was given.</param>
internal readonly record struct Entry(string Session, string? Browser);
