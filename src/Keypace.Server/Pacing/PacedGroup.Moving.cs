using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.UnderLock;

namespace Keypace.Server.Pacing;

/// <summary>How keys come into another rate group: one leaves with what counts, the other takes it over, and nobody comes in between.</summary>
internal sealed partial class PacedGroup
{
    private Departures? _departures;

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
                    return false;

                var now = from._clock.Now;
                to._terms.Apply(keys.RulesThere, now);
                to.TakeOverUnderLock(from.CarryUnderLock(keys, now), keys, from, now);
                from.SendAwayUnderLock(keys, to, now, left);
                MoveLessonsUnderLock(from, to, keys, now);
                if (keys.RulesHere is { } rules)
                    from._terms.Apply(rules, now);

                from.AdvanceUnderLock(now, left);
                to.AdvanceUnderLock(now, came);
            }
        }

        WakeAll(left);
        WakeAll(came);
        return true;
    }

    /// <summary>What the hub taught of a secret goes where the secret goes. Of keys that get another secret it stays with the one that they had.</summary>
    private static void MoveLessonsUnderLock(PacedGroup from, PacedGroup to, MovingKeys keys, long now)
    {
        var lessons = keys.IsSameSecret ? from._learning.Carried(keys.SourceHere, now) : null;
        // A group without keys keeps them for the secret, should it come back.
        if (keys.IsSameSecret || (!keys.SourceStays && keys.RulesHere is not null))
            from._learning.Leave(keys.SourceHere, now);

        if (lessons is { IsEmpty: false })
            to._learning.Arrive(lessons.In(to.Id, keys.SourceThere, bindsSourceOnly: !keys.AreAlone), now);

        from._learning.KeepIfAny(now);
        to._learning.KeepIfAny(now);
    }

    private CarriedUse CarryUnderLock(MovingKeys keys, long now)
    {
        var carried = _pacer.Carry(keys.SourceHere, ticket => ticket is PacedTicket paced && keys.Ids.Contains(paced.ApiKeyId), keys.SourceStays, _home.NextNumber, now);
        return keys.IsSameSecret ? carried : carried with { PausedUntil = long.MinValue, PausedWhy = null };
    }

    private void TakeOverUnderLock(CarriedUse carried, MovingKeys keys, PacedGroup from, long now)
    {
        _departures?.ComeBack(keys.Ids);
        var running = from._pacer.Running.Where(ticket => ticket.Number != 0).ToDictionary(ticket => ticket.Number, ticket => (PacedTicket)ticket);
        var came = _pacer.TakeOver(carried, keys.SourceThere, query =>
        {
            var there = running[query.Number];
            var guest = new Guest(this) { ApiKeyId = there.ApiKeyId };
            there.Follow(guest);
            return guest;
        }, _home.NextNumber, _clock.Time.GetUtcNow(), now);
        _terms.TookOver();
        if (_credit.WriteDown(came, now))
            _home.Watch(this);
    }

    /// <summary>Their queries leave the line: each enters that of the new group, and so does whoever comes here late.</summary>
    private void SendAwayUnderLock(MovingKeys keys, PacedGroup to, long now, List<Ticket> changed)
    {
        (_departures ??= new Departures()).Leave(keys.Ids, to, now);
        foreach (var ticket in _pacer.InOrder().Where(ticket => keys.Ids.Contains(((Turn)ticket).ApiKeyId)).ToArray())
        {
            ((Turn)ticket).IsMoved = true;
            _pacer.GiveBack(ticket);
            changed.Add(ticket);
        }
    }
}
