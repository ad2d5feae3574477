namespace Keypace.Domain.Pacing;

/// <summary>How lines are closed and opened again.</summary>
internal sealed partial class LimitLines
{
    /// <summary>The lines that it closed are open, but for those that it still has reason to hold.</summary>
    private void Reopen(Blockade blockade)
    {
        foreach (var (_, line) in _byName)
        {
            if (ReferenceEquals(line.ClosedBy, blockade))
            {
                Open.Add(line.Number);
                line.ClosedBy = null;
            }
        }

        foreach (var closing in blockade.Closings)
        {
            Close(closing.Line, blockade);
            closing.Kept?.ForEach(line => Close(line, blockade));
        }

        if (blockade.HoldsAll)
            CloseAll(blockade);
    }

    private void CloseAll(Blockade blockade)
    {
        foreach (var (_, line) in _byName)
        {
            if (line.ClosedBy is null && line.DrawsOn(blockade.Meter))
                Close(line, blockade);
        }
    }

    private void Close(LimitLine line, Blockade blockade)
    {
        Open.Remove(line.Number);
        line.ClosedBy = blockade;
    }

    private void Queue(QuotaClaim[]? claims, int change)
    {
        foreach (ref var claim in isForeseen ? default : claims.AsSpan())
        {
            claim.Meter.Queued += change * claim.Amount;
            claim.Meter.Queuing += change;
        }
    }

    private void FindNext()
    {
        _nextOpen = long.MaxValue;
        foreach (var blockade in _blockades)
            _nextOpen = Math.Min(_nextOpen, blockade.Until);
    }

    private bool Allows(QuotaMeter meter, long amount, long now) => isForeseen ? meter.AllowsForeseen(amount, now) : meter.Allows(amount, now);

    private long Earliest(QuotaMeter meter, long amount, long now) => isForeseen ? meter.EarliestForeseen(amount, now) : meter.Earliest(amount, now);

    /// <summary>True when a line may open.</summary>
    private bool OpenDue(Blockade blockade, long now)
    {
        if (blockade.HoldsAll && Allows(blockade.Meter, blockade.Least, now))
        {
            blockade.HoldsAll = false;
            return true;
        }

        var opened = blockade.Closings.RemoveAll(closing => Allows(blockade.Meter, closing.Amount, now));
        blockade.Least = blockade.HoldsAll ? blockade.Least : long.MaxValue;
        foreach (var closing in blockade.Closings)
            blockade.Least = Math.Min(blockade.Least, closing.Amount);

        blockade.Until = blockade.HoldsAll || blockade.Closings.Count > 0 ? Earliest(blockade.Meter, blockade.Least, now) : long.MaxValue;
        return opened > 0;
    }
}
