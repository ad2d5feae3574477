using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Platform.Settings;
using Keypace.Server.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Settings;

/// <summary>The server's settings, and those that a team may change while it runs.</summary>
internal sealed class SettingsOperations(Platform.Settings.Settings settings, KeySnapshots snapshots, ManagementChanges changes)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.ReadTeam;
    public const Need ToAdminister = Need.Administer;

    /// <summary>The one setting that can be changed without a new start.</summary>
    public const string Guard = "Pacing:GuardMs";

    /// <summary>Where a value comes from that the team has set here.</summary>
    public const string FromTeam = "team";

    /// <summary>In a change: go back to what the server was started with.</summary>
    private const int ServersGuard = -1;

    public Outcome<IReadOnlyList<Setting>> List(Caller caller) => caller.Check(ToRead) is { } forbidden
        ? forbidden
        : Outcomes.Of(List(snapshots.Current.Guards.TryGetValue(caller.TeamId, out var guard) ? guard : null));

    public async Task<Outcome<IReadOnlyList<Setting>>> ChangeAsync(SettingsChange wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToAdminister) is { } forbidden)
            return forbidden;
        var problems = new FieldProblems();
        if (wanted.GuardMs != ServersGuard)
            problems.CheckRange("guard_ms", wanted.GuardMs, 0, KeyPacingFields.MostGuardMs);
        if (problems.Refusal is { } refused)
            return refused;
        return await changes.RunAsync(caller, async change =>
        {
            var team = await change.Db.Teams.FirstAsync(row => row.Id == caller.TeamId, ct);
            var before = team.GuardMs;
            team.GuardMs = wanted.GuardMs is { } guard ? (guard == ServersGuard ? null : guard) : before;
            if (team.GuardMs == before)
                return Outcomes.Of(List(before));
            team.UpdatedAt = change.NowMs;
            change.Audit(AuditedSubject.Team, "settings_changed", team.Id.ToString(), team.Name, new SettingsChange(before ?? ServersGuard), new SettingsChange(team.GuardMs ?? ServersGuard));
            var after = team.GuardMs;
            change.Publish(published => published.PutGuard(caller.TeamId, after));
            return Outcomes.Of(List(after));
        }, ct);
    }

    private IReadOnlyList<Setting> List(int? guard) =>
    [
        .. ShownSettings.Of(settings).Select(setting => guard is { } set && setting.Name == Guard
            ? setting with { Value = set.ToString(System.Globalization.CultureInfo.InvariantCulture), Source = FromTeam }
            : setting),
    ];
}
