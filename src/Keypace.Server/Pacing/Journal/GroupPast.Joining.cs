using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>Keys came from another group, and nobody noted what they brought: all that counts there counts here. More than was theirs, never less.</summary>
internal sealed partial class GroupPast
{
    /// <param name="from">What is known of the group that they left.</param>
    /// <param name="failures">Ticks before which the power failed: each may hide a credit of that group.</param>
    /// <param name="wallMsOf">The wall clock at a tick.</param>
    public GroupPast JoinedBy(GroupPast from, GroupMove move, IReadOnlyList<SentRun> failures, Func<long, long> wallMsOf)
    {
        var hidden = failures.Select(failure => new SentRun(failure.At, (int)Math.Min((long)move.Credit * failure.Count, RateLimit.MostCount))).ToList();
        var joined = new GroupPast(
            new RateLimit(Math.Max(Limit.Count, from.Limit.Count), Math.Max(Limit.Seconds, from.Limit.Seconds)), Math.Max(Guard, from.Guard))
        {
            IsFromBefore = true,
            FullAt = Math.Max(FullAt, from.FullAt),
            Runs = [.. Runs.Concat(from.Runs).Concat(hidden).OrderBy(run => run.At)],
            AssumedAt = hidden.Select(run => run.At).Append(AssumedAt).Append(from.AssumedAt).Max(),
            Uses = Uses is null && from.Uses is null ? null : Joined(Uses ?? SendsAsUses(wallMsOf), from.Uses ?? from.SendsAsUses(wallMsOf), move, failures, wallMsOf),
        };
        foreach (var one in (GroupPast[])[this, from])
            joined.RuledBefore(one.OlderSpan, one.OlderUntil, long.MinValue);

        return joined;
    }

    private static NotedUses Joined(NotedUses here, NotedUses from, GroupMove move, IReadOnlyList<SentRun> failures, Func<long, long> wallMsOf)
    {
        var uses = new NotedUses { LongestRun = Math.Max(here.LongestRun, from.LongestRun) };
        uses.KeepFor(Math.Max(here.Keep, from.Keep));
        uses.Limits.AddRange(here.Limits.Concat(from.Limits)
            .GroupBy(limit => limit.Quota with { Limit = Quota.MostLimit }).Select(alike => new CountedLimit(alike.Key, alike.Max(limit => limit.Until))));
        // Where they come from no limit may have named the models that one names here.
        foreach (var use in here.Over.Concat(from.Over.Select(use => use.Model is null && use.Breadth == UseBreadth.Model ? use with { Breadth = UseBreadth.AnyModel } : use)))
            uses.AddOver(use);

        uses.Unknown.AddRange(here.Unknown);
        uses.Unknown.AddRange(from.Unknown.Select(one => one with { IsOfOther = true }));
        foreach (var (at, count) in failures)
        {
            if (!from.Unknown.Exists(one => one is { IsLast: true, IsOfOther: false } && one.At == at))   // it did not run then, as far as the disk has it
            {
                uses.Unknown.Add(new NotedUnknown(at, wallMsOf(at), (long)move.Credit * count, move.Tokens * count, IsLast: false, IsOfOther: true));
            }
        }

        uses.Left.AddRange([.. here.Left, .. from.Left.Select(left => left with { IsUnknown = left.IsUnknown || left.Model is null })]);
        return uses;
    }

    /// <summary>A group without limits beside the rate limit has only its sends to tell of.</summary>
    private NotedUses SendsAsUses(Func<long, long> wallMsOf)
    {
        var uses = new NotedUses();
        uses.KeepFor(Span);
        foreach (var (at, count) in Runs)
            uses.AddOver(new NotedUse(at, wallMsOf(at), null, default, count, 0, 0));

        if (FullAt > long.MinValue)
            uses.Unknown.Add(new NotedUnknown(FullAt, wallMsOf(FullAt), Limit.Count, 0, IsLast: false));

        return uses;
    }
}
