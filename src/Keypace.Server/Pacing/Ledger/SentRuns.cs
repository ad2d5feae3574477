using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.Ledger;

/// <summary>So many sends, counted as sent at one tick.</summary>
internal readonly record struct SentRun(long At, int Count);

/// <summary>
/// Sends of one group that no line of the journal holds yet, oldest first. For large limits ticks are rounded up to a 4000th of the interval:
/// later than they were, never earlier.
/// </summary>
internal sealed class SentRuns
{
    private readonly List<SentRun> _runs = [];

    public int Count => _runs.Count;

    /// <param name="step">What the tick is rounded up to.</param>
    public void Add(long at, long step)
    {
        at = RoundUp(at, step);
        if (_runs.Count > 0 && _runs[^1].At >= at)
            _runs[^1] = new SentRun(_runs[^1].At, _runs[^1].Count + 1);
        else
            _runs.Add(new SentRun(at, 1));
    }

    public SentRun[] Take()
    {
        if (_runs.Count == 0)
            return [];

        SentRun[] taken = [.. _runs];
        _runs.Clear();
        return taken;
    }

    /// <summary>What a limit's stamps are rounded up to.</summary>
    public static long StepOf(int limitCount, long span) =>
        limitCount <= SendWindow.MostExact ? 1 : (span / SendWindow.Slots) + 1;

    private static long RoundUp(long tick, long step) => (tick > 0 ? (tick + step - 1) / step : tick / step) * step;
}
