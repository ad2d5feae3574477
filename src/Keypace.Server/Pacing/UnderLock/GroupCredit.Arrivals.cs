using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>What came along with keys of another group is told to the ledger like what was sent here.</summary>
internal sealed partial class GroupCredit
{
    /// <summary>It must outlive this process: nothing is granted before it is on the disk. True when the group began to run for it.</summary>
    public bool WriteDown(CarriedUse carried, long now)
    {
        if (carried.Sends.Count == 0 && carried.Running.Count == 0 && carried.Quotas.All(quota => quota.Uses.Count == 0))
            return false;

        var begins = _note is null && TryRun(now);   // the journal must know that something counts here
        foreach (var send in carried.Sends.Where(send => send.At + pacer.Span > now).OrderBy(send => send.At))
        {
            for (var i = 0L; i < send.Amount; i++)
                SentElsewhere(send.At);
        }

        if (_unsaved is not null)
        {
            WriteDownUses(carried, now);
            _mustBeDurable = ledger.WriteNow(group.Id, pacer.Limit, pacer.Guard, _unsaved.Take());
        }

        return begins;
    }

    /// <summary>The same for the limits beside the rate limit; what runs counts as reserved, and as over.</summary>
    private void WriteDownUses(CarriedUse carried, long now)
    {
        if (_uses is null)
            return;

        var sends = new CarriedQuota(new Quota(QuotaDimension.Requests, 1, 1), carried.Reach, carried.Sends);
        var areKnown = carried.Quotas.Any(each => each.Quota is { Dimension: QuotaDimension.Requests, Model: null });
        foreach (var (quota, _, uses) in areKnown ? carried.Quotas : [.. carried.Quotas, sends])
        {
            foreach (var use in uses)
                _uses.Past(PastOf(quota, use.Amount, carried.Source, use.At, now), use.At);
        }

        foreach (var query in carried.Running)
        {
            _uses.Past(
                new PastUse(clock.WallAt(now, now), query.Need.Model, 1, query.Need.InputTokens, query.Need.OutputTokens) { Source = carried.Source }, now);
        }

        NoteUses(pacer.TokensOut + _tokens.Left);
    }

    /// <summary>Of two limits that count the same in two ways both are noted: more than it was, never less.</summary>
    private PastUse PastOf(Quota quota, long amount, Guid source, long at, long now) => new(
        clock.WallAt(at, now), quota.Model,
        quota.Dimension == QuotaDimension.Requests ? amount : 0,
        quota.Dimension is QuotaDimension.Tokens or QuotaDimension.InputTokens ? amount : 0,
        quota.Dimension == QuotaDimension.OutputTokens ? amount : 0) { Source = source };
}
