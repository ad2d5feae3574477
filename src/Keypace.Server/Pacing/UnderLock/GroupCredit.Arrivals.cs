using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>What came along with keys of another group is told to the ledger like what was sent here.</summary>
internal sealed partial class GroupCredit
{
    /// <summary>It must outlive this process: nothing is granted before it is on the disk. True when the group began to run for it.</summary>
    public bool WriteDown(CarriedUse came, long now)
    {
        if (came.Sends.Count == 0 && came.Running.Count == 0 && came.Quotas.All(quota => quota.Uses.Count == 0))
            return false;

        var begins = _note is null && TryRun(now);   // the journal must know that something counts here
        if (!begins)
            NoteReach(now);

        var reach = pacer.Reach(now);
        foreach (var send in came.Sends.Where(send => send.At + reach > now).OrderBy(send => send.At))
        {
            for (var i = 0L; i < send.Amount; i++)
                SentElsewhere(send.At);
        }

        if (_unsaved is not null)
        {
            WriteDownUses(came, now);
            _mustBeDurable = ledger.WriteNow(group.Id, pacer.Limit, pacer.Guard, _unsaved.Take());
        }

        return begins;
    }

    /// <summary>The same for the limits beside the rate limit; what runs counts as reserved, and as over.</summary>
    private void WriteDownUses(CarriedUse came, long now)
    {
        if (_uses is null && pacer.CountedLimits.Count == 0)
            return;

        if (ConfigureNotes(now) is { } named)
        {
            var counted = pacer.CountedLimits;
            List<CarriedQuota> limits = [.. came.Quotas.Where(each => (each.Quota.Model is null || !named.Contains(each.Quota.Model)) && counted.Any(limit => limit.Quota.CountsLike(each.Quota)))];
            if (!limits.Exists(each => each.Quota is { Dimension: QuotaDimension.Requests, Model: null }))
                limits.Add(new CarriedQuota(new Quota(QuotaDimension.Requests, 1, 1), came.Reach, came.Sends));   // for one that may be set

            NotePast(limits, came.Source, now);
        }

        foreach (var query in came.Running)
        {
            _uses!.Past(
                new PastUse(clock.WallAt(now, now), query.Need.Model, 1, query.Need.InputTokens, query.Need.OutputTokens) { Source = came.Source }, now);
        }

        NoteUses(TokensAhead(pacer.TokensOut + _tokens.Left));
    }

    /// <summary>
    /// What limits count and no note tells of. Each kind once: the newest as the limit with the shortest interval knows it, what is older as the next one. Of tokens in and of
    /// tokens in all both are noted: more than it was, never less.
    /// </summary>
    private void NotePast(IReadOnlyList<CarriedQuota> limits, Guid source, long now)
    {
        foreach (var alike in limits.GroupBy(each => (each.Quota.Dimension, each.Quota.Model)))
        {
            foreach (var use in KnownUse.Layered(alike.OrderBy(each => each.Reach).Select(each => new KnownUse(each.Reach, [.. each.Uses])), now))
                _uses!.Past(PastOf(alike.Key.Dimension, alike.Key.Model, use.Amount, source, use.At, now), use.At);
        }
    }

    private PastUse PastOf(QuotaDimension dimension, string? model, long amount, Guid source, long at, long now) => new(
        clock.WallAt(at, now), model,
        dimension == QuotaDimension.Requests ? amount : 0,
        dimension is QuotaDimension.Tokens or QuotaDimension.InputTokens ? amount : 0,
        dimension == QuotaDimension.OutputTokens ? amount : 0) { Source = source, Breadth = model is null ? UseBreadth.Model : UseBreadth.ModelOnly };
}
