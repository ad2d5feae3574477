using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>How keys come into another rate group: one leaves with what counts, the other takes it over, and nobody comes in between.</summary>
internal sealed partial class PacedGroup
{
    /// <summary>How long a query may have looked up its key before it comes here.</summary>
    private static readonly long RemembersGone = MonotonicClock.NanosecondsOf(TimeSpan.FromMinutes(15));

    private Dictionary<Guid, (PacedGroup To, long At)>? _gone;   // keys that left: whoever still comes here with one is sent on
    private long _mustBeDurable = long.MinValue;                 // nothing is granted before this note is on the disk

    /// <summary>
    /// Keys of one secret and destination go from one group to another, under both groups' locks and no other: whoever comes waits for these, and
    /// finds everything moved. False, and nothing is moved, when one of the groups was dropped meanwhile.
    /// </summary>
    internal static bool TryMove(PacedGroup from, PacedGroup to, MovingKeys keys)
    {
        var (first, second) = from.Id.CompareTo(to.Id) < 0 ? (from, to) : (to, from);
        List<Ticket> left = [], came = [];
        lock (first.Gate)
        {
            lock (second.Gate)
            {
                if (from._isRetired || to._isRetired)
                {
                    return false;
                }

                var now = from._clock.Now;
                to.Apply(keys.RulesThere, now);
                to.TakeOver(from.Carry(keys, now), keys, from, now);
                from.SendAway(keys, to, now, left);
                MoveLessons(from, to, keys, now);
                if (keys.RulesHere is { } rules)
                {
                    from.Apply(rules, now);
                }

                from.Step(now, left);
                to.Step(now, came);
            }
        }

        WakeAll(left);
        WakeAll(came);
        return true;
    }

    /// <summary>What the hub taught of a secret goes where the secret goes. Of keys that get another secret it stays with the one that they had.</summary>
    private static void MoveLessons(PacedGroup from, PacedGroup to, MovingKeys keys, long now)
    {
        var lessons = keys.IsSameSecret ? from.CarriedLessons(keys.SourceHere, now) : null;
        // A group without keys keeps them for the secret, should it come back.
        if (keys.IsSameSecret || (!keys.SourceStays && keys.RulesHere is not null))
        {
            from.LeaveLessons(keys.SourceHere, now);
        }

        if (lessons is { IsEmpty: false })
        {
            to.TakeUp(lessons with { Source = keys.SourceThere, GroupId = to.Id, BindsSourceOnly = !keys.AreAlone }, now);
            to.Lessons.Come(keys.SourceThere);
        }

        from.KeepLessonsIfAny(now);
        to.KeepLessonsIfAny(now);
    }

    /// <summary>Where a key is that has left this group; null for one that has not.</summary>
    private PacedGroup? GoneTo(Guid apiKeyId) => _gone is not null && _gone.TryGetValue(apiKeyId, out var gone) ? gone.To : null;

    /// <summary>Somebody may still come for a key that left.</summary>
    private bool AwaitsLate(long now) => _gone is not null && _gone.Values.Any(gone => gone.At + RemembersGone > now);

    private CarriedUse Carry(MovingKeys keys, long now)
    {
        var carried = _pacer.Carry(keys.SourceHere, ticket => ticket is PacedTicket paced && keys.Ids.Contains(paced.ApiKeyId), _home.NextNumber, now);
        return keys.IsSameSecret ? carried : carried with { PausedUntil = long.MinValue, PausedWhy = null };
    }

    private void TakeOver(CarriedUse carried, MovingKeys keys, PacedGroup from, long now)
    {
        foreach (var id in keys.Ids)
        {
            _gone?.Remove(id);
        }

        var running = from._pacer.Running.Where(ticket => ticket.Number != 0).ToDictionary(ticket => ticket.Number, ticket => (PacedTicket)ticket);
        _pacer.TakeOver(carried, keys.SourceThere, query =>
        {
            var there = running[query.Number];
            var guest = new Guest(this) { ApiKeyId = there.ApiKeyId };
            there.Follow(guest);
            return guest;
        }, _clock.Time.GetUtcNow(), now);
        HasQuotas |= _pacer.KnowsTokens;
        WriteDown(carried, now);
    }

