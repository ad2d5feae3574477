using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>The part of the journal that knows the limits beside the rate limit.</summary>
internal sealed partial class PaceJournal
{
    /// <summary>No use counts longer: a calendar day and what lies around it.</summary>
    private const long LongestKept = 27L * 3600 * SendWindow.Second;

    private long WallMs => _clock.Time.GetUtcNow().ToUnixTimeMilliseconds();

    public UsedBefore RecallUses(Guid groupId, int standingCredit, long standingTokens)
    {
        lock (_gate)
        {
            var now = _clock.Now;
            var past = _state.Groups.GetValueOrDefault(groupId);
            var unknown = new List<UnknownUse>();
            foreach (var (at, failures) in _state.UnknownCredits)
            {
                if (past?.Uses?.Unknown.Exists(one => one is { IsLast: true, IsOfOther: false } && one.At == at) == true)
                {
                    continue;   // it ran then: its own credit is known
                }

                unknown.Add(new UnknownUse(at, _clock.WallAt(at, now), (long)standingCredit * failures, standingTokens * failures));
            }

            if (past?.Uses is not { } uses || _state.UnknownFullAt > now - LongestKept)
            {
                // A group of which nothing is noted has used nothing since uses are noted; before that, the records of usage tell.
                return new UsedBefore([]) { Unknown = unknown, IsComplete = past is not { IsFromBefore: true } && _state.UsesKnownSince <= now - LongestKept };
            }

            if (!past.IsFromBefore)
                return new UsedBefore([]) { Unknown = unknown, IsComplete = true };

            uses.Forget(now);
            unknown.AddRange(uses.Unknown.Select(one => new UnknownUse(one.At, WallOf(one.WallMs), one.Requests, one.Tokens, one.IsLast)));
            return new UsedBefore([.. uses.Over.OrderBy(use => use.At).Select(use =>
                new PastUse(WallOf(use.WallMs), use.Model, use.Requests, use.Input, use.Output) { Tick = use.At, Source = use.Source, Breadth = use.Breadth })])
            {
                IsComplete = true,
                Unknown = unknown,
                Running = [.. uses.Left],
                Limits = [.. uses.Limits],
            };
        }
    }

    public void NoteUses(Guid groupId, RateLimit limit, long guard, UseBlock uses)
    {
        lock (_gate)
            Write(Noted(groupId, Past(groupId, limit, guard), uses, _clock.Now));
    }

    private static DateTimeOffset WallOf(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    /// <summary>Takes the uses in; the line that says them.</summary>
    private byte[] Noted(Guid groupId, GroupPast group, UseBlock block, long now)
    {
        var uses = group.Uses ??= new NotedUses();
        var wallMs = WallMs;
        uses.KeepFor(block.Keep);
        uses.TokenCredit = block.TokenCredit;
        uses.Add(block.Notes, now, wallMs);
        if (block.Limits is { } limits)
        {
            uses.Limits.Clear();
            uses.Limits.AddRange(limits);
        }

        return NotedUsesText.Line(groupId, uses, now, wallMs, block);
    }
}
