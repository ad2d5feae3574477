namespace Keypace.Domain.Pacing;

/// <summary>What keeps the next query from going.</summary>
public enum BindingKind
{
    /// <summary>Nothing: a query would go now.</summary>
    None,

    /// <summary>The hub, or somebody, said to wait.</summary>
    Pause,

    /// <summary>N in T.</summary>
    RateLimit,

    /// <summary>The whole limit has room; this slice of it has not.</summary>
    Slice,

    /// <summary>Another limit: <see cref="Binding.Quota"/>.</summary>
    Quota,

    /// <summary>What is noted on the disk does not yet cover another send.</summary>
    Journal,
}

/// <param name="Until">Tick from which it no longer binds if nothing else happens; <see cref="long.MaxValue"/>: nobody knows.</param>
public readonly record struct Binding(BindingKind Kind, Quota? Quota, long Until);

/// <summary>A quota as it stands.</summary>
/// <param name="Used">What counts now, reserved estimates included; above the limit after queries that used more than was reserved.</param>
/// <param name="FreeAt">Tick at which something is free; <see cref="long.MaxValue"/>: nobody knows.</param>
public readonly record struct QuotaUse(Quota Quota, long Used, long FreeAt);

/// <summary>Which limit binds.</summary>
public sealed partial class Pacer
{
    /// <summary>What the first in line waits for; without a line, what would keep a small query back.</summary>
    /// <param name="ofModels">Limits of single models count, if nothing else is in the way.</param>
    public Binding BindingAt(long now, bool ofModels = false)
    {
        if (now < PausedUntil)
            return new(BindingKind.Pause, null, PausedUntil);

        if (!_window.IsFree(now))
            return new(_window.IsHeldBySlice(now) ? BindingKind.Slice : BindingKind.RateLimit, null, _window.NextFree(now));

        if (!IsPlain && BindingQuota(now, ofModels) is { } quota)
            return quota;

        return IsHeldBack(now) ? new(BindingKind.Journal, null, long.MaxValue) : default;
    }

    /// <summary>
    /// The tick at which the next of those that wait goes, or without a line a small query that no limit of one model or source counts; where only limits
    /// of models are in the way, the next that one of those lets go. <see cref="long.MaxValue"/>: nobody knows.
    /// </summary>
    public long NextStart(long now)
    {
        var next = Math.Max(_window.NextFree(now), PausedUntil);
        if (Waiting > 0)
            return _lines is null ? next : Waiting <= PlayedOut ? FirstStart(now) : Math.Max(next, WhenQuotasAllowAny(now));

        foreach (var meter in _meters ?? [])
            next = meter is { IsKept: false, Quota: { Model: null, Source: null } } ? Math.Max(next, meter.Earliest(1, now)) : next;

        return next <= now && FullOfModel(now) is { } full ? full.Earliest(1, now) : next;
    }

    /// <summary>Each quota as it stands.</summary>
    public IReadOnlyList<QuotaUse> QuotasAt(long now) => _meters is null
        ? []
        : [.. _meters.Where(meter => !meter.IsKept).Select(meter => new QuotaUse(meter.Quota, meter.Used(now), meter.Earliest(1, now)))];

    private Binding? BindingQuota(long now, bool ofModels)
    {
        if (_line?.Peek() is { } head)
        {
            return Blocking(head, now) is { } meter
                ? new(meter is PauseGate ? BindingKind.Pause : BindingKind.Quota, meter.BoundQuota, WhenAllowed(head, now))
                : null;
        }

        foreach (var meter in _meters ?? [])
        {
            if (meter.Quota is { Model: null, Source: null } && !meter.Allows(1, now))
                return new(BindingKind.Quota, meter.Quota, meter.Earliest(1, now));
        }

        return ofModels && FullOfModel(now) is { } full ? new(BindingKind.Quota, full.Quota, full.Earliest(1, now)) : null;
    }

    /// <summary>Of the limits of single models that are used up, the one that has room first; null: each has room.</summary>
    private QuotaMeter? FullOfModel(long now)
    {
        QuotaMeter? first = null;
        foreach (var meter in _meters ?? [])
        {
            if (meter is { IsKept: false, Quota: { Model: not null, Source: null } } && !meter.Allows(1, now)
                && (first is null || meter.Earliest(1, now) < first.Earliest(1, now)))
            {
                first = meter;
            }
        }

        return first;
    }

    private long WhenAllowed(Ticket ticket, long now)
    {
        var when = GateOn(ticket.Need) is { } gate ? gate.Earliest(0, now) : now;
        foreach (ref var claim in ticket.Claims.AsSpan())
            when = Math.Max(when, claim.Meter.Earliest(ClampedAmount(claim), now));

        return when;
    }

    private bool AreQuotasIdle(long now)
    {
        foreach (var meter in _meters ?? [])
        {
            if (meter.Used(now) > 0)
                return false;
        }

        return true;
    }
}