    /// <summary>What came along must outlive this process like what was sent here: nothing is granted before it is on the disk.</summary>
    private void WriteDown(CarriedUse carried, long now)
    {
        if (carried.Sends.Count == 0 && carried.Running.Count == 0 && carried.Quotas.All(quota => quota.Uses.Count == 0))
        {
            return;
        }

        if (_note is null)
        {
            Run(now);   // the journal must know that something counts here
        }

        var step = SentRuns.StepOf(_pacer.Limit.Count, _pacer.Span);
        foreach (var send in carried.Sends.Where(send => send.At + _pacer.Span > now).OrderBy(send => send.At))
        {
            for (var i = 0L; i < send.Amount; i++)
            {
                _unsaved?.Add(send.At, step);
            }
        }

        if (_unsaved is not null)
        {
            WriteDownUses(carried, now);
            _mustBeDurable = _home.Ledger.WriteNow(Id, _pacer.Limit, _pacer.Guard, _unsaved.Take());
        }
    }

    /// <summary>The same for the limits beside the rate limit; what runs counts as reserved, and as over.</summary>
    private void WriteDownUses(CarriedUse carried, long now)
    {
        if (_uses is null)
        {
            return;
        }

        var sends = new CarriedQuota(new Quota(QuotaDimension.Requests, 1, 1), carried.Reach, carried.Sends);
        var areKnown = carried.Quotas.Any(each => each.Quota is { Dimension: QuotaDimension.Requests, Model: null });
        foreach (var (quota, _, uses) in areKnown ? carried.Quotas : [.. carried.Quotas, sends])
        {
            foreach (var use in uses)
            {
                _uses.Past(PastOf(quota, use.Amount, carried.Source, use.At, now), use.At);
            }
        }

        foreach (var query in carried.Running)
        {
            _uses.Past(
                new PastUse(_clock.WallAt(now, now), query.Need.Model, 1, query.Need.InputTokens, query.Need.OutputTokens) { Source = carried.Source }, now);
        }

        var credit = _pacer.TokenAllowance < long.MaxValue ? _pacer.TokenAllowance + _heldTokens : 0;
        _home.Ledger.NoteUses(Id, _pacer.Limit, _pacer.Guard, _uses.Take(_pacer.TokensOut + credit));
    }

    /// <summary>Of two limits that count the same in two ways both are noted: more than it was, never less.</summary>
    private PastUse PastOf(Quota quota, long amount, Guid source, long at, long now) => new(
        _clock.WallAt(at, now), quota.Model,
        quota.Dimension == QuotaDimension.Requests ? amount : 0,
        quota.Dimension is QuotaDimension.Tokens or QuotaDimension.InputTokens ? amount : 0,
        quota.Dimension == QuotaDimension.OutputTokens ? amount : 0) { Source = source };

    /// <summary>Their queries leave the line: each enters that of the new group, and so does whoever comes here late.</summary>
    private void SendAway(MovingKeys keys, PacedGroup to, long now, List<Ticket> changed)
    {
        _gone ??= [];
        foreach (var id in keys.Ids)
        {
            _gone[id] = (to, now);
        }

        foreach (var ticket in _pacer.InOrder().Where(ticket => keys.Ids.Contains(((Turn)ticket).ApiKeyId)).ToArray())
        {
            ((Turn)ticket).IsMoved = true;
            _pacer.GiveBack(ticket);
            changed.Add(ticket);
        }
    }
}

/// <summary>Keys that go together from one rate group to another, because they have one secret and destination.</summary>
/// <param name="SourceHere">Names the secret and destination that they have had.</param>
/// <param name="SourceThere">And the one that they have now.</param>
/// <param name="RulesHere">What rules the group that they leave from then on; null: as before.</param>
/// <param name="RulesThere">What rules the one that they come into.</param>
internal sealed record MovingKeys(IReadOnlySet<Guid> Ids, Guid SourceHere, Guid SourceThere, GroupRules? RulesHere, GroupRules RulesThere)
{
    /// <summary>They have the secret that they had.</summary>
    public bool IsSameSecret => SourceHere == SourceThere;

    /// <summary>Other keys of <see cref="SourceHere"/> stay in the group that they leave.</summary>
    public bool SourceStays { get; init; }

    /// <summary>Only keys of <see cref="SourceThere"/> are in the one that they come into: what their hub taught binds all of it.</summary>
    public bool AreAlone { get; init; }
}
