namespace Keypace.Server.Gateway.Wire;

/// <summary>
/// How far the delays on the way to one hub spread, from what the network itself says: times of connecting, and the kernel's round-trip
/// figures. Never from the times of answers, which are the hub's own. Ten slots of a minute; the last ten minutes count. Not thread-safe.
/// </summary>
internal sealed class GuardMeter
{
    private const int Slots = 10;

    /// <summary>Seconds a slot.</summary>
    public const int SlotSeconds = 60;

    /// <summary>TCP itself takes four deviations above the mean for the longest that a round trip takes (RFC 6298).</summary>
    private const int Deviations = 4;

    private readonly Slot[] _slots = new Slot[Slots];
    private long _newest = long.MinValue;

    private struct Slot
    {
        public double LeastMs;
        public double MostMs;
        public double Slowest;         // connect times: a single one may be a lost packet, so the second slowest counts
        public double SecondSlowest;
        public bool HasAny;
    }

    /// <param name="atSeconds">Of a monotonic clock.</param>
    public void Connected(double tookMs, long atSeconds)
    {
        ref var slot = ref At(atSeconds);
        slot.LeastMs = Math.Min(slot.LeastMs, tookMs);
        slot.SecondSlowest = Math.Max(slot.SecondSlowest, Math.Min(slot.Slowest, tookMs));
        slot.Slowest = Math.Max(slot.Slowest, tookMs);
    }

    /// <param name="meanMs">The kernel's smoothed round trip.</param>
    /// <param name="deviationMs">And its mean deviation.</param>
    /// <param name="leastMs">The shortest round trip that it saw.</param>
    public void RoundTrip(double meanMs, double deviationMs, double leastMs, long atSeconds)
    {
        ref var slot = ref At(atSeconds);
        slot.LeastMs = Math.Min(slot.LeastMs, Math.Min(leastMs, meanMs));
        slot.MostMs = Math.Max(slot.MostMs, meanMs + (Deviations * deviationMs));
    }

    /// <summary>Milliseconds between the shortest and the longest delay; zero while nothing was measured. A round trip's spread is never less than one way's.</summary>
    public double SpreadMs(long atSeconds)
    {
        MoveTo(atSeconds / SlotSeconds);
        var (least, most) = (double.MaxValue, 0.0);
        foreach (var slot in _slots)
        {
            if (!slot.HasAny)
                continue;
            least = Math.Min(least, slot.LeastMs);
            most = Math.Max(most, Math.Max(slot.MostMs, slot.SecondSlowest));
        }

        return least == double.MaxValue ? 0 : Math.Max(0, most - least);
    }

    private ref Slot At(long seconds)
    {
        MoveTo(seconds / SlotSeconds);
        ref var slot = ref _slots[_newest % Slots];
        slot.HasAny = true;
        return ref slot;
    }

    private void MoveTo(long number)
    {
        if (number <= _newest)
            return;
        var steps = _newest == long.MinValue ? Slots : Math.Min(Slots, number - _newest);
        for (var step = 0; step < steps; step++)
            _slots[(int)((((number - step) % Slots) + Slots) % Slots)] = new Slot { LeastMs = double.MaxValue };
        _newest = number;
    }
}
