using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.Requests;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.People;

/// <summary>The team and who is in it. There is one team and one owner so far.</summary>
internal sealed class PeopleOperations(Store store, ManagementChanges changes)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.Read;
    public const Need ToReadTeam = Need.ReadTeam;
    public const Need ToAdminister = Need.Administer;

    /// <summary>The member behind the caller, whose role may be higher than the token's.</summary>
    public async Task<Outcome<User>> MeAsync(Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        var member = await db.Members.FirstOrDefaultAsync(row => row.Id == caller.Grant.MemberId && row.TeamId == caller.TeamId, ct);
        return member is null
            ? new Refusal(RefusalReason.NotFound, "not_found", "The member who made this access token is no longer in the team.")
            : ToUser(member);
    }

    public async Task<Outcome<IReadOnlyList<Team>>> TeamsAsync(Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        var teams = await db.Teams.Where(row => row.Id == caller.TeamId).ToListAsync(ct);
        return Outcomes.Of<IReadOnlyList<Team>>(teams.ConvertAll(ToTeam));
    }

    public async Task<Outcome<Team>> TeamAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        return (await FindAsync(db, idOrName, caller, ct)).TryGet(out var team, out var refusal) ? ToTeam(team) : refusal;
    }

    public async Task<Outcome<Team>> ChangeTeamAsync(string idOrName, TeamChange wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToAdminister) is { } forbidden)
            return forbidden;
        return await changes.RunAsync<Team>(caller, async change =>
        {
            if (!(await FindAsync(change.Db, idOrName, caller, ct)).TryGet(out var row, out var refusal))
                return refusal;
            var before = ToTeam(row);
            if (wanted.Name is null)
                return before;
            if (!EntityName.Parse(wanted.Name).TryGet(out var name, out refusal))
                return refusal;
            if (name.Text == row.Name)
                return before;
            (row.Name, row.UpdatedAt) = (name.Text, change.NowMs);
            change.Audit(AuditedSubject.Team, "renamed", row.Id.ToString(), row.Name, before, ToTeam(row));
            return ToTeam(row);
        }, ct);
    }

    public async Task<Outcome<Team>> DeleteTeamAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToAdminister) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        return (await FindAsync(db, idOrName, caller, ct)).TryGet(out var team, out var refusal)
            ? new Refusal(RefusalReason.Conflict, "last_team",
                $"'{team.Name}' is the only team of this server, which cannot be without one. To start anew, stop the server and make another data folder with 'keypace init'.")
            : refusal;
    }

    public async Task<Outcome<IReadOnlyList<User>>> TeamUsersAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToReadTeam) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        return (await FindAsync(db, idOrName, caller, ct)).TryGet(out _, out var refusal) ? await MembersAsync(caller, ct) : refusal;
    }

    public async Task<Outcome<IReadOnlyList<User>>> MembersAsync(Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToReadTeam) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        var members = await db.Members.Where(row => row.TeamId == caller.TeamId).OrderBy(row => row.CreatedAt).ToListAsync(ct);
        return Outcomes.Of<IReadOnlyList<User>>(members.ConvertAll(ToUser));
    }

    private static async Task<Outcome<TeamRow>> FindAsync(KeypaceDb db, string idOrName, Caller caller, CancellationToken ct)
    {
        var team = await db.Teams.FirstOrDefaultAsync(row => row.Id == caller.TeamId, ct);
        var isIt = team is not null
            && ((Guid.TryParse(idOrName, out var id) && id == team.Id) || EntityName.KeyOf(idOrName) == EntityName.KeyOf(team.Name));
        return isIt ? team! : Refusal.NotFound("team", idOrName);
    }

    private static Team ToTeam(TeamRow row) => new(row.Id.ToString(), row.Name, row.CreatedAt / 1000, row.UpdatedAt / 1000);

    private static User ToUser(MemberRow row) => new(
        row.Id.ToString(), row.Email, row.FamilyName, row.GivenName, "ACTIVE", null, row.CreatedAt / 1000, row.UpdatedAt / 1000, row.TeamId.ToString(), row.Role);
}
