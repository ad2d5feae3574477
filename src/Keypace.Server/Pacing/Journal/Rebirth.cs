using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>
/// Turns what a process before this one noted into what this one has to count. The wall clock has no say: between two processes of one boot
/// the monotonic clock goes on; after a reboot only the time since the machine started is certain to have passed.
/// </summary>
internal sealed class Rebirth(JournalState? before, string bootId, long now, long uptime, long wallMs = 0)
{
    /// <summary>The resolution of /proc/uptime and then some.</summary>
    private const long UptimeSlack = 50_000_000;

    private readonly bool _isSameBoot = before is not null && bootId.Length > 0 && before.BootId == bootId;

    /// <param name="isStoreNew">Nothing can have been sent: without a journal nothing is counted.</param>
    public JournalState State(bool isStoreNew)
    {
        var state = new JournalState
        {
            BootId = bootId.Length > 0 ? bootId : "-",
            Began = now,
            BeganUptime = uptime,
            Latest = now,
            Mark = now,
        };
        if (before is null)
        {
            state.UnknownFullAt = isStoreNew ? long.MinValue : now;
            state.UsesKnownSince = isStoreNew ? long.MinValue : now;
            return state;
        }

        state.UnknownFullAt = before.UnknownFullAt == long.MinValue ? long.MinValue : Translate(before.UnknownFullAt);
        state.UsesKnownSince = before.UsesKnownSince switch { long.MaxValue => now, long.MinValue => long.MinValue, var since => Translate(since) };
        state.UnknownCredits.AddRange(before.UnknownCredits.Select(credits => credits with { At = Translate(credits.At) }));
        if (!_isSameBoot && !before.IsClean)
        {
            state.UnknownCredits.Add(new SentRun(now - uptime, 1));   // beside those of failures before it, which may count as well
        }

        foreach (var (id, group) in before.Groups)
            state.Groups.Add(id, Reborn(group));

        foreach (var move in before.Moves)
            Join(state, move);

        state.Forget(now);
        return state;
    }

    /// <summary>Keys were on their way: the store may have them there, so all that counts where they came from counts there as well.</summary>
    private void Join(JournalState state, GroupMove move)
    {
        var from = state.Groups[move.From];
        if (!state.Groups.TryGetValue(move.To, out var to))
            to = new GroupPast(from.Limit, from.Guard) { IsFromBefore = true };

        state.Groups[move.To] = to.JoinedBy(from, move, state.UnknownCredits, at => WallOf(at, wallMs));
    }

    /// <summary>
    /// After a kill every line that was handed over is there: the group sent what they say and at most its credit besides. After a power
    /// failure the last lines may be missing: it may have sent its whole limit.
    /// </summary>
    private GroupPast Reborn(GroupPast group)
    {
        var fullAt = group.FullAt == long.MinValue ? long.MinValue : Translate(group.FullAt);
        var runs = group.Runs.ConvertAll(run => run with { At = Translate(run.At) });
        var assumedAt = long.MinValue;
        if (group.IsRunning)
        {
            assumedAt = _isSameBoot ? Translate(before!.Mark) : now - uptime;
            if (_isSameBoot && group.Credit != GroupPast.Unbounded)
            {
                runs.AddRange(group.Credit > 0 ? [new SentRun(assumedAt, group.Credit)] : []);
                assumedAt = group.Credit > 0 ? assumedAt : long.MinValue;
            }
            else
            {
                (fullAt, runs) = (Math.Max(fullAt, assumedAt), []);
            }
        }

        var reborn = new GroupPast(group.Limit, group.Guard) { IsFromBefore = true, FullAt = fullAt, Runs = runs, AssumedAt = assumedAt, Uses = Reborn(group, group.Uses) };
        if (group.OlderUntil > long.MinValue)
            reborn.RuledBefore(group.OlderSpan, Ahead(group.OlderUntil), now);

        return reborn;
    }

    /// <summary>Whatever ran counts as it was reserved; nobody will say any more what it really used.</summary>
    private NotedUses? Reborn(GroupPast group, NotedUses? before)
    {
        if (before is null)
            return null;

        var uses = new NotedUses { LongestRun = before.LongestRun };
        uses.KeepFor(before.Keep);
        uses.Limits.AddRange(before.Limits.Select(limit => limit.Until == long.MaxValue ? limit : limit with { Until = Ahead(limit.Until) }));
        foreach (var use in before.Over.Concat(before.Running.Values))
        {
            var at = Translate(use.At);
            uses.AddOver(use with { At = at, WallMs = WallOf(at, use.WallMs) });
        }

        foreach (var one in before.Unknown)
        {
            var at = Translate(one.At);
            uses.Unknown.Add(one with { At = at, WallMs = WallOf(at, one.WallMs) });
        }

        var endedAt = EndedAt(group);
        uses.Left.AddRange(before.Left.Select(left => left with { Until = Ahead(left.Until) }));
        uses.Left.AddRange(before.Running.Values.GroupBy(use => (use.Model, use.Source)).Select(model =>
            new LeftRunning(endedAt + before.MayRunOn, model.Count(), model.Key.Model, Source: model.Key.Source)));
        if (group.IsRunning)
        {
            var requests = group.Credit == GroupPast.Unbounded ? group.Limit.Count : group.Credit;
            uses.Unknown.Add(new NotedUnknown(endedAt, WallOf(endedAt, wallMs), requests, before.TokenCredit, IsLast: !_isSameBoot));
            uses.Left.Add(new LeftRunning(endedAt + before.MayRunOn, requests, null, IsUnknown: true));
        }

        uses.Left.RemoveAll(left => left.Count == 0);
        uses.Unknown.RemoveAll(one => one is { Requests: 0, Tokens: 0 });
        uses.Forget(now);
        return uses;
    }

    /// <summary>The last tick at which the process before can have sent.</summary>
    private long EndedAt(GroupPast group) =>
        !_isSameBoot ? now - uptime : Translate(group.IsRunning ? before!.Mark : before!.Latest);

    /// <summary>Within one boot the monotonic clock says it; after a reboot the wall clock, where it is not behind what was noted.</summary>
    private long WallOf(long at, long noted) => _isSameBoot
        ? wallMs - ((now - at) / MonotonicClock.NanosecondsPerMillisecond)
        : Math.Min(noted, wallMs - ((now - at) / MonotonicClock.NanosecondsPerMillisecond));

    /// <summary>The same of a tick that may be still to come; none of what was left of it has certainly passed while the machine was off.</summary>
    private long Ahead(long tick) => tick <= before!.Latest ? Translate(tick)
        : _isSameBoot ? Translate(before.Latest) + (tick - before.Latest)
        : now - uptime + (tick - before.Latest);

    private long Translate(long tick)
    {
        if (_isSameBoot)
        {
            // A monotonic clock that ran ahead of the machine's own uptime has been tampered with; the smaller age counts.
            var ahead = before!.BeganUptime - before.Began - (uptime - now);
            return Math.Min(now, tick + (ahead > UptimeSlack ? ahead : 0));
        }

        return now - uptime - Math.Max(0, before!.Latest - tick);
    }
}
