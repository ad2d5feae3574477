namespace Keypace.Domain.Pacing;

/// <summary>Which lines may be open when.</summary>
internal sealed partial class LimitLines
{
    /// <summary>Lines that are open, or may be by <paramref name="at"/>.</summary>
    public LineSet OpenBy(long at)
    {
        var open = new LineSet();
        foreach (var (_, line) in _byName)
        {
            if (line.ClosedUntil <= at)
                open.Add(line.Number);
        }

        return open;
    }

    /// <summary>How many wait in lines that are open, or may be by <paramref name="at"/>.</summary>
    public int WaitingBy(long at)
    {
        var waiting = 0;
        foreach (var (_, line) in _byName)
            waiting += line.ClosedUntil <= at ? line.Count : 0;

        return waiting;
    }

    /// <summary>The first tick after <paramref name="at"/> at which a line may open.</summary>
    public long NextOpenAfter(long at)
    {
        var next = long.MaxValue;
        foreach (var (_, line) in _byName)
            next = line.ClosedUntil > at ? Math.Min(next, line.ClosedUntil) : next;

        return next;
    }
}
